// A report's card: everything known of it, and what happened since.
import type { Change, City, ReportFeature, Service } from "./api";
import { answered, photos } from "./details";
import { byId, make } from "./dom";
import { ago, say, sayValue, time, type Word } from "./words";

export interface CardActions {
  service(code: string): Service | undefined;
  close(): void;
  follow(id: string): void;
}

/** The cross in the corner of a card. */
export function closeButton(close: () => void): HTMLElement {
  const button = make("button", { type: "button", class: "close", "aria-label": say("card.close") }, "×");
  button.addEventListener("click", close);
  return button;
}

function status(report: ReportFeature["properties"]): string {
  const word = sayValue("one", report.status);
  return report.closed_reason ? `${word} · ${sayValue("reason", report.closed_reason)}` : word;
}

function facts(feature: ReportFeature, city: City, actions: CardActions): HTMLElement {
  const report = feature.properties;
  const list = make("dl");
  const fact = (word: Word, value: Node | string | undefined | null): void => {
    if (value) list.append(make("dt", {}, say(word)), make("dd", {}, value));
  };
  fact("card.number", make("code", {}, report.service_request_id));
  const place = [report.address, report.area].filter((part, i, all) =>
    part && !(i === 1 && all[0]?.includes(part))).join(", ");
  fact("card.address", place || (feature.geometry ? null : say("card.nowhere")));
  fact("card.requested", `${time(report.requested_datetime, city.time_zone)} (${ago(report.requested_datetime)})`);
  if (report.closed_datetime) fact("card.closed", time(report.closed_datetime, city.time_zone));
  fact("card.channel", sayValue("channel", report.channel));
  fact("card.nature", sayValue("nature", report.nature));
  for (const [question, answer] of answered(report, actions.service(report.service_code), city.time_zone)) {
    list.append(make("dt", {}, question), make("dd", {}, answer));
  }
  fact("card.source", report.source_status);
  fact("card.assignee", report.assignee);
  const parent = report.parent_service_request_id;
  if (parent) {
    const link = make("button", { type: "button", class: "link" }, parent);
    link.addEventListener("click", () => actions.follow(parent));
    fact("card.parent", link);
  }
  return list;
}

export function steps(changes: Change[], city: City): HTMLElement {
  const entries = changes.map((change) => {
    const fields = (change.fields ?? []).map((f) => {
      const name = sayValue("field", f.field);
      const value = (v: string | null): string =>
        v === null ? "–" : f.field === "status" ? sayValue("one", v) : f.field === "closed_reason" ? sayValue("reason", v) : v;
      return `${name} : ${value(f.before)} → ${value(f.after)}`;
    });
    const what = change.event === "created" ? say("card.created") : fields.join(" ; ");
    return make("li", {}, make("span", { class: "when" }, time(change.at, city.time_zone)), what);
  });
  return make("section", {}, make("h3", {}, say("card.history")), make("ol", { class: "steps" }, ...entries));
}

export function drawCard(feature: ReportFeature, changes: Change[], city: City, actions: CardActions): void {
  const report = feature.properties;
  const close = closeButton(actions.close);
  const card = byId("card");
  card.replaceChildren(
    close,
    make("p", { class: "badge" }, make("span", { class: `dot ${report.status}`, "aria-hidden": "true" }), status(report)),
    make("h2", {}, report.service_name),
    ...(report.description ? [make("blockquote", {}, report.description)] : []),
    ...photos(report),
    facts(feature, city, actions),
    ...(report.accuracy === "approximate" ? [make("p", { class: "warn" }, say("card.approximate"))] : []),
    steps(changes, city),
  );
  card.setAttribute("aria-label", report.service_name);
  card.hidden = false;
  card.focus({ preventScroll: false });
}

export function drawMissing(actions: CardActions): void {
  const close = closeButton(actions.close);
  const card = byId("card");
  card.replaceChildren(close, make("p", {}, say("card.missing")));
  card.hidden = false;
}

export function hideCard(): void {
  byId("card").hidden = true;
  byId("card").replaceChildren();
}
