// Who makes the changes of a crew and with which key, until the browser tab is closed.
import { h } from "./dom";
import { t } from "./i18n";

export const crew = {
  get key(): string { return sessionStorage.getItem("crew-key") ?? ""; },
  get name(): string { return sessionStorage.getItem("crew-name") ?? ""; },
};

const FIELDS = {
  "crew.name": { storageKey: "crew-name", type: "text" },
  "crew.key": { storageKey: "crew-key", type: "password" },
};

/** A labelled input whose value is kept. */
export function crewField(label: keyof typeof FIELDS): HTMLElement {
  const { storageKey, type } = FIELDS[label];
  const input = h("input", { type, autocomplete: "off", maxlength: "80" });
  input.value = sessionStorage.getItem(storageKey) ?? "";
  input.addEventListener("input", () => sessionStorage.setItem(storageKey, input.value.trim()));
  return h("label", {}, h("span", {}, t(label)), input);
}
