// The incident at the end of a report's card, for crews: its reports, likely duplicates, and the buttons
// that merge, split and undo.
import * as api from "./api";
import { askToLogIn, crew, nameField } from "./crew";
import { button, byId, h } from "./dom";
import { formatDateTime, formatPercent, formatTimeAgo, t, tValue } from "./i18n";

export interface IncidentActions {
  openReport(id: string): void;
  /** Called when reports were merged or split, with the report on the card. */
  onChange(id: string): void;
}

/** Likely duplicates at the report's place; none if its place is unknown or approximate. */
async function findDuplicates(feature: api.ReportFeature, city: api.City): Promise<api.DuplicateFeature[]> {
  const { service_request_id: id, service_code, accuracy } = feature.properties;
  const coordinates = feature.geometry?.coordinates;
  if (!coordinates || accuracy === "approximate") return [];
  const params: api.QueryParams = {
    jurisdiction_id: city.jurisdiction_id, exclude: id, limit: "5", service: service_code,
    lon: String(coordinates[0]), lat: String(coordinates[1]),
  };
  const page = await api.duplicates(params).catch(() => null);
  return page?.features.filter((one) => one.properties.decision !== "new") ?? [];
}

/** Draws the incident of a report at the end of its card, if it has other reports or candidates. */
export async function drawIncident(feature: api.ReportFeature, city: api.City, actions: IncidentActions): Promise<void> {
  const { service_request_id: id } = feature.properties;
  const [incident, duplicates] = await Promise.all([
    api.incident(id, city.jurisdiction_id), findDuplicates(feature, city),
  ]);
  const members = new Set(incident.features.map((member) => member.id));
  const candidates = duplicates.filter((candidate) => !members.has(candidate.id));
  const card = byId("card");
  card.querySelector(".incident")?.remove();
  if (card.hidden || (members.size < 2 && candidates.length === 0)) return;

  const error = h("p", { class: "warning", role: "alert", hidden: true });
  const identity = h("details", {}, h("summary", {}, t("crew")), nameField());
  type Change = { reports: string[] } | { change_id: number };
  const change = async (action: "merge" | "split" | "undo", report: string, body: Change): Promise<void> => {
    try {
      const author = crew.name || "crew";
      await api.changeIncident(report, action, { ...body, author }, city.jurisdiction_id);
      actions.onChange(id);
    } catch (cause) {
      error.hidden = false;
      error.textContent = cause instanceof api.ApiError ? cause.message : t("notice.offline");
      if (cause instanceof api.ApiError && cause.status === 401) void askToLogIn(() => location.reload());
    }
  };
  const actionButton = (
    action: "merge" | "split" | "undo", target: string, onClick: () => Promise<void>,
  ): HTMLElement => {
    const label = t(`incident.${action}`);
    const ariaLabel = t("label.value", { label, value: target });
    return button({ class: "small", "aria-label": ariaLabel }, [label], () => void onClick());
  };
  const reportLink = (report: string): HTMLElement =>
    button({ class: "link" }, [report], () => actions.openReport(report));

  const section = h("section", { class: "incident" });
  if (members.size > 1) {
    const items = incident.features.map(({ id: member, properties }) => h("li", {},
      h("span", {}, reportLink(member),
        ` ${formatTimeAgo(properties.requested_datetime)} · ${tValue("status", properties.status)}`),
      member === incident.incident_id ? h("em", {}, t("incident.original"))
        : actionButton("split", member, () => change("split", incident.incident_id, { reports: [member] }))));
    section.append(h("h3", {}, t("incident.members", { count: incident.reports })), h("ul", {}, ...items));
  }
  if (candidates.length > 0) {
    const items = candidates.map(({ id: candidate, properties }) => h("li", {},
      h("span", {}, reportLink(candidate), ` ${properties.sentence} `,
        t("report.probability", { percent: formatPercent(properties.probability) })),
      actionButton("merge", candidate, () => {
        // The older report is the original of the merged incident.
        const isOlder = properties.requested_datetime < feature.properties.requested_datetime;
        return isOlder ? change("merge", candidate, { reports: [incident.incident_id] })
          : change("merge", incident.incident_id, { reports: [candidate] });
      })));
    section.append(h("h3", {}, t("incident.candidates")), h("ul", {}, ...items));
  }
  const last = incident.changes.filter((one) => one.undone_by === null).at(-1);
  if (last) {
    const text = [tValue("regroup", last.kind), last.author, formatDateTime(last.at, city.time_zone)].join(" · ");
    section.append(h("p", { class: "last-change" }, text, " ",
      actionButton("undo", text, () => change("undo", id, { change_id: last.change_id }))));
  }
  section.append(error, identity);
  card.append(section);
}
