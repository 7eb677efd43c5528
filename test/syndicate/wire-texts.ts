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
const CAUSES =
  list(`after heavy rain, amid rising prices, despite earlier promises, following a complaint, ahead of the vote,
  because of missing documents, under pressure from neighbours, in spite of the costs, as talks stalled, once repairs begin,
  since the spring, without further debate, on legal advice, over safety concerns, during the night, in response to critics`);
const ENDS =
  list(`would take months, could cost far more, had been ignored for years, came as a surprise, needed more time,
  changed little in practice, raised new questions, was the only way forward, had never been tested, deserved an answer,
  might still fail, was badly prepared, would be watched abroad, gave hope to many, went too far, did not go far enough`);
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
  const number = (max: number) => String(Math.ceil(random() * max));
  const sentences: readonly (() => string)[] = [
    () => `${capital(body)} ${p(VERBS)} the ${p(ADJECTIVES)} ${nounA} in ${p(places)} ${p(CAUSES)}.`,
    () => `"The ${p(NOUNS)} ${p(ENDS)}," said ${p(people)}, who speaks for ${p(THINGS)} in ${p(places)}.`,
    () => `Some ${number(9000)} ${p(THINGS)} were told that the ${p(ADJECTIVES)} ${p(NOUNS)} ${p(ENDS)}.`,
    () =>
      `${p(people)} ${p(VERBS)} a ${p(ADJECTIVES)} ${nounB} worth ${number(900)} million euros ${p(CAUSES)}.`,
    () =>
      `Of the ${number(400)} ${p(THINGS)} asked in ${p(places)}, ${number(100)} percent said the ${p(NOUNS)} ${p(ENDS)}.`,
    () =>
      `Critics among the ${p(THINGS)} ${p(VERBS)} it ${p(CAUSES)}, while ${p(BODIES)} said it ${p(ENDS)}.`,
    () =>
      `A ${p(ADJECTIVES)} ${p(NOUNS)} ${p(CAUSES)} had left ${number(700)} ${p(THINGS)} without a ${p(NOUNS)}.`,
    () =>
      `Work on the ${p(NOUNS)} near ${p(places)} began in ${1980 + Math.floor(random() * 45)} and ${p(ENDS)}.`,
    () =>
      `${capital(p(THINGS))} and ${p(THINGS)} ${p(VERBS)} the ${nounA} ${p(CAUSES)}, ${p(people)} recalled.`,
  ];
  const paragraphs: string[] = [];
  let count = 0;
  while (count < length) {
    const text = Array.from({ length: 2 }, () => p2(sentences, random)()).join(" ");
    paragraphs.push(text);
    count += text.split(" ").length;
  }
  const title = `${p(places)} ${p(THINGS)} await ${p(ADJECTIVES)} ${nounA} as ${body.replace(/^the /, "")} ${p(VERBS)} ${nounB}`;
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
