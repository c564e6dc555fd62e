// A service's questions, asked in the citizen's form.
import type { Answers, Question } from "./api";
import { make } from "./dom";
import { say } from "./words";

/** Longest list that is shown whole, to be tapped rather than opened. */
const CHOICES = 8;

const idOf = (question: Question): string => `question-${question.code}`;

function label(question: Question): string {
  return question.required ? question.description : `${question.description} ${say("report.optional")}`;
}

/** Choices of a list: one of them, or as many as apply. */
function choices(question: Question): HTMLElement {
  const type = question.datatype === "multivaluelist" ? "checkbox" : "radio";
  return make("div", { class: "choices" }, ...question.values.map(({ key, name }, n) =>
    make("label", { class: "choice" },
      make("input", { type, name: question.code, value: key, id: n === 0 ? idOf(question) : undefined }),
      make("span", {}, name))));
}

function control(question: Question): HTMLElement {
  const attributes = { id: idOf(question), name: question.code, "aria-describedby": `${idOf(question)}-hint` };
  switch (question.datatype) {
    case "text": return make("textarea", { ...attributes, rows: 3, maxlength: 4000 });
    case "datetime": return make("input", { ...attributes, type: "datetime-local" });
    case "number": return make("input", { ...attributes, type: "text", inputmode: "decimal" });
    case "singlevaluelist": return make("select", attributes, make("option", { value: "" }, "–"),
      ...question.values.map(({ key, name }) => make("option", { value: key }, name)));
    default: return make("input", { ...attributes, type: "text", maxlength: 255 });
  }
}

function field(question: Question): HTMLElement {
  if (!question.variable) return make("p", { class: "said" }, question.description);
  const hint = make("p", { class: "said", id: `${idOf(question)}-hint` }, question.datatype_description);
  const tapped = question.datatype === "multivaluelist"
    || (question.datatype === "singlevaluelist" && question.values.length <= CHOICES);
  return tapped
    ? make("fieldset", { class: "field" }, make("legend", {}, label(question)), choices(question), hint)
    : make("div", { class: "field" }, make("label", { for: idOf(question) }, label(question)), control(question), hint);
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const controls = (root: HTMLElement): Control[] => [...root.querySelectorAll<Control>("input, select, textarea")];

const isChoice = (one: Control): one is HTMLInputElement => one.type === "radio" || one.type === "checkbox";

/** Asks these questions; what was answered to one of the same name stays. */
export function drawQuestions(root: HTMLElement, questions: Question[]): void {
  const before = controls(root);
  root.replaceChildren(...questions.map(field));
  root.hidden = questions.length === 0;
  for (const one of controls(root)) {
    const old = before.find((known) => known.name === one.name && (!isChoice(known) || known.value === one.value));
    if (!old) continue;
    if (isChoice(one) && isChoice(old)) one.checked = old.checked;
    else one.value = old.value;
  }
}

/** What was answered, as the API takes it. */
export function answers(root: HTMLElement, questions: Question[]): Answers {
  const given: Answers = {};
  for (const { code, datatype } of questions) {
    const own = controls(root).filter((one) => one.name === code);
    const values = own.filter((one) => !isChoice(one) || one.checked).map((one) => one.value.trim()).filter(Boolean);
    if (values.length === 0) continue;
    if (datatype === "multivaluelist") given[code] = values;
    else if (datatype === "number") given[code] = values[0].replace(",", ".");
    else if (datatype === "datetime") given[code] = new Date(values[0]).toISOString().replace(/\.\d+/, "");
    else given[code] = values[0];
  }
  return given;
}

/** The first question that must be answered and is not, and where the keyboard goes for it. */
export function unanswered(root: HTMLElement, questions: Question[]): { text: string; id: string } | null {
  const given = answers(root, questions);
  const open = questions.find((one) => one.variable && one.required && !(one.code in given));
  return open ? { text: say("report.missing.answer", { question: open.description }), id: idOf(open) } : null;
}
