// The colours of where a report stands and of other cities, for the map and for everything around it.
import type { Status } from "./api";

export const COLORS: Record<Status | "other", string> = {
  open: "#c2410c",
  in_progress: "#b7791f",
  closed: "#64748b",
  other: "#6d5f8d",
};

/** Hands colours to the style sheet, each under its name. */
export function paint(colors: Record<string, string>): void {
  for (const [name, color] of Object.entries(colors)) {
    document.documentElement.style.setProperty(`--${name}`, color);
  }
}
