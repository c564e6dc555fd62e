// The basemap below the data. The map works without it: it is added once its server has answered.
import { omt } from "@versatiles/style/omt";
import type { Map } from "maplibre-gl";
import type { Language } from "./i18n";

const SOURCE = "basemap";

/** A server that takes longer, in milliseconds, is treated as unreachable. */
const TIMEOUT_MS = 2500;

/**
 * Adds the layers of a basemap (the URL of its TileJSON, in the OpenMapTiles schema) below the layer
 * `before`. False if its server does not answer in time.
 */
export async function addBasemap(
  map: Map, url: string, before: string, language: Language,
): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) return false;
    const tileJson = await response.json();
    if (!Array.isArray(tileJson.tiles)) return false;
    map.addSource(SOURCE, {
      type: "vector", tiles: tileJson.tiles, minzoom: tileJson.minzoom ?? 0, maxzoom: tileJson.maxzoom ?? 14,
      attribution: tileJson.attribution ?? "© OpenStreetMap",
    });
    for (const layer of omt({ theme: "muted", text: { language } }).layers) {
      // Icons would need a sprite from another server; the background is ours.
      const hasIcons = "layout" in layer && layer.layout && "icon-image" in layer.layout;
      if (layer.type === "background" || hasIcons) continue;
      map.addLayer({ ...layer, source: SOURCE } as Parameters<Map["addLayer"]>[0], before);
    }
    return true;
  } catch {
    return false;
  }
}
