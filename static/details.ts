// What a report holds beside the facts that all have: answers to its service's questions, and photos.
import type { Report, Service } from "./api";
import { make } from "./dom";
import { say, time } from "./words";

/** Each answered question with its answer, in words where the service still asks it. */
export function answered(report: Report, service: Service | undefined, zone: string): [string, string][] {
  return Object.entries(report.attributes ?? {}).map(([code, given]) => {
    const question = service?.attributes?.find((one) => one.code === code);
    const name = (value: string): string => question?.datatype === "datetime" ? time(value, zone)
      : question?.values.find((one) => one.key === value)?.name ?? value;
    return [question?.description ?? code, [given].flat().map(name).join(", ")];
  });
}

/** Photos kept here, small, each a link to itself; a link alone to those kept elsewhere. */
export function photos(report: Report): HTMLElement[] {
  const urls = report.media_url ?? [];
  if (urls.length === 0) return [];
  return [make("ul", { class: "photos" }, ...urls.map((url, n) => {
    const words = say("card.photo", { n: n + 1 });
    const here = url.startsWith("/media/");
    const shown = here ? make("img", { src: url.replace(/\.jpg$/, "-320.jpg"), alt: words, loading: "lazy" }) : words;
    return make("li", {}, make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, shown));
  }))];
}
