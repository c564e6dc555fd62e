// The basemap, laid under the data once its host has answered; without it the map stays plain.
import { omt } from "@versatiles/style/omt";
import type { Map } from "maplibre-gl";
import type { Language } from "./words";

const SOURCE = "basemap";

/** Adds the basemap's layers below `before`; false where its host does not answer in time. */
export async function addBasemap(
  map: Map, url: string, before: string, language: Language,
): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2500) });
    if (!answer.ok) return false;
    const tiles = await answer.json();
    if (!Array.isArray(tiles.tiles)) return false;
    const style = omt({ theme: "muted", text: { language } });
    map.addSource(SOURCE, {
      type: "vector", tiles: tiles.tiles, minzoom: tiles.minzoom ?? 0, maxzoom: tiles.maxzoom ?? 14,
      attribution: tiles.attribution ?? "© OpenStreetMap",
    });
    for (const layer of style.layers) {
      // Icons would need a second host, and another background would hide ours.
      const icons = "layout" in layer && layer.layout && "icon-image" in layer.layout;
      if (layer.type === "background" || icons) continue;
      map.addLayer({ ...layer, source: SOURCE } as Parameters<Map["addLayer"]>[0], before);
    }
    return true;
  } catch {
    return false;
  }
}

/** Takes the basemap away, for another language or because its tiles fail. */
export function removeBasemap(map: Map): void {
  if (!map.getSource(SOURCE)) return;
  for (const layer of map.getStyle().layers) {
    if ("source" in layer && layer.source === SOURCE) map.removeLayer(layer.id);
  }
  map.removeSource(SOURCE);
}
