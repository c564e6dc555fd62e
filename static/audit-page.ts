// The audit page (`/journal`): who changed what, and who read private data. For supervisors.
import * as api from "./api";
import { type CityContext, drawLanguageButton, loadCityContext, pageUrl, trackingUrl } from "./citizen-page";
import { setCssColors } from "./colors";
import { askToLogIn, crew, drawCrewButton } from "./crew";
import { byId, h } from "./dom";
import { formatExactTime, language, type MessageKey, t, tValue } from "./i18n";

let context: CityContext;
/** The lines that are shown, newest first. */
let lines: api.AuditLine[] = [];
/** The search that they answer. */
let shown: api.QueryParams = {};
/** The address of the lines after them. */
let next: string | undefined;

/** The search fields: name of the parameter, label, type of the input. */
const FIELDS: readonly (readonly [string, MessageKey, "text" | "date"])[] = [
  ["actor", "audit.actor", "text"],
  ["operation", "audit.operation", "text"],
  ["report", "audit.report", "text"],
  ["from", "audit.from", "date"],
  ["to", "audit.to", "date"],
];

/** What is in the search fields, and in the address of the page. */
let search: api.QueryParams = {};

function showProblem(text: string): void {
  byId("problem").textContent = text;
  byId("problem").hidden = !text;
}

/** Tests wait for this counter. */
function countDrawing(): void {
  document.body.dataset.ready = String(Number(document.body.dataset.ready ?? 0) + 1);
}

// --- Search ----------------------------------------------------------------------------------------

function searchField(name: string, label: MessageKey, type: string): HTMLElement {
  const id = `search-${name}`;
  const input = h("input", { id, type, autocomplete: "off", spellcheck: "false" });
  input.value = search[name] ?? "";
  input.addEventListener("input", () => { search[name] = input.value.trim(); });
  return h("div", { class: "field" }, h("label", { for: id }, t(label)), input);
}

function cityField(): HTMLElement {
  const select = h("select", { id: "search-city" }, ...context.cities.map(({ jurisdiction_id, name }) =>
    h("option", { value: jurisdiction_id, selected: jurisdiction_id === context.city.jurisdiction_id }, name)));
  select.addEventListener("change", () => {
    context.city = context.cities.find((city) => city.jurisdiction_id === select.value) ?? context.city;
  });
  return h("div", { class: "field" }, h("label", { for: select.id }, t("audit.city")), select);
}

function drawForm(): void {
  document.title = `${t("audit.title")} · pointchaud`;
  byId("title").textContent = t("audit.title");
  byId("search").replaceChildren(
    h("div", { class: "pair" },
      ...(context.cities.length > 1 ? [cityField()] : []),
      ...FIELDS.map(([name, label, type]) => searchField(name, label, type))),
    h("button", { type: "submit", class: "primary", id: "submit" }, t("audit.submit")));
  byId("more").textContent = t("audit.more");
  byId("file").textContent = t("audit.file");
  drawLanguageButton(() => {
    writeUrl();
    drawForm();
    drawLines();
    void drawCrewButton(logged);
  });
}

/** After somebody logged in or out. */
function logged(): void {
  void drawCrewButton(logged);
  void submit();
}

/** The address names the search, so that it can be kept and sent. */
function writeUrl(): void {
  const url = new URL(pageUrl("/journal", context.city, context.config), location.href);
  for (const [name, value] of Object.entries(search)) if (value) url.searchParams.set(name, value);
  history.replaceState(null, "", url);
}

// --- Lines -----------------------------------------------------------------------------------------

function changeItem({ field, before, after, service_request_id: report }: api.AuditLine["fields"][number]): HTMLElement {
  const name = tValue("field", field);
  const label = report ? t("audit.of_report", { field: name, report }) : name;
  const value = (text: string | null | undefined): Node | string => (text == null ? "–" : h("bdi", {}, text));
  if (before == null && after == null) return h("li", {}, label);
  return h("li", {}, t("audit.field", { field: label }), " ", value(before), " → ", value(after));
}

function subjectCell(line: api.AuditLine): HTMLElement {
  const { subject, subject_id: id, revisions } = line;
  const { city, config } = context;
  const isReport = subject === "report" || subject === "incident";
  const name = id && isReport ? h("a", { href: trackingUrl(id, city, config) }, id) : id ?? "";
  const count = !id && revisions ? t("audit.reports", { count: revisions }) : "";
  return h("td", {}, tValue("audit.subject", subject), " ", name, count);
}

function lineRow(line: api.AuditLine): HTMLElement {
  const who = [line.role && tValue("audit.role", line.role), line.address].filter(Boolean).join(" · ");
  return h("tr", {},
    h("th", { scope: "row" }, h("time", { datetime: line.at }, formatExactTime(line.at, context.city.time_zone))),
    h("td", {}, h("bdi", {}, tValue("audit.actor", line.actor)), ...(who ? [h("br"), h("small", {}, who)] : [])),
    h("td", {}, tValue("audit.operation", line.operation)),
    subjectCell(line),
    h("td", {}, ...(line.fields.length > 0 ? [h("ul", {}, ...line.fields.map(changeItem))] : [])));
}

const COLUMNS: MessageKey[] = ["audit.at", "audit.who", "audit.what", "audit.about", "audit.changes"];

function drawLines(): void {
  const region = byId("lines");
  region.hidden = lines.length === 0;
  region.setAttribute("aria-label", t("audit.title"));
  byId("more").hidden = next === undefined;
  byId("file").hidden = lines.length === 0;
  region.replaceChildren(h("table", {},
    h("thead", {}, h("tr", {}, ...COLUMNS.map((column) => h("th", { scope: "col" }, t(column))))),
    h("tbody", {}, ...lines.map(lineRow))));
}

function drawFound(): void {
  byId("found").textContent = t(next === undefined ? "audit.found" : "audit.found_more", { count: lines.length });
}

async function ask(act: () => Promise<api.AuditPage>, isNew: boolean): Promise<void> {
  byId("lines").setAttribute("aria-busy", "true");
  try {
    const page = await act();
    lines = isNew ? page.lines : [...lines, ...page.lines];
    next = page.next ?? undefined;
    showProblem("");
    drawLines();
    drawFound();
  } catch (error) {
    const isRefusal = error instanceof api.ApiError && error.status < 500;
    showProblem(isRefusal ? error.message : t("notice.offline"));
  } finally {
    byId("lines").removeAttribute("aria-busy");
    countDrawing();
  }
}

function submit(): Promise<void> {
  shown = { ...search, jurisdiction_id: context.city.jurisdiction_id };
  writeUrl();
  return ask(() => api.audit(shown), true);
}

/** The next lines; the focus goes to the first of them. */
async function more(): Promise<void> {
  const link = next;
  if (link === undefined) return;
  const first = lines.length;
  await ask(() => api.nextAuditPage(link), false);
  const row = byId("lines").querySelectorAll<HTMLElement>("tbody th")[first];
  row?.setAttribute("tabindex", "-1");
  row?.focus();
}

/** Saves all lines of the search as a file. */
async function save(): Promise<void> {
  try {
    const url = URL.createObjectURL(await api.auditFile(shown));
    h("a", { href: url, download: `${context.city.jurisdiction_id}-audit.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
    showProblem("");
  } catch (error) {
    showProblem(error instanceof api.ApiError ? error.message : t("notice.offline"));
  }
  countDrawing();
}

// --- Page ------------------------------------------------------------------------------------------

async function start(): Promise<void> {
  setCssColors();
  context = await loadCityContext(showProblem);
  const query = new URLSearchParams(location.search);
  search = Object.fromEntries(FIELDS.map(([name]) => [name, query.get(name) ?? ""]));
  drawForm();
  document.documentElement.lang = language();
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  byId("more").addEventListener("click", () => void more());
  byId("file").addEventListener("click", () => void save());
  await drawCrewButton(logged);
  if (crew.mayLogIn) await askToLogIn(logged);
  else await submit();
}

void start().catch(() => showProblem(t("notice.offline")));
