// The first step of an import, on the import page and on the map page of an empty service: a file is
// dropped or chosen and sent; crews log in first where that is needed.
import * as api from "./api";
import { drawCrewButton, logInForm } from "./crew";
import { button, h } from "./dom";
import { formatNumber, formatPercent, t } from "./i18n";

const MEBIBYTE = 2 ** 20;

/** A bar that shows a share from 0 to 1; `show` sets it, with what a screen reader says. */
export function progressBar(label: string): { element: HTMLElement; show(share: number, text: string): void } {
  // Set by script, as the policy of the page allows no inline styles.
  const fill = h("div", { class: "fill" });
  const element = h("div", {
    class: "progress", role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100,
    "aria-valuenow": 0,
  }, fill);
  return {
    element,
    show(share, text) {
      const percent = Math.round(Math.min(1, share) * 100);
      fill.style.width = `${percent}%`;
      element.setAttribute("aria-valuenow", String(percent));
      element.setAttribute("aria-valuetext", text);
    },
  };
}

/** Draws the step into `container`; `onReceived` is called with what the file was recognised as. */
export async function drawUpload(container: HTMLElement, onReceived: (received: api.Import) => void): Promise<void> {
  const status = h("p", { class: "hint", role: "status" });
  const refuse = (message: string): void => {
    status.className = "warning";
    status.textContent = message;
  };
  let bytesMax = 0;
  try {
    bytesMax = (await api.imports()).bytes_max;
  } catch (error) {
    if (!(error instanceof api.ApiError)) throw error;
    if (error.status !== 401 && error.status !== 403) return container.replaceChildren(refused(error.message));
    const again = (): void => {
      void drawCrewButton(() => location.reload());
      void drawUpload(container, onReceived);
    };
    return container.replaceChildren(h("p", {}, t("import.key")), logInForm(again),
      h("p", { class: "hint", role: "status" }, error.message));
  }
  const input = h("input", { type: "file", id: "import-file", class: "visually-hidden" });
  const label = h("label", { for: "import-file", id: "drop" },
    h("strong", {}, t("import.drop")), h("span", { class: "like-button" }, t("import.choose")));
  const bar = progressBar(t("import.sending"));
  bar.element.hidden = true;
  const formats = h("p", { class: "hint" },
    t("import.formats", { size: formatNumber(Math.floor(bytesMax / MEBIBYTE)) }));

  async function send(file: File | undefined): Promise<void> {
    if (!file || input.disabled) return;
    if (file.size > bytesMax) return refuse(t("import.too_large"));
    status.className = "hint";
    input.disabled = true;
    bar.element.hidden = false;
    try {
      const received = await api.sendImport(file, (share) => {
        const text = share < 1 ? formatPercent(share) : t("import.reading");
        bar.show(share, text);
        status.textContent = share < 1 ? t("import.sending.share", { percent: text }) : text;
      });
      onReceived(received);
    } catch (error) {
      refuse(error instanceof api.ApiError ? error.message : t("import.broke_off"));
      bar.element.hidden = true;
    } finally {
      input.disabled = false;
      input.value = "";
    }
  }

  input.addEventListener("change", () => void send(input.files?.[0]));
  for (const type of ["dragenter", "dragover"]) {
    label.addEventListener(type, (event) => {
      event.preventDefault();
      label.classList.add("over");
    });
  }
  for (const type of ["dragleave", "drop"]) label.addEventListener(type, () => label.classList.remove("over"));
  label.addEventListener("drop", (event) => {
    event.preventDefault();
    void send(event.dataTransfer?.files[0]);
  });
  container.replaceChildren(input, label, bar.element, status, formats);
}

const refused = (message: string): HTMLElement => h("p", { class: "warning", role: "status" }, message);

/** The message of an error for people. */
export const messageOf = (error: unknown): string =>
  error instanceof api.ApiError ? error.message : t("notice.offline");

/** A button that saves the refused rows of an import as a file. */
export function refusedRowsButton(id: string, name: string): HTMLElement {
  return button({ class: "wide" }, [t("import.refused.save")], () => {
    void api.refusedRows(id).then((rows) => {
      const url = URL.createObjectURL(rows);
      h("a", { href: url, download: name.replace(/\.[^.]*$/, "") + ".refused.csv" }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    });
  });
}
