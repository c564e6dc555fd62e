// On the map page of a service without any report: the offer to import a file.
import { byId } from "./dom";
import { language, t } from "./i18n";
import { drawUpload } from "./import-upload";

/** Shows the offer. A file that was received is checked on the import page. */
export function drawOffer(): void {
  byId("offer").hidden = false;
  byId("offer-title").textContent = t("import.offer");
  byId("offer-hint").textContent = t("import.offer.hint");
  void drawUpload(byId("offer-drop"), ({ id }) => {
    location.href = `/importer?${new URLSearchParams({ lang: language() })}#${id}`;
  });
}
