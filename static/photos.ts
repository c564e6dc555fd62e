// Photos of the citizen's form: kept by the service as soon as they are chosen, shown small.
import * as api from "./api";
import { byId, make } from "./dom";
import { say } from "./words";

/** Photos of a report, at most. */
const PHOTOS = 3;

let photos: api.Photo[] = [];
/** The last photo on its way; false where it did not arrive. */
let sending: Promise<boolean> | null = null;

const chooser = (): HTMLInputElement => byId<HTMLInputElement>("photo");

/** Where the photos are kept, once the one on its way is; fails where that one does. */
export async function photoUrls(): Promise<string[]> {
  if (sending && !(await sending)) throw new Error("a photo did not arrive");
  return photos.map((photo) => photo.media_url);
}

export function clearPhotos(): void {
  photos = [];
  drawPhotos();
}

export function drawPhotos(): void {
  byId("photo-label").textContent = say("report.photo");
  byId("photo-said").textContent = "";
  byId("photos").replaceChildren(...photos.map((photo, n) => {
    const remove = make("button", { type: "button", class: "small" }, say("report.photo.remove"));
    remove.addEventListener("click", () => {
      photos = photos.filter((one) => one !== photo);
      drawPhotos();
      chooser().focus();
    });
    return make("li", {}, make("img", { src: photo.thumbnail_url, alt: say("card.photo", { n: n + 1 }) }), remove);
  }));
  const full = photos.length >= PHOTOS;
  chooser().hidden = full;
  byId("photo-label").hidden = full;
}

/** Sends a photo; `taken` hears where it was taken, if it says so. */
async function keep(file: File, taken: (at: { lon: number; lat: number }) => void): Promise<boolean> {
  byId("photo-said").textContent = say("report.photo.sending");
  // One after the other.
  chooser().disabled = true;
  try {
    const photo = await api.keepPhoto(file);
    if (!photos.some((known) => known.media_url === photo.media_url)) photos.push(photo);
    drawPhotos();
    if (photo.position) taken(photo.position);
    return true;
  } catch (error) {
    const told = error instanceof api.Refused && error.status < 500;
    byId("photo-said").textContent = told ? error.message : say("report.photo.failed");
    return false;
  } finally {
    chooser().value = "";
    chooser().disabled = false;
    sending = null;
  }
}

export function startPhotos(taken: (at: { lon: number; lat: number }) => void): void {
  chooser().addEventListener("change", () => {
    const [file] = chooser().files ?? [];
    if (file) sending = keep(file, taken);
  });
}
