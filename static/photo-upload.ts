// Photos of the report form: uploaded as soon as they are chosen, shown as thumbnails.
import * as api from "./api";
import { button, byId, h } from "./dom";
import { t } from "./i18n";

/** Photos of a report, at most. */
const PHOTOS_MAX = 3;

let photos: api.Photo[] = [];
/** The running upload, which resolves to whether it succeeded; null if none is running. */
let upload: Promise<boolean> | null = null;

const fileInput = (): HTMLInputElement => byId<HTMLInputElement>("photo");
const setStatus = (text: string): void => void (byId("photo-status").textContent = text);

/** URLs of the uploaded photos, after the running upload; throws if that one fails. */
export async function photoUrls(): Promise<string[]> {
  if (upload && !(await upload)) throw new Error("a photo was not uploaded");
  return photos.map((photo) => photo.media_url);
}

export function clearPhotos(): void {
  photos = [];
  drawPhotos();
}

export function drawPhotos(): void {
  byId("photo-label").textContent = t("report.photo");
  setStatus("");
  byId("photos").replaceChildren(...photos.map((photo, index) => {
    const image = h("img", { src: photo.thumbnail_url, alt: t("card.photo", { number: index + 1 }) });
    const remove = button({ class: "small" }, [t("report.photo.remove")], () => {
      photos = photos.filter((one) => one !== photo);
      drawPhotos();
      fileInput().focus();
    });
    return h("li", {}, image, remove);
  }));
  const isFull = photos.length >= PHOTOS_MAX;
  fileInput().hidden = isFull;
  byId("photo-label").hidden = isFull;
}

type OnPosition = (position: { lon: number; lat: number }) => void;

async function uploadPhoto(file: File, onPosition: OnPosition): Promise<boolean> {
  setStatus(t("report.photo.sending"));
  // One upload at a time.
  fileInput().disabled = true;
  try {
    const photo = await api.uploadPhoto(file);
    if (!photos.some((known) => known.media_url === photo.media_url)) photos.push(photo);
    drawPhotos();
    if (photo.position) onPosition(photo.position);
    return true;
  } catch (error) {
    const isRefusal = error instanceof api.ApiError && error.status < 500;
    setStatus(isRefusal ? error.message : t("report.photo.failed"));
    return false;
  } finally {
    fileInput().value = "";
    fileInput().disabled = false;
    upload = null;
  }
}

/** Uploads each chosen photo; `onPosition` is called with the place where one was taken, if it has one. */
export function startPhotoUpload(onPosition: OnPosition): void {
  fileInput().addEventListener("change", () => {
    const [file] = fileInput().files ?? [];
    if (file) upload = uploadPhoto(file, onPosition);
  });
}
