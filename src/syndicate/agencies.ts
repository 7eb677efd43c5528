/**
 * News agencies, as feeds name them: in the author, in the dateline at the head of the text, never in the credit of a
 * picture. Pure.
 */
import type { Entry } from "../model.ts";
import { readableHtml } from "./tokens.ts";

export interface Agency {
  /** As it is shown. */
  readonly name: string;
  /** How bylines and datelines spell it; compared without case. */
  readonly spellings: readonly string[];
  /** Its own sites; subdomains count. */
  readonly hosts: readonly string[];
}

const AGENCIES: readonly Agency[] = [
  { name: "AFP", spellings: ["afp", "agence france-presse", "agence france presse"], hosts: ["afp.com"] },
  { name: "Reuters", spellings: ["reuters", "thomson reuters", "рейтер"], hosts: ["reuters.com"] },
  {
    name: "AP",
    spellings: ["ap", "associated press", "the associated press", "ap news"],
    hosts: ["apnews.com", "ap.org"],
  },
  { name: "dpa", spellings: ["dpa", "deutsche presse-agentur"], hosts: ["dpa.com", "dpa-international.com"] },
  { name: "EFE", spellings: ["efe", "agencia efe"], hosts: ["efe.com"] },
  { name: "ANSA", spellings: ["ansa", "agenzia ansa"], hosts: ["ansa.it"] },
  {
    name: "Xinhua",
    spellings: ["xinhua", "xinhua news agency", "新华社", "新華社"],
    hosts: ["xinhuanet.com", "news.cn"],
  },
  { name: "TASS", spellings: ["tass", "тасс", "итар-тасс"], hosts: ["tass.com", "tass.ru"] },
  { name: "PTI", spellings: ["pti", "press trust of india"], hosts: ["ptinews.com"] },
  { name: "ANI", spellings: ["ani", "asian news international"], hosts: ["aninews.in"] },
  { name: "IANS", spellings: ["ians", "indo-asian news service"], hosts: ["ians.in", "ianslive.in"] },
  {
    name: "Kyodo",
    spellings: ["kyodo", "kyodo news", "共同", "共同通信"],
    hosts: ["kyodonews.net", "english.kyodonews.net", "kyodonews.jp"],
  },
  { name: "Jiji Press", spellings: ["jiji", "jiji press", "時事", "時事通信"], hosts: ["jiji.com"] },
  {
    name: "CP",
    spellings: ["cp", "the canadian press", "canadian press", "la presse canadienne"],
    hosts: ["thecanadianpress.com"],
  },
  { name: "Bloomberg", spellings: ["bloomberg", "bloomberg news"], hosts: ["bloomberg.com"] },
  { name: "UPI", spellings: ["upi", "united press international"], hosts: ["upi.com"] },
  { name: "PA Media", spellings: ["pa", "pa media", "press association"], hosts: ["pa.media"] },
  { name: "AAP", spellings: ["aap", "australian associated press"], hosts: ["aap.com.au"] },
  { name: "APA", spellings: ["apa", "austria presse agentur"], hosts: ["apa.at"] },
  { name: "Keystone-SDA", spellings: ["sda", "keystone-sda", "ats"], hosts: ["keystone-sda.ch"] },
  { name: "Belga", spellings: ["belga"], hosts: ["belga.be", "belganewsagency.eu"] },
  { name: "ANP", spellings: ["anp"], hosts: ["anp.nl"] },
  { name: "NTB", spellings: ["ntb"], hosts: ["ntb.no"] },
  { name: "TT", spellings: ["tt", "tt nyhetsbyrån"], hosts: ["tt.se"] },
  { name: "Ritzau", spellings: ["ritzau"], hosts: ["ritzau.dk"] },
  { name: "STT", spellings: ["stt"], hosts: ["stt.fi"] },
  { name: "Lusa", spellings: ["lusa", "agência lusa"], hosts: ["lusa.pt"] },
  { name: "PAP", spellings: ["pap", "polska agencja prasowa"], hosts: ["pap.pl"] },
  { name: "Interfax", spellings: ["interfax", "интерфакс"], hosts: ["interfax.ru", "interfax.com"] },
  { name: "RIA Novosti", spellings: ["ria novosti", "риа новости", "риа"], hosts: ["ria.ru"] },
  {
    name: "Ukrinform",
    spellings: ["ukrinform", "укринформ", "укрінформ"],
    hosts: ["ukrinform.net", "ukrinform.ua", "ukrinform.ru"],
  },
  { name: "Yonhap", spellings: ["yonhap", "yonhap news agency", "연합뉴스"], hosts: ["yna.co.kr"] },
  { name: "Bernama", spellings: ["bernama"], hosts: ["bernama.com"] },
  { name: "Anadolu", spellings: ["anadolu", "anadolu agency", "anadolu ajansı"], hosts: ["aa.com.tr"] },
];

const BY_SPELLING = new Map(AGENCIES.flatMap((agency) => agency.spellings.map((text) => [text, agency])));
const BY_HOST = new Map(AGENCIES.flatMap((agency) => agency.hosts.map((host) => [host, agency])));

/** Letters of a byline that may stand before the agency without making it a person: "By", "Von", "Par" … */
const BY = /^(?:by|von|par|por|di|av|af|от|staff|источник:?|source:?)\s+/i;
/** Of a person at an agency: "Jane Roe, Associated Press", "Jane Roe | Reuters", "Reuters Staff". */
const PARTS = /\s*(?:,|\||\/|·|•|—|–| - | and | und | et |&|\(|\)|\bvia\b|\bwith\b)\s*/i;
/** Who took or drew something is no author of the text. */
const PICTURE = /\b(?:photo|image|picture|video|graphic|foto|credit|getty|file)\b/i;

const DATELINE_LENGTH_MAX = 200;
/** Of markup, for a dateline of which a caption may stand in front. */
const HEAD_LENGTH_MAX = 1500;
/** A place and perhaps a date, at most so long before the agency's name. */
const PLACE_LENGTH_MAX = 70;

/** The agency that a text comes from, as its author or its dateline says; null where neither does. */
export function agencyOf(entry: Pick<Entry, "authors" | "contentHtml" | "summary">): Agency | null {
  for (const { name } of entry.authors) {
    const agency = agencyOfByline(name);
    if (agency !== null) return agency;
  }
  for (const html of [entry.contentHtml, entry.summary]) {
    const agency = html === null ? null : agencyOfDateline(html);
    if (agency !== null) return agency;
  }
  return null;
}

function agencyOfByline(name: string): Agency | null {
  if (name.length > 200 || PICTURE.test(name)) return null;
  for (const part of name.split(PARTS)) {
    const said = part
      .trim()
      .replace(BY, "")
      .replace(/\s+(?:staff|staff writer|writer|correspondent|reporter|news staff)$/i, "")
      .toLowerCase();
    const agency = BY_SPELLING.get(said);
    if (agency !== undefined) return agency;
  }
  return null;
}

/** `PARIS (AFP) - `, `MOSCOW, November 26. /TASS/.`, `(ANSA) - ROMA, 26 NOV -`, `New Delhi, Nov 26 (PTI) `, `(共同)`. */
const IN_BRACKETS =
  /^([^()[\]/<>（）]*?)(?:\(|\[|\/|（|【)([\p{L}][\p{L}\p{M} .\-'’]{0,30}?)(?:\)|\]|\/|）|】)(?=\s*(?:[-–—―:.,]|$|[\p{Lu}\p{Lo}"“«]))/u;
const BRACKET = /[([/（【]/;
/** `AFP - `, `Reuters: ` with nothing before. */
const BARE = /^(\p{Lu}[\p{L}\p{M} .-]{1,30}?)\s*(?:[–—―:]|-\s|\s-\s)/u;
/** `新华社北京11月26日电`. */
const HAN = /^[\s【（(]*(新华社|新華社|共同社|時事)/u;

function agencyOfDateline(html: string): Agency | null {
  const text = readableHtml(html.slice(0, HEAD_LENGTH_MAX))
    .replace(/<[^<>]*>/g, " ")
    .trimStart()
    .slice(0, 2 * DATELINE_LENGTH_MAX);
  // New Delhi [India], November 26 (ANI):
  const head = (text.includes("[") ? text.replace(/\[\p{Lu}[\p{L} ]{2,30}\]/gu, "") : text)
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, DATELINE_LENGTH_MAX);
  const han = HAN.exec(head)?.[1];
  if (han !== undefined) return BY_SPELLING.get(han === "共同社" ? "共同" : han) ?? null;
  const bracketed = BRACKET.test(head) ? IN_BRACKETS.exec(head) : null;
  const place = bracketed?.[1] ?? "";
  if (bracketed !== null && place.length <= PLACE_LENGTH_MAX && isPlace(place)) {
    const agency = BY_SPELLING.get((bracketed[2] ?? "").trim().toLowerCase());
    if (agency !== undefined) return agency;
  }
  const bare = BARE.exec(head)?.[1]?.trim().toLowerCase();
  return bare === undefined ? null : (BY_SPELLING.get(bare) ?? null);
}

/** Nothing, or a place and a date: few words, no picture's credit. */
function isPlace(text: string): boolean {
  if (PICTURE.test(text)) return false;
  const words = text.trim().split(/\s+/);
  return words.length <= 9 && (text.trim() === "" || /^[\p{Lu}\p{Lo}\d"“«]/u.test(text.trim()));
}

/** The agency whose own site a URL is on, or null. */
export function agencyOfUrl(url: string | null): Agency | null {
  const hostname = url === null ? undefined : URL.parse(url)?.hostname;
  if (hostname === undefined) return null;
  const labels = hostname.split(".");
  for (let start = 0; start < labels.length - 1; start += 1) {
    const agency = BY_HOST.get(labels.slice(start).join("."));
    if (agency !== undefined) return agency;
  }
  return null;
}
