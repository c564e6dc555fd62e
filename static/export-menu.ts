// The export menu beside the list: the reports that the list is about, as a file.
import * as api from "./api";
import { button, byId, h } from "./dom";
import { t } from "./i18n";
import { showMessage } from "./notice";

const FORMATS: api.ExportFormat[] = ["csv", "geojson", "gpkg", "parquet", "fgb"];

/** The filter of the list; null where it lists something else than reports. */
let filter: api.QueryParams | null = null;

/** Draws the menu for the filter of the list; without one hides it. */
export function drawExportMenu(params: api.QueryParams | null): void {
  filter = params;
  const menu = byId<HTMLDetailsElement>("export");
  menu.hidden = !params;
  if (!params) menu.open = false;
  byId("export-title").textContent = t("export.title");
  const formats = byId("export-formats");
  // The buttons stay, so that the focus stays where it is when the list is drawn again.
  if (formats.childElementCount === 0) {
    const item = (format: api.ExportFormat): HTMLElement =>
      h("li", {}, button({ class: "link", "data-format": format }, [], () => void download(format)));
    formats.append(...FORMATS.map(item));
    menu.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.open) close(menu, event);
    });
  }
  for (const [at, format] of FORMATS.entries()) {
    formats.children[at].firstElementChild!.textContent = t(`export.${format}`);
  }
}

function close(menu: HTMLDetailsElement, event: Event): void {
  event.stopPropagation();
  menu.open = false;
  byId("export-title").focus();
}

async function download(format: api.ExportFormat): Promise<void> {
  if (!filter) return;
  try {
    const href = await api.exportUrl(format, filter);
    h("a", { href, download: true }).click();
    byId<HTMLDetailsElement>("export").open = false;
    byId("export-title").focus();
  } catch (error) {
    showMessage(error instanceof api.ApiError ? error.message : t("notice.offline"), 10);
  }
}
