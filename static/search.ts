// Services found by what people say: names in both languages, synonyms, descriptions; accents,
// case, plurals and a slip of the finger do not matter.
import type { Service } from "./api";

export const fold = (text: string): string =>
  text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/œ/g, "oe").replace(/’/g, "'");

/** Little words and what everybody says of everything. */
const LITTLE = new Set("le la les l un une des de du d a au aux en dans sur et ou the a an of in on at my mon ma mes est is il y ya".split(" "));

const wordsOf = (text: string): string[] =>
  fold(text).split(/[^a-z0-9]+/).filter((word) => word && !LITTLE.has(word));

const singular = (word: string): string => (word.length > 3 ? word.replace(/[sx]$/, "") : word);

function bigrams(text: string): Set<string> {
  const pairs = new Set<string>();
  for (let i = 0; i + 1 < text.length; i++) pairs.add(text.slice(i, i + 2));
  return pairs;
}

/** Dice's coefficient of two words' pairs of letters. */
function likeness(a: string, b: string): number {
  const [one, other] = [bigrams(a), bigrams(b)];
  let both = 0;
  for (const pair of one) if (other.has(pair)) both++;
  return (2 * both) / Math.max(1, one.size + other.size);
}

/** How well a typed word fits a known one, from 0 to 1. */
function fit(typed: string, known: string): number {
  if (singular(typed) === singular(known)) return 1;
  if (known.startsWith(singular(typed))) return 0.85;
  if (typed.length < 4) return 0;
  const like = likeness(singular(typed), singular(known));
  return like > 0.6 ? like * 0.7 : 0;
}

/** Services that fit what was typed, the likeliest first; all of them, by name, for nothing. */
export function search(services: Service[], typed: string, most: number): Service[] {
  const wanted = wordsOf(typed);
  if (wanted.length === 0) return services.slice(0, most);
  const scored = services.map((service) => {
    const sources: [string, number][] = [
      [service.service_name, 1],
      [service.names?.fr ?? "", 0.95],
      [service.names?.en ?? "", 0.95],
      ...(service.synonyms ?? []).map((word): [string, number] => [word, 0.9]),
      [service.description ?? "", 0.5],
    ];
    let score = 0;
    for (const [text, weight] of sources) {
      const known = wordsOf(text);
      const fits = wanted.map((word) => Math.max(0, ...known.map((one) => fit(word, one))));
      const mean = fits.reduce((sum, one) => sum + one, 0) / wanted.length;
      // Of two texts that hold what was typed the shorter one says it better.
      score = Math.max(score, weight * mean * (0.9 + 0.1 / Math.max(1, known.length)));
    }
    return { service, score };
  });
  return scored
    .filter(({ score }) => score > 0.3)
    .sort((a, b) => b.score - a.score || a.service.service_name.localeCompare(b.service.service_name))
    .slice(0, most)
    .map(({ service }) => service);
}
