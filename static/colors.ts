// Colours that the map and the elements around it share.
import type { Status } from "./api";

export const STATUS_COLORS: Record<Status, string> = {
  open: "#c2410c",
  in_progress: "#b7791f",
  closed: "#64748b",
};

/** Reports and clusters of other cities. */
export const NEIGHBOUR_COLOR = "#6d5f8d";

/** Significance classes of Getis-Ord Gi*, from far more requests than expected to far fewer. */
export const CLASSES = ["hot99", "hot95", "hot90", "none", "cold90", "cold95", "cold99"] as const;

/** Diverging scale ColorBrewer RdBu, which stays readable with every kind of colour vision. */
export const CLASS_COLORS: Record<(typeof CLASSES)[number], string> = {
  hot99: "#b2182b", hot95: "#ef8a62", hot90: "#fddbc7", none: "#ffffff",
  cold90: "#d1e5f0", cold95: "#67a9cf", cold99: "#2166ac",
};

/** Sets every colour as a CSS custom property: `--open`, `--neighbour`, `--hot99`… */
export function setCssColors(): void {
  const colors = { ...STATUS_COLORS, ...CLASS_COLORS, neighbour: NEIGHBOUR_COLOR };
  for (const [name, color] of Object.entries(colors)) {
    document.documentElement.style.setProperty(`--${name}`, color);
  }
}
