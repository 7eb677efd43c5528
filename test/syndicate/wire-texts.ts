/**
 * Wire reports that nobody wrote, the same at every run: people, places, amounts and days put into sentences of news
 * English, and the edits that papers make to them.
 */

/** A generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface WireText {
  readonly title: string;
  readonly paragraphs: readonly string[];
}

const list = (text: string): readonly string[] => text.trim().split(/\s*[,\n]\s*/);

const FIRST =
  list(`Anna, Peter, Maria, Ivan, Chen, Amina, John, Fatima, Luis, Ingrid, Kofi, Yuki, Omar, Elena, Marek, Sofia,
  David, Leila, Paulo, Grace, Viktor, Nadia, Hassan, Julia, Tomas, Rosa, Samuel, Mei, Andrei, Claire`);
const LAST =
  list(`Novak, Okafor, Hansen, Petrov, Alvarez, Tanaka, Silva, Haddad, Schmidt, Rossi, Kowalski, Dubois, Murphy,
  Singh, Ivanova, Larsen, Mensah, Castro, Weber, Popescu, Nilsson, Costa, Farouk, Horvat, Bianchi, Moreau, Kimani, Duarte`);
const PLACES =
  list(`Riga, Lagos, Turin, Porto, Gdansk, Tampere, Bergen, Cordoba, Izmir, Kaunas, Lyon, Ghent, Malmo, Brno, Graz,
  Split, Varna, Cork, Leeds, Osaka, Busan, Perth, Halifax, Denver, Quito, Rosario, Accra, Nairobi, Tunis, Amman`);
const BODIES =
  list(`the transport ministry, the central bank, the regional court, the health agency, the port authority,
  the national assembly, the teachers' union, the water company, the election commission, the fire service,
  the statistics office, the city council, the rail operator, the competition watchdog, the farmers' association`);
const NOUNS =
  list(`bridge, tunnel, budget, inquiry, harvest, strike, pipeline, vaccine, verdict, merger, flood, blackout,
  contract, refinery, hospital, railway, ferry, dam, stadium, reactor, museum, airport, school, forest, factory, archive,
  loan, tariff, ceasefire, satellite, market, mine, canal, festival, census, border, subsidy, lawsuit, protest, recall`);
const ADJECTIVES =
  list(`sudden, costly, disputed, long-awaited, controversial, temporary, unprecedented, modest, sharp, partial,
  provisional, emergency, delayed, ambitious, secret, peaceful, fragile, record, unusual, planned, narrow, broad, steady`);
const VERBS =
  list(`approved, rejected, delayed, questioned, announced, cancelled, defended, reviewed, welcomed, suspended,
  confirmed, expanded, criticised, abandoned, published, investigated, restored, blocked, endorsed, reopened`);
const THINGS =
  list(`residents, investors, commuters, patients, farmers, prosecutors, engineers, pensioners, students, drivers,
  traders, volunteers, tenants, sailors, teachers, scientists, tourists, lawmakers, miners, nurses, fishermen, builders`);
const SAID = list(
  `said, recalled, argued, warned, explained, insisted, noted, wrote, admitted, claimed, replied, told reporters`,
);
const LINKS =
  list(`after, amid, despite, following, ahead of, because of, without, under, over, before, beyond, until, against,
  during, between, since, near, behind, beside, throughout`);
const MODALS =
  list(`would, could, might, should, must, had to, seemed to, failed to, hoped to, refused to, began to, promised to,
  was expected to, was likely to, did not, never, rarely, will soon, can hardly, used to`);
const ACTIONS =
  list(`cost, delay, help, worry, divide, surprise, replace, finance, repair, inspect, close, reach, satisfy, cover,
  follow, protect, burden, reward, test, explain, exceed, damage, calm, shift, attract, remind, spare, blame, convince, join`);
const FILLERS =
  list(`officials, however, local, several, earlier, report, decision, people, work, plan, meeting, letter, public,
  weeks, question, process, support, region, statement, group, effort, matter, change, result, review, issue, step, point`);

type Random = () => number;

function pick(words: readonly string[], random: Random): string {
  return words[Math.floor(random() * words.length)] ?? "";
}

/** A report of some `length` words, of its own people, places and figures. */
export function writeReport(seed: number, length = 380): WireText {
  const random = randomFrom(seed * 7919 + 17);
  const p = (words: readonly string[]) => pick(words, random);
  const people = Array.from({ length: 4 }, () => `${p(FIRST)} ${p(LAST)}`);
  const places = Array.from({ length: 3 }, () => p(PLACES));
  const body = p(BODIES);
  const [nounA, nounB] = [p(NOUNS), p(NOUNS)];
  const cause = () => `${p(LINKS)} ${p(ADJECTIVES)} ${p(NOUNS)}`;
  const end = () => `${p(MODALS)} ${p(ACTIONS)} ${p(ADJECTIVES)} ${p(THINGS)}`;
  const number = (max: number) => String(Math.ceil(random() * max));
  const thing = () => `${p(ADJECTIVES)} ${p(NOUNS)}`;
  const amount = () =>
    p2([() => `${number(900)} million`, () => `${number(90)} percent`, () => number(9000)], random)();
  const sentences: readonly (() => string)[] = [
    () => `${capital(body)} ${p(VERBS)} ${nounA} plans for ${p(places)} ${cause()}.`,
    () => `"${capital(p(NOUNS))} ${end()}," ${p(SAID)} ${p(people)} of ${p(places)}.`,
    () => `${capital(p(THINGS))} ${p(SAID)} ${amount()} ${p(NOUNS)} ${p(LINKS)} ${thing()} ${end()}.`,
    () => `${p(people)} ${p(VERBS)} ${thing()} ${cause()} and ${amount()} ${p(THINGS)} ${p(VERBS)} ${nounB}.`,
    () => `${capital(p(LINKS))} ${thing()}, ${amount()} ${p(THINGS)} near ${p(places)} ${end()}.`,
    () =>
      `${capital(p(ADJECTIVES))} ${p(THINGS)} ${p(VERBS)} ${p(NOUNS)}, ${p(BODIES)} ${p(SAID)}, ${cause()}.`,
    () => `${capital(p(NOUNS))} and ${p(NOUNS)} ${end()} ${cause()}.`,
    () => `${p(places)} ${p(VERBS)} ${nounB} in ${1980 + Math.floor(random() * 45)} ${cause()}.`,
    () => `${capital(p(THINGS))} ${p(VERBS)} ${nounA}, ${p(people)} ${p(SAID)} ${p(LINKS)} ${thing()}.`,
  ];
  const paragraphs: string[] = [];
  let count = 0;
  while (count < length) {
    const text = Array.from({ length: 2 }, () => p2(sentences, random)()).join(" ");
    paragraphs.push(text);
    count += text.split(" ").length;
  }
  // A headline says what the text tells.
  const office = body.replace(/^the /, "");
  const title = `${capital(office)} in ${places[0] ?? ""} ${p(VERBS)} ${nounA} as ${people[0] ?? ""} warns of ${nounB}`;
  return { title, paragraphs };
}

function p2<T>(items: readonly T[], random: Random): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Changes one word in five, numbers and names left as they are: an editor changes words, not facts. */
export function rewordFifth(text: WireText, seed: number): WireText {
  const random = randomFrom(seed * 31 + 5);
  const words = text.paragraphs.join(" ").split(" ").length;
  const plain = text.paragraphs.join(" ").split(" ").filter(isPlain).length;
  const rate = (0.2 * words) / plain;
  const reword = (line: string, share: number) =>
    line
      .split(" ")
      .map((word) => (isPlain(word) && random() < share ? pick(FILLERS, random) : word))
      .join(" ");
  return { title: reword(text.title, 0.2), paragraphs: text.paragraphs.map((line) => reword(line, rate)) };
}

function isPlain(word: string): boolean {
  return /^[a-z]/.test(word);
}

/** The first three tenths. */
export function cutToThird(text: WireText): WireText {
  const words = text.paragraphs.join(" ").split(" ");
  return { ...text, paragraphs: [words.slice(0, Math.round(words.length * 0.3)).join(" ")] };
}

/** The first half, and text of the paper's own that makes up two fifths of what it prints. */
export function cutAndLocalise(text: WireText, seed: number): WireText {
  const words = text.paragraphs.join(" ").split(" ");
  const half = words.slice(0, Math.round(words.length / 2));
  const local = writeReport(1_000_000 + seed, Math.round((half.length / 0.6) * 0.4));
  return { title: `Local: ${local.title}`, paragraphs: [half.join(" "), ...local.paragraphs] };
}

export function toHtml({ paragraphs }: WireText): string {
  return paragraphs.map((paragraph) => `<p>${paragraph}</p>`).join("\n");
}
