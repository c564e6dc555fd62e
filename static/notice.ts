// The notice on the map: errors stay until they are over, other messages disappear by themselves.
import { byId } from "./dom";

let hasError = false;
let timer: ReturnType<typeof setTimeout> | undefined;

function show(text: string): void {
  clearTimeout(timer);
  byId("notice").textContent = text;
  byId("notice").hidden = !text;
}

export function showError(text: string): void {
  hasError = true;
  show(text);
}

/** Shows a message for some seconds; without a duration, until the next notice. */
export function showMessage(text: string, seconds?: number): void {
  show(text);
  if (seconds !== undefined) timer = setTimeout(() => show(""), seconds * 1000);
}

/** Removes the error, if there is one. */
export function clearError(): void {
  if (hasError) show("");
  hasError = false;
}
