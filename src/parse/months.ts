/** Languages whose month names feeds use, the likelier meaning first where two share a word. */
const LANGUAGES =
  "en de fr es it pt nl ru pl tr sv da nb cs fi hu ro el uk bg sk sl et lv lt ca eu gl id vi hr sr mk be is ga cy sq ar ar-SY he az kk ka hy hi bn".split(
    " ",
  );

/** Abbreviations in the wild that ICU does not know. */
const EXTRA: readonly (readonly [string, number])[] = [
  ["sept", 9],
  ["janv", 1],
  ["fevr", 2],
  ["avr", 4],
  ["juil", 7],
  ["aout", 8],
  ["mrz", 3],
  ["maerz", 3],
  ["okt", 10],
  ["dez", 12],
  ["des", 12],
  ["ene", 1],
  ["abr", 4],
  ["ago", 8],
  ["dic", 12],
  ["mai", 5],
  ["maj", 5],
  ["mei", 5],
];

const ENGLISH: ReadonlyMap<string, number> = new Map(
  "january february march april may june july august september october november december"
    .split(" ")
    .flatMap((name, index) => [
      [name, index + 1],
      [name.slice(0, 3), index + 1],
    ]),
);

/** The month, 1 to 12, that an English name or its first three letters stand for. */
export function monthOfEnglish(word: string): number | null {
  return ENGLISH.get(word.toLowerCase()) ?? null;
}

let others: ReadonlyMap<string, number> | null = null;

/** The month, 1 to 12, that a word names in one of the languages of `Intl`, in full or abbreviated; null for none. */
export function monthOfName(word: string): number | null {
  const name = fold(word);
  if (name.length < 3) return null;
  const english = ENGLISH.get(name);
  if (english !== undefined) return english;
  others ??= collectMonthNames();
  return others.get(name) ?? null;
}

/** Built when the first month comes that is not English: some hundred formatters cost about 30 ms, once. */
function collectMonthNames(): ReadonlyMap<string, number> {
  const names = new Map<string, number>(EXTRA);
  const days = Array.from({ length: 12 }, (_, month) => new Date(Date.UTC(2001, month, 15)));
  for (const language of LANGUAGES) {
    for (const month of ["long", "short"] as const) {
      for (const day of [{ day: "numeric" }, {}] as const) {
        const format = new Intl.DateTimeFormat(language, { month, ...day, timeZone: "UTC" });
        days.forEach((date, index) => {
          const name = fold(format.formatToParts(date).find((part) => part.type === "month")?.value ?? "");
          if (name.length >= 3 && !/^\d+$/.test(name) && !ENGLISH.has(name) && !names.has(name))
            names.set(name, index + 1);
        });
      }
    }
  }
  return names;
}

/** Lower case, without accents and the dot of an abbreviation. */
function fold(word: string): string {
  return word.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/\.$/, "").trim();
}
