// Where the problem is: a map under a pin, the telephone's own position, or coordinates.
import { AttributionControl, type GeoJSONSource, Map, NavigationControl, setWorkerUrl } from "maplibre-gl";
import type { City, DuplicateFeature } from "./api";
import { addBasemap } from "./basemap";
import { COLORS } from "./colors";
import { mapWords } from "./map";
import { language } from "./words";

declare const WORKER_URL: string;

export interface Place {
  lon: number;
  lat: number;
  /** How good it is, in metres. */
  accuracy: number;
}

const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };
/** How close one must have looked to have meant a spot, as a zoom. */
const CLOSE = 15.5;

/** A map whose middle is the place; `moved` hears where somebody moved it to. */
export function placeMap(
  container: HTMLElement, city: City, basemap: string | null, moved: (place: Place) => void,
): Map {
  setWorkerUrl(WORKER_URL);
  const map = new Map({
    container, ...(city.extent ? { bounds: city.extent } : { zoom: 2 }), maxZoom: 20, dragRotate: false,
    pitchWithRotate: false, touchPitch: false, attributionControl: false, locale: mapWords(),
    cooperativeGestures: false,
    style: {
      version: 8,
      sources: { near: { type: "geojson", data: EMPTY } },
      layers: [
        { id: "background", type: "background", paint: { "background-color": "#e4e9e8" } },
        {
          id: "near", type: "circle", source: "near",
          paint: {
            "circle-radius": 9, "circle-color": COLORS.open, "circle-stroke-width": 2.5,
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
    // Moves of our own tell nothing of what somebody meant.
    if ((event as { ours?: boolean }).ours || map.getZoom() < CLOSE) return;
    moved(middle(map));
  });
  if (basemap) {
    map.once("load", () => void addBasemap(map, basemap, "near", language()));
  }
  return map;
}

/** The middle of a map, as good as a pixel of it. */
export function middle(map: Map): Place {
  const { lng, lat } = map.getCenter();
  const metres = (40_075_017 * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** map.getZoom());
  return { lon: lng, lat, accuracy: Math.min(200, Math.max(5, Math.round(metres * 8))) };
}

/** Shows a place that was not chosen on the map. */
export function show(map: Map, place: Place): void {
  map.jumpTo({ center: [place.lon, place.lat], zoom: Math.max(map.getZoom(), 17) }, { ours: true });
}

export function showNear(map: Map, found: DuplicateFeature[]): void {
  const source = map.getSource<GeoJSONSource>("near");
  source?.setData({ type: "FeatureCollection", features: found.filter((one) => one.geometry) as GeoJSON.Feature[] });
}

/** The device's own position. */
export function locate(): Promise<Place> {
  return new Promise((found, failed) => {
    if (!navigator.geolocation) return failed(new Error("no geolocation"));
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => found({
        lon: coords.longitude, lat: coords.latitude,
        accuracy: Math.min(200, Math.max(1, Math.round(coords.accuracy))),
      }),
      failed,
      { enableHighAccuracy: true, timeout: 10_000, maximumAge: 30_000 },
    );
  });
}
