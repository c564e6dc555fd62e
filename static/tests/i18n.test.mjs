// Tests of the locale files and of i18n.ts, which is bundled here because Node does not run TypeScript.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const LOCALES = { fr: "fr-CA", en: "en-CA" };
const messages = Object.fromEntries(Object.keys(LOCALES).map((language) =>
  [language, JSON.parse(readFileSync(join(root, `locales/${language}.json`), "utf8"))]));
const sources = readdirSync(root)
  .filter((name) => name.endsWith(".ts") && name !== "api-types.ts")
  .map((name) => ({ name, text: readFileSync(join(root, name), "utf8") }));

globalThis.document = { documentElement: {} };
const { outputFiles: [bundle] } = await build({
  absWorkingDir: root, entryPoints: ["i18n.ts"], bundle: true, format: "esm", write: false,
});
const i18n = await import(`data:text/javascript;base64,${Buffer.from(bundle.text).toString("base64")}`);

/** The texts of a message: one, or one for each plural category. */
const texts = (message) => (typeof message === "string" ? [message] : Object.values(message));
const placeholders = (text) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))].sort();

/** All placeholders of a message in any language. */
const placeholdersOf = (key) => placeholders(Object.values(messages).flatMap((all) => texts(all[key])).join());

/** Intl uses several kinds of no-break spaces. */
const plainSpaces = (text) => text.replace(/\s/g, " ");

test("both languages have the same keys", () => {
  assert.deepEqual(Object.keys(messages.fr), Object.keys(messages.en));
});

test("every counted message has exactly the plural categories of its language", () => {
  let counted = 0;
  for (const [language, all] of Object.entries(messages)) {
    const { pluralCategories } = new Intl.PluralRules(LOCALES[language]).resolvedOptions();
    for (const [key, message] of Object.entries(all)) {
      if (typeof message === "string") continue;
      assert.deepEqual(Object.keys(message).sort(), [...pluralCategories].sort(), `${language} ${key}`);
      counted++;
    }
  }
  assert.ok(counted > 20, `${counted} counted messages`);
});

test("a message has the same placeholders in both languages and in all plural forms", () => {
  for (const key of Object.keys(messages.en)) {
    const expected = placeholdersOf(key);
    for (const [language, all] of Object.entries(messages)) {
      assert.equal(typeof all[key], typeof messages.en[key], `${language} ${key}: plural in one language only`);
      for (const text of texts(all[key])) assert.deepEqual(placeholders(text), expected, `${language} ${key}: ${text}`);
      const isCounted = typeof all[key] !== "string";
      // The count selects the form; another number cannot decide the word after it.
      assert.ok(!isCounted || expected.includes("count"), `${language} ${key} has no {count}`);
    }
  }
});

test("no message puts a plural into parentheses or a number before a fixed plural", () => {
  for (const [language, all] of Object.entries(messages)) {
    for (const [key, message] of Object.entries(all)) {
      for (const text of texts(message)) assert.doesNotMatch(text, /\((s|es|x)\)/, `${language} ${key}`);
      if (typeof message === "string") assert.doesNotMatch(message, /\{count\} \p{L}/u, `${language} ${key} is not plural`);
    }
  }
});

test("French spaces before double punctuation do not break", () => {
  for (const [key, message] of Object.entries(messages.fr)) {
    for (const text of texts(message)) assert.doesNotMatch(text, / [:;?!»]|« /, `fr ${key}: ${text}`);
  }
});

/**
 * The calls `t("key", { name: … })` of a source with the names of the values that they pass. Calls
 * whose key is computed pass values too, and are not among these.
 */
function* literalCalls(text) {
  for (const match of text.matchAll(/\bt\("([\w.]+)"(, \{)?/g)) {
    const names = [];
    if (match[2]) {
      let depth = 0;
      let atName = true;
      for (let i = match.index + match[0].length; depth >= 0; i++) {
        const character = text[i];
        const name = depth === 0 && atName ? text.slice(i).match(/^\s*(\w+)\s*[:,}]/) : null;
        if (name) {
          names.push(name[1]);
          i += name[0].length - 2;
          atName = false;
        } else if ("({[".includes(character)) depth++;
        else if (")}]".includes(character)) depth--;
        else if (character === "," && depth === 0) atName = true;
      }
    }
    yield { key: match[1], names: names.sort() };
  }
}

test("every call passes exactly the values of its message's placeholders", () => {
  let calls = 0;
  for (const { name, text } of sources) {
    for (const call of literalCalls(text)) {
      assert.ok(call.key in messages.en, `${name}: no message "${call.key}"`);
      assert.deepEqual(call.names, placeholdersOf(call.key), `${name}: ${call.key}`);
      calls++;
    }
  }
  assert.ok(calls > 80, `${calls} calls`);
});

test("every message is used", () => {
  const code = sources.map(({ text }) => text).join("\n");
  const literals = new Set([...code.matchAll(/"([\w.]+)"/g)].map((match) => match[1]));
  // Keys with a computed end: `kind.${value}` and tValue("kind", value).
  const computed = [...code.matchAll(/`([\w.]+\.)\$\{|tValue\("([\w.]+)"/g)].map(([, start, kind]) => start ?? `${kind}.`);
  const unused = Object.keys(messages.en).filter((key) =>
    !literals.has(key) && !computed.some((start) => key.startsWith(start)));
  assert.deepEqual(unused, []);
});

test("counted phrases are right in both languages", () => {
  const phrases = (language, ...counts) => {
    i18n.setLanguage(language);
    return counts.map((count) => plainSpaces(i18n.t("count.reports", { count })));
  };
  assert.deepEqual(phrases("fr", 0, 1, 2, 1_000_000), ["0 demande", "1 demande", "2 demandes", "1 000 000 de demandes"]);
  assert.deepEqual(phrases("en", 0, 1, 2, 1_000_000), ["0 requests", "1 request", "2 requests", "1,000,000 requests"]);
  i18n.setLanguage("fr");
  assert.equal(i18n.t("count.expected.reports", { count: 1.5 }), "1,5 attendue");
  assert.equal(i18n.t("report.track", {}), "Suivre ma demande");
  assert.equal(i18n.t("tracking.people", {}).includes("{count}"), true, "a missing value stays visible");
});

test("dates, durations and numbers are as people say them", () => {
  i18n.setLanguage("fr");
  assert.equal(i18n.formatDateTime("2026-03-01", "America/Toronto"), "1er mars 2026");
  assert.equal(plainSpaces(i18n.formatDateTime("2026-03-01T19:05:00Z", "America/Toronto")), "1er mars 2026 à 14 h 05");
  assert.equal(i18n.formatDateRange("2026-03-01", "2026-03-09"), "1er–9 mars 2026");
  assert.equal(plainSpaces(i18n.formatDays(1)), "1 jour");
  assert.equal(plainSpaces(i18n.formatDays(30)), "30 jours");
  assert.equal(plainSpaces(i18n.formatPercent(0.87)), "87 %");
  i18n.setLanguage("en");
  assert.equal(i18n.formatDateTime("2026-03-01", "America/Toronto"), "March 1, 2026");
  assert.equal(i18n.formatDateRange("2026-03-03", "2026-03-03"), "Tue, March 3, 2026");
  assert.equal(i18n.formatDays(1), "1 day");
  assert.equal(i18n.formatCompact(34_210), "34K");
});

test("how long ago: elapsed time for instants, calendar days for dates without an hour", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: new Date(2026, 2, 10, 9, 30) });
  i18n.setLanguage("en");
  const ago = (minutes) => i18n.formatTimeAgo(new Date(Date.now() - minutes * 60_000).toISOString());
  assert.deepEqual([0, 1, 59, 60, 25 * 60, 40 * 1440, 800 * 1440].map(ago),
    ["now", "1 minute ago", "59 minutes ago", "1 hour ago", "1 day ago", "1 month ago", "2 years ago"]);
  assert.deepEqual(["2026-03-10", "2026-03-09", "2026-03-01", "2026-01-10"].map((time) => i18n.formatTimeAgo(time)),
    ["today", "yesterday", "9 days ago", "1 month ago"]);
});
