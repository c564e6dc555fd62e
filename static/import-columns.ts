// What the columns of a file were recognised as: a table in which each field can be changed.
import type { Import, ImportChange, ImportColumn } from "./api";
import { button, byId, h } from "./dom";
import { formatPercent, t, tValue } from "./i18n";

/** From this certainty on, a field is almost certain. */
const ALMOST_CERTAIN = 0.9;

export type OnChange = (change: ImportChange) => void;

const fieldName = (field: string): string => tValue("import.field", field);

/** Does a doubt name this column? The service quotes the names of columns. */
const isOpen = (column: ImportColumn, { doubts }: Import): boolean =>
  !column.declared && doubts.some((doubt) => doubt.includes(`« ${column.name} »`) || doubt.includes(`'${column.name}'`));

function certainty(column: ImportColumn, file: Import): string {
  if (column.declared) return t("import.certainty.declared");
  const [other] = column.others;
  if (column.field === null) {
    if (!other) return t("import.certainty.none");
    return t("import.certainty.perhaps", { field: fieldName(other.field), percent: formatPercent(other.certainty) });
  }
  if (file.profile !== null) return t("import.certainty.profile");
  const share = column.certainty ?? 0;
  const percent = formatPercent(share);
  return t(share >= ALMOST_CERTAIN ? "import.certainty.high" : "import.certainty.likely", { percent });
}

function fieldSelect(column: ImportColumn, file: Import, id: string, onChange: OnChange): HTMLSelectElement {
  const undecided = isOpen(column, file);
  const option = (value: string, text: string, selected: boolean): HTMLElement =>
    h("option", { value, selected }, text);
  const fields = file.fields.map((field) => [field, fieldName(field)])
    .sort((a, b) => a[1].localeCompare(b[1], document.documentElement.lang));
  const select = h("select", { id, "aria-label": t("import.column.field_of", { name: column.name }) },
    ...(undecided ? [option("?", t("import.column.undecided"), true)] : []),
    option("", t("import.column.left_out"), !undecided && column.field === null),
    ...fields.map(([field, name]) => option(field, name, !undecided && field === column.field)));
  select.addEventListener("change", () => {
    if (select.value !== "?") onChange({ columns: [{ name: column.name, field: select.value || null }] });
  });
  return select;
}

function row(column: ImportColumn, index: number, file: Import, onChange: OnChange): HTMLElement {
  const id = `column-${index}`;
  const undecided = isOpen(column, file);
  const suggested = column.others[0]?.field ?? column.field;
  const accept = undecided && suggested !== null
    ? [button({ class: "small", id: `accept-${index}` }, [t("import.column.accept", { field: fieldName(suggested) })],
      () => onChange({ columns: [{ name: column.name, field: suggested }] }))] : [];
  const examples = column.examples.length > 0
    ? column.examples.slice(0, 3).map((example) => h("span", { class: "example" }, example))
    : [h("span", { class: "none" }, t("import.column.empty"))];
  return h("tr", { role: "row", class: undecided ? "undecided" : column.field === null ? "left-out" : undefined },
    h("th", { role: "rowheader", scope: "row" }, column.name),
    h("td", { role: "cell", class: "taken-for" }, fieldSelect(column, file, id, onChange),
      h("span", { class: "certainty" }, certainty(column, file)), ...accept),
    h("td", { role: "cell", class: "examples" }, ...examples));
}

/**
 * The place of a column in the table: what has to be decided, then the columns that may be what is
 * missing, then what is read, then what is left out.
 */
function rank(column: ImportColumn, file: Import): number {
  if (isOpen(column, file)) return 0;
  if (column.field !== null) return 2;
  const isCandidate = file.doubts.length > 0 && !column.declared && column.examples.length > 0;
  return isCandidate ? 1 : 3;
}

/** Draws the table. */
export function drawColumns(file: Import, onChange: OnChange): void {
  const columns = file.columns.map((column, index) => ({ column, index }))
    .sort((a, b) => rank(a.column, file) - rank(b.column, file) || a.index - b.index);
  const heading = (text: string): HTMLElement => h("th", { role: "columnheader", scope: "col" }, text);
  byId("columns").replaceChildren(
    h("caption", {}, t("import.columns")),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, heading(t("import.column")),
      heading(t("import.column.read_as")), heading(t("import.column.examples")))),
    h("tbody", { role: "rowgroup" }, ...columns.map(({ column, index }) => row(column, index, file, onChange))),
  );
}
