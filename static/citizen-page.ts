// What the two pages for citizens, the report form and the tracking page, share: language, city, URL.
import * as api from "./api";
import { byId } from "./dom";
import { language, preferredLanguage, setLanguage, t } from "./i18n";

export interface CityContext {
  config: api.Config;
  cities: api.City[];
  /** The city named in the URL, otherwise the default one. */
  city: api.City;
}

/**
 * Takes the language from the URL, and loads the cities once the service has read its data. `tell` shows
 * why it waits where the service has no city.
 */
export async function loadCityContext(tell: (reason: string) => void): Promise<CityContext> {
  const query = new URLSearchParams(location.search);
  setLanguage(preferredLanguage(query.get("lang")));
  const [config, cities] = await Promise.all([api.config(), waitForCities(tell)]);
  const wanted = query.get("city") ?? config.default_jurisdiction;
  return { config, cities, city: cities.find((city) => city.jurisdiction_id === wanted) ?? cities[0] };
}

async function waitForCities(tell: (reason: string) => void): Promise<api.City[]> {
  for (;;) {
    // In this order, because a service that is ready knows all its cities.
    const isReady = await api.isReady().catch(() => false);
    const cities = await api.cities().catch(() => []);
    if (cities.length > 0) return cities;
    if (isReady) tell(t("notice.no_city"));
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** The URL of a page in the current language, and of this city unless it is the default one. */
export function pageUrl(path: string, city: api.City, config: api.Config): string {
  const query = new URLSearchParams({ lang: language() });
  if (city.jurisdiction_id !== config.default_jurisdiction) query.set("city", city.jurisdiction_id);
  return `${path}?${query}`;
}

export const trackingUrl = (report: string, city: api.City, config: api.Config): string =>
  pageUrl(`/suivi/${encodeURIComponent(report)}`, city, config);

/** The button that switches to the other language. */
export function drawLanguageButton(onChange: () => void): void {
  const button = byId("language");
  button.textContent = t("language");
  button.lang = language() === "fr" ? "en" : "fr";
  button.onclick = () => {
    setLanguage(language() === "fr" ? "en" : "fr");
    onChange();
  };
}
