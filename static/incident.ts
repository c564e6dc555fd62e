// What belongs together, for crews: the reports of an incident, those that may belong to it, and the
// buttons that bring them together, part them and take that back.
import * as api from "./api";
import { byId, make } from "./dom";
import { ago, say, sayValue, time } from "./words";

export interface IncidentActions {
  open(id: string): void;
  /** Who belongs to whom has changed. */
  changed(id: string): void;
}

/** Who works here, kept until the browser is closed: the key is a secret, the name goes with changes. */
const crew = {
  get key(): string { return sessionStorage.getItem("crew-key") ?? ""; },
  get name(): string { return sessionStorage.getItem("crew-name") ?? ""; },
};

function field(word: "crew.name" | "crew.key", store: string, type: string): HTMLElement {
  const input = make("input", { type, autocomplete: "off", maxlength: "80" });
  input.value = sessionStorage.getItem(store) ?? "";
  input.addEventListener("input", () => sessionStorage.setItem(store, input.value.trim()));
  return make("label", {}, make("span", {}, say(word)), input);
}

function link(id: string, text: string, actions: IncidentActions): HTMLElement {
  const button = make("button", { type: "button", class: "link" }, text);
  button.addEventListener("click", () => actions.open(id));
  return button;
}

/** Draws the incident of a report at the end of its card. */
export async function drawIncident(feature: api.ReportFeature, city: api.City, actions: IncidentActions): Promise<void> {
  const { service_request_id: id, service_code } = feature.properties;
  const at = feature.geometry?.coordinates;
  const near: api.Params = {
    jurisdiction_id: city.jurisdiction_id, exclude: id, limit: "5", service: service_code,
    lon: String(at?.[0]), lat: String(at?.[1]),
  };
  const none = { features: [] as api.DuplicateFeature[] };
  const [incident, found] = await Promise.all([
    api.incident(id, city.jurisdiction_id),
    at && feature.properties.accuracy !== "approximate"
      ? api.duplicates(near, new AbortController().signal).catch(() => none) : none,
  ]);
  const members = new Set(incident.features.map((one) => one.id));
  const others = found.features.filter((one) => one.properties.decision !== "new" && !members.has(one.id));
  const card = byId("card");
  card.querySelector(".incident")?.remove();
  if (card.hidden || (members.size < 2 && others.length === 0)) return;
  const trouble = make("p", { class: "warn", role: "alert", hidden: true });
  const identity = make("details", {}, make("summary", {}, say("crew")),
    field("crew.name", "crew-name", "text"), field("crew.key", "crew-key", "password"));
  const change = async (what: "merge" | "split" | "undo", of: string, body: object): Promise<void> => {
    try {
      await api.regroup(of, what, { ...body, author: crew.name || "crew" }, city.jurisdiction_id, crew.key);
      actions.changed(id);
    } catch (error) {
      trouble.hidden = false;
      trouble.textContent = error instanceof api.Refused ? error.message : say("notice.offline");
      if (error instanceof api.Refused && error.status === 403) identity.open = true;
    }
  };
  const act = (word: "incident.merge" | "incident.split" | "incident.undo", label: string, run: () => Promise<void>): HTMLElement => {
    const button = make("button", { type: "button", class: "small", "aria-label": `${say(word)} : ${label}` }, say(word));
    button.addEventListener("click", () => void run());
    return button;
  };
  const section = make("section", { class: "incident" });
  if (members.size > 1) {
    section.append(make("h3", {}, say("incident.members", { n: incident.reports })),
      make("ul", {}, ...incident.features.map((one) => make("li", {},
        make("span", {}, link(one.id, one.id, actions),
          ` ${ago(one.properties.requested_datetime)} · ${sayValue("one", one.properties.status)}`),
        one.id === incident.incident_id ? make("em", {}, say("incident.original"))
          : act("incident.split", one.id, () => change("split", incident.incident_id, { reports: [one.id] }))))));
  }
  if (others.length > 0) {
    section.append(make("h3", {}, say("incident.others")),
      make("ul", {}, ...others.map((one) => make("li", {},
        make("span", {}, link(one.id, one.id, actions), ` ${one.properties.sentence} `,
          say("report.sure", { n: Math.round(one.properties.probability * 100) })),
        act("incident.merge", one.id, () => {
          // The older one is the original.
          const older = one.properties.requested_datetime < feature.properties.requested_datetime;
          return older ? change("merge", one.id, { reports: [incident.incident_id] })
            : change("merge", incident.incident_id, { reports: [one.id] });
        })))));
  }
  const last = incident.changes.filter((made) => made.undone_by === null).at(-1);
  if (last) {
    const told = `${sayValue("regroup", last.kind)} · ${last.author} · ${time(last.at, city.time_zone)}`;
    section.append(make("p", { class: "last" }, told, " ",
      act("incident.undo", told, () => change("undo", id, { change_id: last.change_id }))));
  }
  // A form, so that a browser takes the key for what it is.
  const form = make("form", {}, identity);
  form.addEventListener("submit", (event) => event.preventDefault());
  section.append(trouble, form);
  card.append(section);
}
