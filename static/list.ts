// The same data as text: what the map shows is also a list, for keyboards and screen readers.
import type { Page, ReportFeature } from "./api";
import { byId, make } from "./dom";
import { ago, say, sayValue } from "./words";

export interface ListActions {
  open(report: ReportFeature): void;
  more(next: string): void;
  back(): void;
}

function row(feature: ReportFeature, open: (report: ReportFeature) => void): HTMLElement {
  const report = feature.properties;
  const where = report.address ?? report.area ?? say(feature.geometry ? "card.onmap" : "card.nowhere");
  const button = make("button", { type: "button", class: "row", "data-id": report.service_request_id },
    make("span", { class: `dot ${report.status}`, "aria-hidden": "true" }),
    make("span", { class: "what" },
      make("strong", {}, report.service_name),
      make("span", { class: "where" }, where)),
    make("span", { class: "when" },
      make("span", {}, ago(report.requested_datetime)),
      make("span", { class: "state" }, sayValue("one", report.status))));
  button.addEventListener("click", () => open(feature));
  return make("li", {}, button);
}

export function drawList(page: Page<ReportFeature>, inCluster: boolean, actions: ListActions): void {
  const title = byId("list-title");
  title.replaceChildren(say(inCluster ? "list.cluster" : "list.view"));
  if (inCluster) {
    const back = make("button", { type: "button", class: "quiet" }, say("list.back"));
    back.addEventListener("click", actions.back);
    title.append(back);
  }
  const rows = page.features.map((feature) => row(feature, actions.open));
  byId("reports").replaceChildren(
    ...(rows.length ? rows : [make("li", { class: "none" }, say("list.none"))]),
  );
  drawMore(page.next, actions);
}

export function appendList(page: Page<ReportFeature>, actions: ListActions): void {
  const first = page.features.map((feature) => row(feature, actions.open));
  byId("reports").append(...first);
  first[0]?.querySelector("button")?.focus();
  drawMore(page.next, actions);
}

function drawMore(next: string | undefined, actions: ListActions): void {
  const more = byId<HTMLButtonElement>("more");
  more.textContent = say("more");
  more.hidden = !next;
  more.onclick = () => next && actions.more(next);
}
