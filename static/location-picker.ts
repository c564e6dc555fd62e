// The place of a problem: a map under a fixed pin, or the position of the device.
import { AttributionControl, type GeoJSONSource, Map, NavigationControl, setWorkerUrl } from "maplibre-gl";
import type { City, DuplicateFeature } from "./api";
import { addBasemap } from "./basemap";
import { STATUS_COLORS } from "./colors";
import { language } from "./i18n";
import { mapLocale } from "./map";
import { NO_FEATURES } from "./map-layers";

declare const WORKER_URL: string;

export interface Place {
  lon: number;
  lat: number;
  /** Horizontal accuracy in metres. */
  accuracy: number;
}

/** Moving the map at a lower zoom is looking around; from this one on it chooses a place. */
const CHOOSING_ZOOM = 15.5;

/** Accuracies are at most this many metres, as the API refuses larger ones. */
const ACCURACY_MAX = 200;

/** A map whose centre is the place. `onMove` gets the place each time the user moves the map. */
export function makePickerMap(
  container: HTMLElement, city: City, basemap: string | null, onMove: (place: Place) => void,
): Map {
  setWorkerUrl(WORKER_URL);
  const bounds = city.extent as [number, number, number, number] | null;
  const map = new Map({
    container, ...(bounds ? { bounds } : { zoom: 2 }), maxZoom: 20, dragRotate: false,
    pitchWithRotate: false, touchPitch: false, attributionControl: false, locale: mapLocale(),
    cooperativeGestures: false,
    style: {
      version: 8,
      sources: { nearby: { type: "geojson", data: NO_FEATURES } },
      layers: [
        { id: "background", type: "background", paint: { "background-color": "#e4e9e8" } },
        {
          id: "nearby", type: "circle", source: "nearby",
          paint: {
            "circle-radius": 9, "circle-color": STATUS_COLORS.open, "circle-stroke-width": 2.5,
            "circle-stroke-color": "#ffffff",
          },
        },
      ],
    },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new AttributionControl({ compact: true }), "bottom-right");
  map.on("moveend", (event) => {
    const isProgrammatic = (event as { isProgrammatic?: boolean }).isProgrammatic;
    if (!isProgrammatic && map.getZoom() >= CHOOSING_ZOOM) onMove(mapCenter(map));
  });
  if (basemap) {
    map.once("load", () => void addBasemap(map, basemap, "nearby", language()));
  }
  return map;
}

/** The centre of a map; its accuracy is eight pixels, a fingertip's error, within 5 to 200 m. */
export function mapCenter(map: Map): Place {
  const { lng, lat } = map.getCenter();
  const metersPerPixel = (40_075_017 * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** map.getZoom());
  return { lon: lng, lat, accuracy: Math.min(ACCURACY_MAX, Math.max(5, Math.round(metersPerPixel * 8))) };
}

/** Moves the map to a place that was chosen by other means. */
export function showPlace(map: Map, place: Place): void {
  const zoom = Math.max(map.getZoom(), 17);
  map.jumpTo({ center: [place.lon, place.lat], zoom }, { isProgrammatic: true });
}

/** Marks the likely duplicates on the map. */
export function showNearby(map: Map, duplicates: DuplicateFeature[]): void {
  const features = duplicates.filter((one) => one.geometry) as GeoJSON.Feature[];
  map.getSource<GeoJSONSource>("nearby")?.setData({ type: "FeatureCollection", features });
}

/** The position of the device; rejects if it is not available. */
export function devicePosition(): Promise<Place> {
  return new Promise((resolve, reject) => {
    if (!navigator.geolocation) return reject(new Error("no geolocation"));
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({
        lon: coords.longitude, lat: coords.latitude,
        accuracy: Math.min(ACCURACY_MAX, Math.max(1, Math.round(coords.accuracy))),
      }),
      reject,
      { enableHighAccuracy: true, timeout: 10_000, maximumAge: 30_000 },
    );
  });
}
