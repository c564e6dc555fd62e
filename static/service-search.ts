// Search of services by the words people use: names in both languages, synonyms and descriptions match,
// whatever the accents, the case, the number, or a typing error.
import type { Service } from "./api";

/** Lower case without accents; "œ" as "oe". */
const fold = (text: string): string =>
  text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/œ/g, "oe").replace(/’/g, "'");

/** French and English words too common to distinguish services. */
const STOP_WORDS = new Set((
  "le la les l un une des de du d a au aux en dans sur et ou the a an of in on at my mon ma mes est is il y ya"
).split(" "));

const tokens = (text: string): string[] =>
  fold(text).split(/[^a-z0-9]+/).filter((word) => word && !STOP_WORDS.has(word));

const singular = (word: string): string => (word.length > 3 ? word.replace(/[sx]$/, "") : word);

function bigrams(text: string): Set<string> {
  const pairs = new Set<string>();
  for (let i = 0; i + 1 < text.length; i++) pairs.add(text.slice(i, i + 2));
  return pairs;
}

/** Dice coefficient of the letter pairs of two words: 0 for none in common, 1 for all. */
function diceSimilarity(a: string, b: string): number {
  const [left, right] = [bigrams(a), bigrams(b)];
  let common = 0;
  for (const pair of left) if (right.has(pair)) common++;
  return (2 * common) / Math.max(1, left.size + right.size);
}

/** How well a typed word matches a word of a service, from 0 to 1. */
function wordScore(typed: string, known: string): number {
  if (singular(typed) === singular(known)) return 1;
  if (known.startsWith(singular(typed))) return 0.85;
  if (typed.length < 4) return 0;
  const similarity = diceSimilarity(singular(typed), singular(known));
  return similarity > 0.6 ? similarity * 0.7 : 0;
}

/** How well a service matches the typed words, from 0 to 1: the best score of its texts. */
function serviceScore(service: Service, typed: string[]): number {
  const texts: [text: string, weight: number][] = [
    [service.service_name, 1],
    [service.names.fr, 0.95],
    [service.names.en, 0.95],
    ...service.synonyms.map((synonym): [string, number] => [synonym, 0.9]),
    [service.description, 0.5],
  ];
  const scores = texts.map(([text, weight]) => {
    const words = tokens(text);
    const best = typed.map((one) => Math.max(0, ...words.map((word) => wordScore(one, word))));
    const mean = best.reduce((sum, score) => sum + score, 0) / typed.length;
    // Of two texts that contain the typed words the shorter one is the better match.
    return weight * mean * (0.9 + 0.1 / Math.max(1, words.length));
  });
  return Math.max(...scores);
}

/** Services below this score do not match. */
const SCORE_MIN = 0.3;

/** The services that match a text, the best first, at most `limit`; the first ones for an empty text. */
export function searchServices(services: Service[], text: string, limit: number): Service[] {
  const typed = tokens(text);
  if (typed.length === 0) return services.slice(0, limit);
  return services
    .map((service) => ({ service, score: serviceScore(service, typed) }))
    .filter(({ score }) => score > SCORE_MIN)
    .sort((a, b) => b.score - a.score || a.service.service_name.localeCompare(b.service.service_name))
    .slice(0, limit)
    .map(({ service }) => service);
}
