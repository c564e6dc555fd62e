// The import page (`/importer`): a file is sent, its recognition is checked and corrected, and it is
// imported. The fragment of the URL holds the key of the import, so that the page can be loaded again.
import * as api from "./api";
import { drawLanguageButton } from "./citizen-page";
import { setCssColors } from "./colors";
import { drawCrewButton } from "./crew";
import { byId, h } from "./dom";
import { language, preferredLanguage, setLanguage, t } from "./i18n";
import { drawColumns } from "./import-columns";
import { drawRows } from "./import-rows";
import { followImport } from "./import-run";
import { drawUpload, messageOf } from "./import-upload";

const STEPS = ["file", "check", "import"] as const;
type Step = (typeof STEPS)[number];

let config: api.Config;
/** The file that is being checked. */
let file: api.Import | null = null;
let step: Step = "file";
/** The last change that was asked for: changes are sent one after the other. */
let changing: Promise<void> = Promise.resolve();

function showProblem(text: string): void {
  byId("problem").textContent = text;
  byId("problem").hidden = !text;
}

function showStep(next: Step): void {
  step = next;
  for (const one of STEPS) byId(`step-${one}`).hidden = one !== next;
  byId("steps").replaceChildren(...STEPS.map((one, index) =>
    h("li", { "aria-current": one === next ? "step" : undefined },
      h("span", { class: "number", "aria-hidden": "true" }, String(index + 1)), t(`import.step.${one}`))));
}

// --- Checking --------------------------------------------------------------------------------------

type TextChoice = "jurisdiction" | "time_zone" | "category" | "projection" | "delimiter" | "encoding" | "sheet";

/** A labelled input of one choice, which is sent when it has changed. */
function choiceField(name: TextChoice, value: string, attributes: Record<string, string | boolean> = {}): HTMLElement {
  const id = `choice-${name}`;
  const input = h("input", { id, type: "text", autocomplete: "off", spellcheck: "false", ...attributes });
  input.value = value;
  input.addEventListener("change", () => change({ [name]: input.value.trim() }));
  return h("div", { class: "field" }, h("label", { for: id }, t(`import.choice.${name}`)), input,
    h("p", { class: "hint", id: `${id}-hint` }, t(`import.choice.${name}.hint`)));
}

function drawCity({ choices, jurisdiction, needs, time_zone }: api.Import): void {
  const missing = (name: string): Record<string, string> => ({
    "aria-describedby": `choice-${name}-hint`,
    ...(needs.includes(name) ? { "aria-invalid": "true" } : {}),
  });
  const zones = h("datalist", { id: "zones" },
    ...Intl.supportedValuesOf("timeZone").map((zone) => h("option", { value: zone })));
  byId("city-fields").replaceChildren(
    choiceField("jurisdiction", choices.jurisdiction ?? jurisdiction ?? "", { ...missing("jurisdiction"), maxlength: "80" }),
    choiceField("time_zone", choices.time_zone ?? time_zone ?? "", { ...missing("time_zone"), list: "zones" }),
    zones,
  );
}

function drawSettings({ choices, columns, doubts }: api.Import): void {
  const select = <Value extends string>(
    name: "date_order" | "negate" | "ids", options: readonly (readonly [Value, string])[], set: (value: Value) => api.ImportChange,
  ): HTMLElement => {
    const list = h("select", { id: `choice-${name}` }, ...options.map(([value, label]) =>
      h("option", { value, selected: (choices[name] ?? "") === value }, label)));
    list.addEventListener("change", () => change(set(list.value as Value)));
    return h("div", { class: "field" }, h("label", { for: list.id }, t(`import.choice.${name}`)), list);
  };
  const orders = (["", "dmy", "mdy", "ymd"] as const).map((value) => [value, t(`import.date_order.${value || "auto"}`)] as const);
  const signs = (["", "lon", "lat", "lon,lat", "none"] as const)
    .map((value) => [value, t(`import.negate.${value || "auto"}`)] as const);
  const ids = (["", "keep", "contents"] as const).map((value) => [value, t(`import.ids.${value || "auto"}`)] as const);
  const settings = byId<HTMLDetailsElement>("settings");
  // Doubts that are about no column are decided here.
  const isOfColumn = (doubt: string): boolean => columns.some(({ name }) => doubt.includes(name));
  if (doubts.some((doubt) => !isOfColumn(doubt))) settings.open = true;
  const text = (name: TextChoice & keyof typeof choices): HTMLElement => choiceField(name, choices[name] ?? "");
  settings.replaceChildren(h("summary", {}, t("import.settings")), h("div", { class: "pair" },
    select("date_order", orders, (date_order) => ({ date_order })),
    select("negate", signs, (negate) => ({ negate })),
    select("ids", ids, (chosen) => ({ ids: chosen })),
    text("category"), text("projection"), text("delimiter"), text("encoding"), text("sheet")));
}

function drawDoubts({ doubts, needs, unknown_statuses: words }: api.Import): void {
  const open = [
    ...needs.map((need) => t(need === "jurisdiction" ? "import.needs.jurisdiction" : "import.needs.time_zone")),
    ...doubts,
  ];
  byId("doubts").replaceChildren(
    ...(open.length === 0 ? [] : [h("div", { class: "warning" }, h("strong", {}, t("import.doubts")),
      h("ul", {}, ...open.map((text) => h("li", {}, text))))]),
    ...(words.length === 0 ? [] : [h("p", { class: "hint" },
      t("import.unknown_statuses", { words: words.map(({ word, count }) => `${word} (${count})`).join(", ") }))]),
  );
}

function drawCheck(): void {
  if (!file) return;
  // The focus stays on the control that made the change.
  const focused = document.activeElement?.id;
  byId("check-title").textContent = t("import.check", { name: file.name });
  const layout = file.profile === null ? t("import.layout.recognised") : t("import.layout.profile", { name: file.profile });
  byId("file-facts").textContent = t("import.facts", { format: file.format, layout });
  drawDoubts(file);
  drawCity(file);
  drawColumns(file, change);
  drawSettings(file);
  drawRows(file, config);
  const isDecided = file.doubts.length === 0 && file.needs.length === 0;
  byId("discard").textContent = t("import.another");
  byId("run").textContent = t("import.run");
  byId("run").setAttribute("aria-disabled", String(!isDecided));
  byId("run-hint").textContent = isDecided ? "" : t("import.undecided");
  if (focused) document.getElementById(focused)?.focus();
}

/** Sends a change of how the file is read and shows the result. */
function change(body: api.ImportChange): void {
  changing = changing.then(async () => {
    if (!file) return;
    byId("step-check").setAttribute("aria-busy", "true");
    try {
      file = await api.changeImport(file.id, body);
      showProblem("");
    } catch (error) {
      showProblem(messageOf(error));
    } finally {
      byId("step-check").removeAttribute("aria-busy");
    }
    drawCheck();
    countDrawing();
  });
}

function check(received: api.Import): void {
  file = received;
  showProblem("");
  history.replaceState(null, "", `${location.pathname}${location.search}#${received.id}`);
  showStep("check");
  drawCheck();
  byId("step-check").focus();
  countDrawing();
}

// --- Page ------------------------------------------------------------------------------------------

/** Tests wait for this counter. */
function countDrawing(): void {
  document.body.dataset.ready = String(Number(document.body.dataset.ready ?? 0) + 1);
}

async function run(): Promise<void> {
  await changing;
  if (!file || byId("run").getAttribute("aria-disabled") === "true") return;
  try {
    const status = await api.runImport(file.id);
    showProblem("");
    showStep("import");
    await followImport(status, startOver);
    countDrawing();
  } catch (error) {
    showProblem(messageOf(error));
  }
}

/** Forgets the file and asks for another. */
function startOver(): void {
  const id = file?.id ?? location.hash.slice(1);
  if (id) void api.deleteImport(id).catch(() => undefined);
  file = null;
  history.replaceState(null, "", location.pathname + location.search);
  void askForFile().then(() => byId("step-file").focus());
}

async function askForFile(): Promise<void> {
  showProblem("");
  showStep("file");
  await drawUpload(byId("step-file"), check);
  countDrawing();
}

/** Takes up the import that the URL names; without one, asks for a file. */
async function resume(): Promise<void> {
  const id = location.hash.slice(1);
  if (!id) return askForFile();
  try {
    const status = await api.importProgress(id);
    if (status.state === "waiting") return check(await api.changeImport(id, {}));
    showStep("import");
    await followImport(status, startOver);
    countDrawing();
  } catch {
    await askForFile();
  }
}

async function draw(): Promise<void> {
  document.title = `${t("import.title")} · pointchaud`;
  byId("title").textContent = t("import.title");
  drawLanguageButton(() => {
    const query = new URLSearchParams({ lang: language() });
    history.replaceState(null, "", `${location.pathname}?${query}${location.hash}`);
    void draw();
  });
  void drawCrewButton(() => location.reload());
  if (step === "import" && file) return showStep(step);
  await resume();
}

async function start(): Promise<void> {
  setCssColors();
  setLanguage(preferredLanguage(new URLSearchParams(location.search).get("lang")));
  config = await api.config();
  byId("run").addEventListener("click", () => void run());
  byId("discard").addEventListener("click", startOver);
  // A file that is dropped beside the drop zone must not replace the page.
  for (const type of ["dragover", "drop"]) window.addEventListener(type, (event) => event.preventDefault());
  await draw();
}

void start().catch(() => showProblem(t("notice.offline")));
