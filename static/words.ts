// The page's words in two languages, and numbers and times as Québec and English Canada write them.
import en from "./locales/en.json";
import fr from "./locales/fr.json";

export type Language = "fr" | "en";
export type Word = keyof typeof fr;

const words: Record<Language, Record<Word, string>> = { fr, en };
let current: Language = "fr";

export function setLanguage(language: Language): void {
  current = language;
  document.documentElement.lang = language;
}

export function language(): Language {
  return current;
}

const locale = (): string => (current === "fr" ? "fr-CA" : "en-CA");

export function say(word: Word, values: Record<string, string | number> = {}): string {
  return words[current][word].replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : (value ?? "");
  });
}

/** The word for a value of the API, such as `status.open`; the value itself where there is none. */
export function sayValue(kind: string, value: string): string {
  return (words[current] as Record<string, string>)[`${kind}.${value}`] ?? value;
}

export function number(value: number): string {
  return new Intl.NumberFormat(locale()).format(value);
}

/** A count short enough for a circle: 950, 1,2 k, 34 k. */
export function shortNumber(value: number): string {
  if (value < 1000) return String(value);
  const digits = value < 10_000 ? 1 : 0;
  const format = new Intl.NumberFormat(locale(), { maximumFractionDigits: digits });
  return value < 1e6 ? `${format.format(value / 1e3)} k` : `${format.format(value / 1e6)} M`;
}

/** A time of the API: an instant, or a day whose hour was never known. */
export function time(text: string, zone: string): string {
  if (text.length === 10) {
    const day = new Date(`${text}T12:00:00Z`);
    return new Intl.DateTimeFormat(locale(), { dateStyle: "long", timeZone: "UTC" }).format(day);
  }
  const style = { dateStyle: "long", timeStyle: "short", timeZone: zone } as const;
  return new Intl.DateTimeFormat(locale(), style).format(new Date(text));
}

export function day(date: string): string {
  const style = { weekday: "short", day: "numeric", month: "long", year: "numeric" } as const;
  const noon = new Date(`${date}T12:00:00Z`);
  return new Intl.DateTimeFormat(locale(), { ...style, timeZone: "UTC" }).format(noon);
}

/** How long ago, in the largest unit that fits. */
export function ago(text: string): string {
  const then = new Date(text.length === 10 ? `${text}T12:00:00Z` : text).getTime();
  const seconds = Math.max(0, (Date.now() - then) / 1000);
  const units: [Intl.RelativeTimeFormatUnit, number][] = [
    ["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3600], ["minute", 60],
  ];
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: "auto", style: "short" });
  for (const [unit, length] of units) {
    if (seconds >= length) return format.format(-Math.floor(seconds / length), unit);
  }
  return format.format(0, "minute");
}
