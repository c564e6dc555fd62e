// The last step of an import: how far it is, and what came of it.
import * as api from "./api";
import { button, byId, h } from "./dom";
import { formatPercent, language, t, type MessageKey } from "./i18n";
import { messageOf, progressBar, refusedRowsButton } from "./import-upload";

/** Time between two looks at a running import, in milliseconds. */
const POLL_MS = 400;

const section = (): HTMLElement => byId("step-import");

/** The counts that are said where they are not zero. */
const COUNTS = [
  "added", "updated", "unchanged", "older", "repeated", "resumed", "refused", "unlocated", "approximate", "outside",
  "services",
] as const;

function summarySentences(status: api.ImportProgress): string[] {
  const { summary } = status;
  if (!summary) return [];
  const counts = COUNTS.filter((count) => summary[count] > 0);
  return [
    t("import.done.rows", { count: summary.rows }),
    ...counts.map((count) => t(`import.done.${count}` as MessageKey, { count: summary[count] })),
  ];
}

function mapLink(city: string): string {
  const query = { city, status: "open,in_progress,closed", period: "all", lang: language() };
  return `/#${Object.entries(query).map(([name, value]) => `${name}=${value}`).join("&")}`;
}

function drawEnd(status: api.ImportProgress, again: () => void): void {
  const isDone = status.state === "done";
  const isEmpty = status.summary !== null && status.summary.added + status.summary.updated + status.summary.unchanged === 0;
  const title = !isDone ? "import.failed" : isEmpty ? "import.done.nothing" : "import.done";
  const city = status.jurisdiction_id;
  section().replaceChildren(
    h("h2", {}, t(title)),
    ...(status.error ? [h("p", { class: "warning" }, status.error)] : []),
    h("ul", { id: "import-summary" }, ...summarySentences(status).map((text) => h("li", {}, text)),
      ...status.notes.map((note) => h("li", {}, note))),
    ...(status.reasons.length === 0 ? [] : [
      h("h3", {}, t("import.reasons")),
      h("ul", { id: "import-reasons" }, ...status.reasons.map(({ count, field, reason }) =>
        h("li", {}, t("import.reason", { count, field, reason })))),
    ]),
    h("div", { class: "actions" },
      ...(isDone && city ? [h("a", { class: "primary", id: "to-map", href: mapLink(city) }, t("import.to_map"))] : []),
      ...(status.refused > 0 ? [refusedRowsButton(status.id, status.name)] : []),
      button({ class: "wide" }, [t("import.another")], again)),
  );
}

/** Shows a running import until it has ended; `again` starts over with another file. */
export async function followImport(first: api.ImportProgress, again: () => void): Promise<void> {
  const bar = progressBar(t("import.running"));
  const counts = h("p", { id: "import-counts" });
  const cancel = button({ class: "wide", id: "cancel" }, [t("import.cancel")], () => {
    void api.deleteImport(first.id).catch(() => undefined).then(() => {
      isCancelled = true;
      section().replaceChildren(h("h2", {}, t("import.cancelled")), h("p", {}, t("import.cancelled.hint")),
        h("div", { class: "actions" }, button({ class: "wide" }, [t("import.another")], again)));
      section().focus();
    });
  });
  let isCancelled = false;
  section().replaceChildren(h("h2", {}, t("import.running")), h("p", { class: "hint" }, first.name), bar.element,
    counts, h("div", { class: "actions" }, cancel));
  section().focus();
  let status = first;
  while (status.state === "running") {
    const share = status.bytes_total ? status.bytes_read / status.bytes_total : 0;
    bar.show(share, formatPercent(share));
    counts.textContent = t("import.counts", { rows: status.rows, refused: status.refused });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    if (isCancelled) return;
    try {
      status = await api.importProgress(first.id);
    } catch (error) {
      if (isCancelled) return;
      counts.textContent = messageOf(error);
      if (error instanceof api.ApiError && error.status === 404) return;
    }
  }
  drawEnd(status, again);
  section().focus();
}
