// What the citizens' two pages share: their language, their city, their header.
import * as api from "./api";
import { byId } from "./dom";
import { type Language, language, say, setLanguage } from "./words";

/** The page's address without its fragment, with other values of its query. */
export function withQuery(path: string, values: Record<string, string>): string {
  const query = new URLSearchParams(values).toString();
  return query ? `${path}?${query}` : path;
}

/** Reads language and city from the address; French unless the browser asks for English. */
export function readAddress(): { city: string | null } {
  const query = new URLSearchParams(location.search);
  const named = query.get("lang");
  const browser: Language = navigator.language.startsWith("en") ? "en" : "fr";
  setLanguage(named === "fr" || named === "en" ? named : browser);
  return { city: query.get("city") };
}

/** Keeps language and city in the address, so that a link opens the same page. */
export function remember(city: string, home: string): void {
  const values: Record<string, string> = { lang: language() };
  if (city !== home) values.city = city;
  history.replaceState(null, "", withQuery(location.pathname, values));
}

/** The button that changes the language. */
export function drawLanguage(changed: () => void): void {
  const button = byId("language");
  button.textContent = say("language");
  button.lang = language() === "fr" ? "en" : "fr";
  button.onclick = () => {
    setLanguage(language() === "fr" ? "en" : "fr");
    changed();
  };
}

/** Cities, once the service has read them. */
export async function citiesWhenReady(): Promise<api.City[]> {
  for (;;) {
    const cities = await api.cities().catch(() => []);
    if (cities.length > 0) return cities;
    await new Promise((later) => setTimeout(later, 500));
  }
}
