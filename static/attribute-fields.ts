// The questions of a service (Open311: service attributes) as fields of the report form.
import type { AttributeValues, ServiceAttribute } from "./api";
import { h } from "./dom";
import { t } from "./i18n";

/** Lists up to this length are shown as radio buttons, longer ones as a drop-down list. */
const RADIOS_MAX = 8;

const idOf = (attribute: ServiceAttribute): string => `attribute-${attribute.code}`;

const labelOf = ({ required, description }: ServiceAttribute): string =>
  required ? description : t("report.optional", { question: description });

/** Radio buttons for one choice, checkboxes for several. */
function choices(attribute: ServiceAttribute): HTMLElement {
  const type = attribute.datatype === "multivaluelist" ? "checkbox" : "radio";
  return h("div", { class: "choices" }, ...attribute.values.map(({ key, name }, index) =>
    h("label", { class: "choice" },
      h("input", { type, name: attribute.code, value: key, id: index === 0 ? idOf(attribute) : undefined }),
      h("span", {}, name))));
}

/** The input element of an attribute that is not shown as choices. */
function inputOf(attribute: ServiceAttribute): HTMLElement {
  const id = idOf(attribute);
  const common = { id, name: attribute.code, "aria-describedby": `${id}-hint` };
  switch (attribute.datatype) {
    case "text": return h("textarea", { ...common, rows: 3, maxlength: 4000 });
    case "datetime": return h("input", { ...common, type: "datetime-local" });
    case "number": return h("input", { ...common, type: "text", inputmode: "decimal" });
    case "singlevaluelist": return h("select", common, h("option", { value: "" }, "–"),
      ...attribute.values.map(({ key, name }) => h("option", { value: key }, name)));
    default: return h("input", { ...common, type: "text", maxlength: 255 });
  }
}

function field(attribute: ServiceAttribute): HTMLElement {
  // An attribute that is not variable is a text to read and has no answer.
  if (!attribute.variable) return h("p", { class: "hint" }, attribute.description);
  const id = idOf(attribute);
  const hint = h("p", { class: "hint", id: `${id}-hint` }, attribute.datatype_description);
  const hasChoices = attribute.datatype === "multivaluelist"
    || (attribute.datatype === "singlevaluelist" && attribute.values.length <= RADIOS_MAX);
  return hasChoices
    ? h("fieldset", { class: "field" }, h("legend", {}, labelOf(attribute)), choices(attribute), hint)
    : h("div", { class: "field" }, h("label", { for: id }, labelOf(attribute)), inputOf(attribute), hint);
}

type FormControl = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const controlsIn = (root: HTMLElement): FormControl[] =>
  [...root.querySelectorAll<FormControl>("input, select, textarea")];

const isChoice = (control: FormControl): control is HTMLInputElement =>
  control.type === "radio" || control.type === "checkbox";

/** Draws the fields; answers to attributes of the same code are kept. */
export function drawAttributeFields(root: HTMLElement, attributes: ServiceAttribute[]): void {
  const before = controlsIn(root);
  root.replaceChildren(...attributes.map(field));
  root.hidden = attributes.length === 0;
  for (const control of controlsIn(root)) {
    const same = (old: FormControl): boolean =>
      old.name === control.name && (!isChoice(old) || old.value === control.value);
    const old = before.find(same);
    if (!old) continue;
    if (isChoice(control) && isChoice(old)) control.checked = old.checked;
    else control.value = old.value;
  }
}

/** The answers in the form in which the API takes them. */
export function attributeValues(root: HTMLElement, attributes: ServiceAttribute[]): AttributeValues {
  const result: AttributeValues = {};
  for (const { code, datatype } of attributes) {
    const controls = controlsIn(root).filter((control) => control.name === code);
    const selected = controls.filter((control) => !isChoice(control) || control.checked);
    const values = selected.map((control) => control.value.trim()).filter(Boolean);
    if (values.length === 0) continue;
    if (datatype === "multivaluelist") result[code] = values;
    else if (datatype === "number") result[code] = values[0].replace(",", ".");
    else if (datatype === "datetime") result[code] = new Date(values[0]).toISOString().replace(/\.\d+/, "");
    else result[code] = values[0];
  }
  return result;
}

/** The first required question without an answer: an error message and the element to focus. */
export function missingAnswer(
  root: HTMLElement, attributes: ServiceAttribute[],
): { message: string; focusId: string } | null {
  const values = attributeValues(root, attributes);
  const missing = attributes.find((one) => one.variable && one.required && !(one.code in values));
  if (!missing) return null;
  return { message: t("report.missing.answer", { question: missing.description }), focusId: idOf(missing) };
}
