// Translations, and numbers, dates and times as French and English Canada write them.
import en from "./locales/en.json";
import fr from "./locales/fr.json";

export type Language = "fr" | "en";
export type MessageKey = keyof typeof fr;

/** A text, or one text for each plural category of `Intl.PluralRules`. */
type Message = string | { other: string; one?: string; many?: string };

const messages: Record<Language, Record<MessageKey, Message>> = { fr, en };
const locales: Record<Language, string> = { fr: "fr-CA", en: "en-CA" };
let current: Language = "fr";

export function setLanguage(language: Language): void {
  current = language;
  document.documentElement.lang = language;
}

export const language = (): Language => current;

/** The language to start in: the one asked for, otherwise English for English browsers, or French. */
export function preferredLanguage(asked: string | null): Language {
  if (asked === "fr" || asked === "en") return asked;
  return navigator.language.startsWith("en") ? "en" : "fr";
}

/**
 * The message of a key with its `{placeholders}` filled in; numbers are formatted. The number
 * `count` selects the plural form. A placeholder without a value stays visible in the text.
 */
export function t(key: MessageKey, values: Record<string, string | number> = {}): string {
  const message = messages[current][key];
  const text = typeof message === "string" ? message : pluralForm(message, Number(values.count));
  return text.replace(/\{(\w+)\}/g, (placeholder, name: string) => {
    const value = values[name] ?? placeholder;
    return typeof value === "number" ? formatNumber(value) : value;
  });
}

function pluralForm(forms: Exclude<Message, string>, count: number): string {
  const category = new Intl.PluralRules(locales[current]).select(count);
  return (forms as Record<string, string>)[category] ?? forms.other;
}

/** The message of an API value, such as `status.open`; the value itself if it has no message. */
export function tValue(kind: string, value: string): string {
  const message = (messages[current] as Record<string, Message>)[`${kind}.${value}`];
  return typeof message === "string" ? message : value;
}

export const formatNumber = (value: number): string =>
  new Intl.NumberFormat(locales[current]).format(value);

/** A number short enough for a circle on the map: 950, 1.2K, 34K. */
export const formatCompact = (value: number): string =>
  new Intl.NumberFormat(locales[current], { notation: "compact" }).format(value);

/** A share from 0 to 1 as a percentage. */
export const formatPercent = (share: number): string =>
  new Intl.NumberFormat(locales[current], { style: "percent" }).format(share);

export const formatMeters = (meters: number): string =>
  new Intl.NumberFormat(locales[current], { style: "unit", unit: "meter" }).format(meters);

/** A duration in days, with the word in the right number: 1 day, 30 days. */
export const formatDays = (days: number): string =>
  new Intl.NumberFormat(locales[current], { style: "unit", unit: "day", unitDisplay: "long" }).format(days);

/** The API writes `YYYY-MM-DD` if it knows the day of an event and not its hour. */
const isDateOnly = (time: string): boolean => time.length === 10;

/** Noon UTC of a `YYYY-MM-DD`, which formats as that same day in the time zone UTC. */
const noon = (date: string): Date => new Date(`${date}T12:00:00Z`);

/** French writes the first day of a month "1er"; `Intl` writes "1". */
const joinDate = (parts: { type: string; value: string }[]): string =>
  parts.map(({ type, value }) => (current === "fr" && type === "day" && value === "1" ? "1er" : value)).join("");

/** A time of the API as people say it in the city's time zone: "March 3, 2026 at 2:05 p.m.". */
export function formatDateTime(time: string, timeZone: string): string {
  const options: Intl.DateTimeFormatOptions = isDateOnly(time)
    ? { dateStyle: "long", timeZone: "UTC" } : { dateStyle: "long", timeStyle: "short", timeZone };
  const date = isDateOnly(time) ? noon(time) : new Date(time);
  return joinDate(new Intl.DateTimeFormat(locales[current], options).formatToParts(date));
}

/** A time of the API to the second, in the city's time zone. */
export const formatExactTime = (time: string, timeZone: string): string =>
  new Intl.DateTimeFormat(locales[current], { dateStyle: "medium", timeStyle: "medium", timeZone })
    .format(new Date(time));

/** The days from `first` to `last`, both `YYYY-MM-DD`: "March 3–9, 2026". */
export function formatDateRange(first: string, last: string): string {
  const options = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" } as const;
  const format = new Intl.DateTimeFormat(locales[current], first === last ? { ...options, weekday: "short" } : options);
  return joinDate(format.formatRangeToParts(noon(first), noon(last)));
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3600], ["minute", 60],
];

/** How long ago a time of the API was, in whole units of the largest one that fits: "3 days ago". */
export function formatTimeAgo(time: string, style: "long" | "short" = "long"): string {
  const relative = (numeric: "always" | "auto", value: number, unit: Intl.RelativeTimeFormatUnit): string =>
    new Intl.RelativeTimeFormat(locales[current], { numeric, style }).format(value, unit);
  const now = new Date();
  let seconds = Math.max(0, (now.getTime() - new Date(time).getTime()) / 1000);
  if (isDateOnly(time)) {
    // Without an hour only calendar days can be counted.
    const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate(), 12);
    const days = Math.max(0, Math.round((today - noon(time).getTime()) / 86_400_000));
    if (days < 30) return relative("auto", -days, "day");
    seconds = days * 86_400;
  }
  const fitting = UNITS.find(([, length]) => seconds >= length);
  if (!fitting) return relative("auto", 0, "second");
  const [unit, length] = fitting;
  return relative("always", -Math.floor(seconds / length), unit);
}
