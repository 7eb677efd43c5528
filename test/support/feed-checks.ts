/**
 * The checks of the W3C feed validator (validator.w3.org/feed) that a feed of ours could fail, written anew from its list of
 * messages: the validator itself is in neither npm nor Debian. Each problem begins with the validator's name for it.
 */
import { Parser } from "htmlparser2";
import { isCanonicalUri } from "../../src/identify/canonical-uri.ts";
import { childrenOf, parseStrictXml, textOf, type XmlNode } from "./strict-xml.ts";

const ATOM = "http://www.w3.org/2005/Atom";
/** Registered link relations (IANA) that we write. */
const RELATIONS = new Set([
  "self",
  "alternate",
  "via",
  "enclosure",
  "replies",
  "hub",
  "prev-archive",
  "next-archive",
  "current",
  "related",
]);
/** Those of RFC 5005, which no entry has. */
const HISTORY_RELATIONS = new Set([
  "current",
  "first",
  "last",
  "next",
  "next-archive",
  "prev-archive",
  "previous",
]);
/** The prefixes that the validator knows by their namespaces; others are NonstdPrefix or UnknownNamespace. */
const PREFIXES: ReadonlyMap<string, string> = new Map([
  ["atom", ATOM],
  ["media", "http://search.yahoo.com/mrss/"],
  ["fh", "http://purl.org/syndication/history/1.0"],
  ["content", "http://purl.org/rss/1.0/modules/content/"],
  ["dc", "http://purl.org/dc/elements/1.1/"],
  ["itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"],
]);
/** What the elements that we write may hold: their attributes, by the validator's lists. */
const ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ["feed", "xml:lang"],
  ["entry", "xml:lang"],
  ["title", "type"],
  ["subtitle", "type"],
  ["rights", "type"],
  ["summary", "type"],
  ["content", "type url fileSize duration medium"],
  ["link", "rel type href title length hreflang"],
  ["category", "term scheme label domain text"],
  ["rss", "version"],
  ["guid", "isPermaLink"],
  ["enclosure", "url length type"],
  ["source", "url"],
  ["thumbnail", "url"],
  ["image", "href"],
  ["rating", "scheme"],
]);
const ELEMENTS = new Set(
  "feed id title subtitle updated author name uri email link generator entry published contributor category rights source icon summary content group thumbnail rating archive rss channel description docs language lastBuildDate item guid pubDate comments enclosure encoded creator image duration season episode episodeType explicit owner".split(
    " ",
  ),
);
/** Plain text, where `<` and `&` are to be written as `&#x3C;` and `&#x26;`. */
const UNMARKED_TEXT =
  /<(title|subtitle|rights|name|category|source|dc:rights|itunes:author|itunes:name)(?: [^>]*)?>[^<]*&(?:lt|amp);[^<]*<\/\1>/;
/** The validator's `nonhtml`, and text constructs that are not HTML. */
const PLAIN_ELEMENTS = new Set(
  "title subtitle rights name category source summary content author".split(" "),
);
/** Brackets are for an address of IPv6 alone (the validator's InvalidUriChar). */
const URI = /^[a-z][a-z0-9+.-]*:(?:\/\/\[[0-9a-f:.]+\])?[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]+$/i;
/** A host with dots (the validator's `httpURL`). */
const PLAIN_URL = /^https?:\/\/(?:[a-z0-9-]+\.)+[a-z0-9][a-z0-9-]*(?::\d+)?(?:\/|$)/i;
/** The validator's `rfc2396_full`. */
const FULL_URI = /^[a-z][a-z0-9+.-]*:(?:\/\/)?[0-9a-z;/?:@&=+$.\-_!~*'()%,#]+$/i;
const HTTP_URL = /^https?:\/\/[^\s/?#]+/i;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)$/;
const RFC822 =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;
const MIME = /^[a-z][a-z0-9-]*\/[a-z0-9][a-z0-9.+_-]*$/;
const EMAIL = /^[a-z0-9_+.'-]+@(?:[a-z0-9-]+\.)+[a-z0-9][a-z0-9-]*$/i;
/** Of those without a two-letter code; what our tests write. */
const LONG_LANGUAGES = new Set("mul und gsw fil haw ceb ast nds tlh".split(" "));
const LANGUAGE = /^[a-z]{2,3}(?:-[A-Za-z0-9]{1,8})*$/;
/** Elements that validators and readers call a risk in content. */
const RISKY = new Set(
  "applet base basefont bdo bgsound body button embed fieldset form frame frameset head html iframe input isindex layer link math meta noembed noframes noscript object optgroup option param plaintext rb rtc script select style svg template textarea title xml xmp".split(
    " ",
  ),
);
const URL_ATTRIBUTES = new Set([
  "href",
  "src",
  "cite",
  "poster",
  "action",
  "background",
  "longdesc",
  "data",
  "formaction",
]);

/** Problems with an Atom document at this address; empty when there are none. */
export function checkAtom(xml: string, location: string): readonly string[] {
  const problems: string[] = charactersOf(xml);
  const feed = parseStrictXml(xml);
  checkNames(feed, problems);
  checkHistory(feed, problems);
  if (feed.name !== "feed" || feed.uri !== ATOM) return ["UndefinedElement: the root is no atom:feed"];
  checkMetadata(feed, "feed", problems);
  const self = linksOf(feed, "self").map((link) => link.attributes.get("href"));
  if (self.length !== 1) problems.push(`MissingSelf: ${self.length} self links`);
  else if (self[0] !== location) problems.push(`SelfDoesntMatchLocation: ${self[0]} is not ${location}`);
  if (feed.children.findIndex(({ name }) => name === "entry") !== -1) {
    const last = feed.children.findLastIndex(({ name }) => name !== "entry");
    if (last > feed.children.findIndex(({ name }) => name === "entry"))
      problems.push("MisplacedMetadata: after an entry");
  }
  const links = childrenOf(feed, "link").map(({ attributes }) =>
    ["type", "rel", "hreflang"].map((one) => attributes.get(one)).join(" "),
  );
  if (new Set(links).size !== links.length) problems.push("DuplicateAtomLink: of the feed");
  const entries = childrenOf(feed, "entry");
  const ids = entries.map((entry) => textOf(entry, "id") ?? "");
  for (const id of repeated(ids)) problems.push(`DuplicateEntries: ${id}`);
  const updated = entries.map((entry) => textOf(entry, "updated"));
  if (new Set(updated).size !== updated.length) problems.push("DuplicateUpdated");
  for (const entry of entries) checkEntry(entry, problems);
  return problems;
}

function checkEntry(entry: XmlNode, problems: string[]): void {
  const name = `entry ${textOf(entry, "id")}`;
  checkMetadata(entry, name, problems);
  const content = childrenOf(entry, "content").filter(({ uri }) => uri === ATOM);
  const summary = childrenOf(entry, "summary");
  if (content.length === 0 && linksOf(entry, "alternate").length === 0)
    problems.push(`MissingContentOrAlternate: ${name}`);
  if (content.length + summary.length === 0) problems.push(`MissingTextualContent: ${name}`);
  for (const text of [...content, ...summary]) checkText(text, name, problems);
  const published = Date.parse(textOf(entry, "published") ?? "");
  const updated = Date.parse(textOf(entry, "updated") ?? "");
  if (!(updated >= published)) problems.push(`ImplausibleDate: ${name} was updated before it was published`);
  for (const { attributes } of childrenOf(entry, "link"))
    if (HISTORY_RELATIONS.has(attributes.get("rel") ?? "")) problems.push(`FeedHistoryRelInEntry: ${name}`);
  checkMedia(entry, name, problems);
  const [source] = childrenOf(entry, "source");
  if (source === undefined) problems.push(`MissingSourceElement: ${name}`);
  else checkMetadata(source, `source of ${name}`, problems);
  const authors = [...childrenOf(entry, "author"), ...childrenOf(source, "author")];
  if (authors.length === 0) problems.push(`MissingElement: ${name} has no author of its own`);
}

/** What feeds, entries and sources have in common. */
function checkMetadata(node: XmlNode, name: string, problems: string[]): void {
  for (const one of [
    "id",
    "title",
    "updated",
    "published",
    "rights",
    "subtitle",
    "content",
    "summary",
    "source",
    "generator",
    "icon",
  ]) {
    const own = childrenOf(node, one).filter(({ uri }) => uri === ATOM);
    if (own.length > 1) problems.push(`DuplicateElement: ${one} of ${name}`);
    for (const element of own)
      if (one !== "source" && element.text.trim() === "") problems.push(`NotBlank: ${one} of ${name}`);
  }
  for (const one of ["id", "title", "updated"])
    if (childrenOf(node, one).length === 0) problems.push(`MissingElement: ${one} of ${name}`);
  const id = textOf(node, "id") ?? "";
  if (!isCanonicalUri(id)) problems.push(`NonCanonicalURI: the id ${id}`);
  for (const one of ["updated", "published"]) {
    const date = textOf(node, one);
    if (date !== null && (!RFC3339.test(date) || Number.isNaN(Date.parse(date))))
      problems.push(`InvalidRFC3339Date: ${date} of ${name}`);
    if (date !== null && date < "1990") problems.push(`ImplausibleDate: ${date} of ${name}`);
    if (date !== null && date !== date.trim()) problems.push(`UnexpectedWhitespace: ${date} of ${name}`);
  }
  const [title] = childrenOf(node, "title");
  if (title !== undefined) checkText(title, name, problems);
  const language = node.attributes.get("xml:lang");
  if (language !== undefined && !isKnownLanguage(language))
    problems.push(`InvalidLanguage: ${language} of ${name}`);
  for (const person of [...childrenOf(node, "author"), ...childrenOf(node, "contributor")])
    checkPerson(person, name, problems);
  const alternates = linksOf(node, "alternate").map(
    ({ attributes }) => `${attributes.get("type")} ${attributes.get("hreflang")}`,
  );
  if (new Set(alternates).size !== alternates.length) problems.push(`DuplicateAtomLink: ${name}`);
  for (const { attributes } of childrenOf(node, "link").filter(({ uri }) => uri === ATOM)) {
    const [rel = "alternate", href = "", type] = ["rel", "href", "type"].map((one) => attributes.get(one));
    if (!RELATIONS.has(rel)) problems.push(`UnregisteredAtomLinkRel: ${rel} of ${name}`);
    if (!URI.test(href) || !HTTP_URL.test(href)) problems.push(`InvalidLink: ${href} of ${name}`);
    if (type !== undefined && !MIME.test(type)) problems.push(`InvalidMIMEAttribute: ${type} of ${name}`);
    if (rel === "enclosure" && type === undefined) problems.push(`MissingTypeAttr: ${name}`);
    const length = attributes.get("length");
    if (length !== undefined && !/^\d+$/.test(length))
      problems.push(`InvalidNonNegativeInteger: ${length} of ${name}`);
  }
  for (const { attributes } of childrenOf(node, "category")) {
    if ((attributes.get("term") ?? "").trim() === "")
      problems.push(`AttrNotBlank: a category's term of ${name}`);
    const scheme = attributes.get("scheme");
    if (scheme !== undefined && !FULL_URI.test(scheme))
      problems.push(`InvalidURIAttribute: ${scheme} of ${name}`);
  }
}

/** Names, attributes and prefixes that the validator knows in the places where we write them. */
function checkNames(node: XmlNode, problems: string[]): void {
  if (!ELEMENTS.has(node.name)) problems.push(`UndefinedElement: ${node.name}`);
  const allowed = new Set((ATTRIBUTES.get(node.name) ?? "").split(" "));
  for (const name of node.attributes.keys()) {
    const [, prefix = ""] = /^xmlns(?::(.*))?$/.exec(name) ?? [];
    const uri = node.attributes.get(name);
    if (name === "xmlns" ? uri !== ATOM : name.startsWith("xmlns:") && PREFIXES.get(prefix) !== uri)
      problems.push(`NonstdPrefix: ${name}=${uri}`);
    if (!name.startsWith("xmlns") && !allowed.has(name))
      problems.push(`UnexpectedAttribute: ${name} of ${node.name}`);
  }
  if (PLAIN_ELEMENTS.has(node.name) && node.attributes.get("type") !== "html")
    checkPlain(node, node.text, problems);
  for (const name of ["title", "label"]) checkPlain(node, node.attributes.get(name) ?? "", problems);
  for (const child of node.children) checkNames(child, problems);
}

/** RFC 5005: an archive names the live document, and is not said to be complete. */
function checkHistory(feed: XmlNode, problems: string[]): void {
  if (childrenOf(feed, "archive").length === 0) return;
  if (linksOf(feed, "current").length !== 1) problems.push("MissingCurrentInArchive");
  if (childrenOf(feed, "complete").length > 0) problems.push("FeedRelInCompleteFeed: it says to be complete");
  if (linksOf(feed, "prev-archive").length + linksOf(feed, "next-archive").length === 0)
    problems.push("ArchiveIncomplete: it names no other page");
}

/** A two-letter code, or one of the longer ones that stand in ISO 639-2 since its beginning. */
function isKnownLanguage(tag: string): boolean {
  const [language = ""] = tag.split("-");
  return LANGUAGE.test(tag) && (language.length === 2 || LONG_LANGUAGES.has(language));
}

/** What is no HTML, and is taken for it. */
function checkPlain(element: XmlNode, text: string, problems: string[]): void {
  const [, tag] = /<\/([a-z][a-z0-9]*)>/i.exec(text) ?? [];
  if (tag !== undefined) problems.push(`ContainsHTML: ${tag} in ${element.name}`);
}

/** Media RSS, and Apple's elements in what Apple takes. */
function checkMedia(node: XmlNode, name: string, problems: string[]): void {
  const groups = childrenOf(node, "group");
  for (const group of groups)
    if (childrenOf(group, "content").length < 2) problems.push(`MediaGroupWithoutAlternatives: ${name}`);
  const media = [node, ...groups].flatMap((one) => [
    ...childrenOf(one, "content"),
    ...childrenOf(one, "thumbnail"),
  ]);
  for (const { uri, attributes } of media) {
    if (uri !== PREFIXES.get("media")) continue;
    if (!FULL_URI.test(attributes.get("url") ?? "")) problems.push(`InvalidFullLink: media of ${name}`);
    const [type, size, duration] = ["type", "fileSize", "duration"].map((one) => attributes.get(one));
    if (type !== undefined && !MIME.test(type)) problems.push(`InvalidMIMEAttribute: media of ${name}`);
    if (size !== undefined && !/^[1-9]\d*$/.test(size))
      problems.push(`InvalidPositiveInteger: ${size} of ${name}`);
    if (duration !== undefined && !/^\d+$/.test(duration))
      problems.push(`InvalidFloat: ${duration} of ${name}`);
  }
  for (const { text } of childrenOf(node, "rating"))
    if (!["adult", "nonadult"].includes(text)) problems.push(`InvalidMediaRating: ${text} of ${name}`);
  const itunes = (element: string) =>
    childrenOf(node, element).filter(({ uri }) => uri === PREFIXES.get("itunes"));
  const patterns: readonly (readonly [string, RegExp, string])[] = [
    ["explicit", /^(?:true|false)$/, "InvalidTrueFalse"],
    ["episodeType", /^(?:full|trailer|bonus)$/, "InvalidItunesEpisodeType"],
    ["season", /^[1-9]\d*$/, "InvalidPositiveInteger"],
    ["episode", /^[1-9]\d*$/, "InvalidPositiveInteger"],
    ["duration", /^\d+:[0-5]\d:[0-5]\d$/, "InvalidDuration"],
    ["author", /^.{1,255}$/u, "TooLong"],
  ];
  for (const [element, pattern, problem] of patterns) {
    if (itunes(element).length > 1) problems.push(`DuplicateElement: itunes:${element} of ${name}`);
    for (const { text } of itunes(element))
      if (!pattern.test(text)) problems.push(`${problem}: ${text} of ${name}`);
  }
}

function checkPerson(person: XmlNode, name: string, problems: string[]): void {
  const [who, email, uri] = ["name", "email", "uri"].map((one) => textOf(person, one));
  if ((who ?? "").trim() === "") problems.push(`NotBlank: a person's name of ${name}`);
  if (/<[\w+.'-]+@[a-z0-9.-]+>/i.test(who ?? "")) problems.push(`ContainsEmail: ${who} of ${name}`);
  if (typeof email === "string" && !EMAIL.test(email)) problems.push(`InvalidContact: ${email} of ${name}`);
  if (typeof uri === "string" && !URI.test(uri)) problems.push(`InvalidLink: ${uri} of ${name}`);
}

/** A text construct by its type: text without declared markup needs no check, HTML does. */
function checkText(text: XmlNode, name: string, problems: string[]): void {
  const type = text.attributes.get("type") ?? "text";
  if (!["text", "html"].includes(type)) problems.push(`InvalidTextType: ${type} of ${name}`);
  if (type === "html") problems.push(...checkHtml(text.text).map((problem) => `${problem} in ${name}`));
}

/** What readers must not be given in HTML. */
export function checkHtml(html: string): readonly string[] {
  const problems: string[] = [];
  const open: string[] = [];
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        open.push(name);
        if (RISKY.has(name)) problems.push(`SecurityRisk: ${name}`);
        for (const [attribute, value] of Object.entries(attributes)) {
          if (
            attribute.startsWith("on") ||
            attribute === "style" ||
            attribute === "id" ||
            attribute === "class"
          )
            problems.push(`SecurityRiskAttr: ${attribute}`);
          if (URL_ATTRIBUTES.has(attribute) && !/^(?:https?:\/\/|mailto:|tel:)/i.test(value))
            problems.push(`ContainsRelRef: ${attribute}=${value.slice(0, 60)}`);
        }
      },
      onclosetag(name, isImplied) {
        if (isImplied && !["br", "img", "hr", "wbr", "col", "source", "track"].includes(name))
          problems.push(`NotHtml: ${name} is not closed`);
        open.pop();
      },
      oncomment: () => problems.push("SecurityRisk: a comment"),
      onprocessinginstruction: () => problems.push("SecurityRisk: a processing instruction"),
    },
    { recognizeSelfClosing: true },
  );
  parser.end(html);
  return problems;
}

/** Problems with an RSS 2.0 document at this address; empty when there are none. */
export function checkRss(xml: string, location: string): readonly string[] {
  const problems: string[] = charactersOf(xml);
  const rss = parseStrictXml(xml);
  checkNames(rss, problems);
  if (rss.name !== "rss" || rss.attributes.get("version") !== "2.0") return ["ObsoleteVersion: no RSS 2.0"];
  const [channel] = childrenOf(rss, "channel");
  if (channel === undefined) return ["MissingElement: channel"];
  for (const one of ["title", "link", "description"])
    if (core(channel, one).length !== 1 || (core(channel, one)[0]?.text ?? "").trim() === "")
      problems.push(`MissingElement: ${one} of the channel`);
  const self = linksOf(channel, "self").map((link) => link.attributes.get("href"));
  if (self.length !== 1) problems.push(`MissingAtomSelfLink: ${self.length}`);
  else if (self[0] !== location) problems.push(`SelfDoesntMatchLocation: ${self[0]}`);
  const language = core(channel, "language")[0]?.text;
  if (language !== undefined && !isKnownLanguage(language)) problems.push(`InvalidLanguage: ${language}`);
  checkRssDates(channel, "the channel", problems);
  checkMedia(channel, "the channel", problems);
  checkPodcast(channel, problems);
  const items = childrenOf(channel, "item");
  const guids = items.map((item) => core(item, "guid")[0]?.text ?? "");
  for (const guid of repeated(guids)) problems.push(`DuplicateValue: the guid ${guid}`);
  for (const item of items) checkItem(item, problems);
  return problems;
}

/** What Apple's elements in an item want of the channel. */
function checkPodcast(channel: XmlNode, problems: string[]): void {
  const isItunes = ({ uri }: XmlNode) => uri === PREFIXES.get("itunes");
  const nodes = [channel, ...childrenOf(channel, "item")].flatMap(({ children }) => children);
  if (!nodes.some(isItunes)) return;
  if (core(channel, "language").length === 0) problems.push("MissingItunesElement: language");
  for (const one of ["explicit", "category"])
    if (!childrenOf(channel, one).some(isItunes)) problems.push(`MissingItunesElement: ${one}`);
  const [owner] = childrenOf(channel, "owner").filter(isItunes);
  if (!EMAIL.test(textOf(owner, "email") ?? "")) problems.push("MissingItunesEmail");
  // The validator asks an item for a file of its list only where the channel says nothing before it.
  const first = channel.children.findIndex(isItunes);
  if (first === -1 || first > channel.children.findIndex(({ name }) => name === "item"))
    problems.push("UnsupportedItunesFormat: the items come first");
  for (const image of [channel, ...childrenOf(channel, "item")].flatMap((node) => childrenOf(node, "image")))
    if (isItunes(image) && !PLAIN_URL.test(image.attributes.get("href") ?? ""))
      problems.push("InvalidURLAttribute: itunes:image");
}

function checkItem(item: XmlNode, problems: string[]): void {
  const [guid] = core(item, "guid");
  const name = `item ${guid?.text}`;
  if (guid === undefined || guid.text.trim() === "") problems.push(`MissingGuid: ${name}`);
  else if (guid.attributes.get("isPermaLink") !== "false" && !HTTP_URL.test(guid.text))
    problems.push(`InvalidPermalink: ${guid.text}`);
  for (const one of [
    "title",
    "link",
    "description",
    "author",
    "comments",
    "enclosure",
    "guid",
    "pubDate",
    "source",
  ])
    if (core(item, one).length > 1) problems.push(`DuplicateElement: ${one} of ${name}`);
  for (const one of ["title", "link", "description", "comments", "category", "source"])
    for (const element of core(item, one))
      if (element.text.trim() === "") problems.push(`NotBlank: ${one} of ${name}`);
  if (core(item, "title").length + core(item, "description").length === 0)
    problems.push(`ItemMustContainTitleOrDescription: ${name}`);
  for (const one of ["link", "comments"])
    for (const { text } of core(item, one))
      if (!FULL_URI.test(text) || !HTTP_URL.test(text)) problems.push(`InvalidLink: ${text}`);
  for (const { attributes } of core(item, "enclosure")) {
    if (!PLAIN_URL.test(attributes.get("url") ?? ""))
      problems.push(`InvalidURLAttribute: an enclosure of ${name}`);
    if (!MIME.test(attributes.get("type") ?? ""))
      problems.push(`InvalidMIMEAttribute: an enclosure of ${name}`);
    if (!/^\d+$/.test(attributes.get("length") ?? ""))
      problems.push(`InvalidIntegerAttribute: an enclosure of ${name}`);
  }
  for (const { attributes } of core(item, "source"))
    if (!FULL_URI.test(attributes.get("url") ?? ""))
      problems.push(`InvalidURLAttribute: the source of ${name}`);
  if (core(item, "author").length > 0 && childrenOf(item, "creator").length > 0)
    problems.push(`DuplicateItemSemantics: ${name}`);
  checkMedia(item, name, problems);
  const parts = item.children.map(({ name: part }) => part);
  if (parts.includes("encoded") && parts.indexOf("encoded") < parts.indexOf("description"))
    problems.push(`NeedDescriptionBeforeContent: ${name}`);
  const id = guid?.text ?? "";
  if (guid?.attributes.get("isPermaLink") === "false" && id.length < 9 && /^\d+$/.test(id))
    problems.push(`NotSufficientlyUnique: ${id}`);
  checkRssDates(item, name, problems);
  for (const html of [...core(item, "description"), ...childrenOf(item, "encoded")])
    problems.push(...checkHtml(html.text).map((problem) => `${problem} in ${name}`));
}

function checkRssDates(node: XmlNode, name: string, problems: string[]): void {
  for (const one of ["pubDate", "lastBuildDate"])
    for (const { text } of core(node, one)) {
      if (new Date(text).getFullYear() < 1990) problems.push(`ImplausibleDate: ${text} of ${name}`);
      if (!RFC822.test(text) || new Date(text).toUTCString() !== text)
        problems.push(`InvalidRFC2822Date: ${text} of ${name}`);
    }
}

/** Children of RSS itself, which has no namespace. */
function core(node: XmlNode, name: string): readonly XmlNode[] {
  return childrenOf(node, name).filter(({ uri }) => uri === "");
}

function linksOf(node: XmlNode, rel: string): readonly XmlNode[] {
  return childrenOf(node, "link").filter(
    ({ uri, attributes }) => uri === ATOM && (attributes.get("rel") ?? "alternate") === rel,
  );
}

function charactersOf(xml: string): string[] {
  const problems: string[] = [];
  if (!xml.startsWith('<?xml version="1.0" encoding="utf-8"?>')) problems.push("MissingEncoding");
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffd-\uffff]|\p{Surrogate}/u.test(xml))
    problems.push("BadCharacters");
  for (const [stretch] of xml.matchAll(/[^&<>"'\n]+/g))
    if (isDoubleEncoded(stretch)) problems.push(`BadCharacters: ${stretch.slice(0, 60)}`);
  const unmarked = UNMARKED_TEXT.exec(xml);
  if (unmarked !== null) problems.push(`CharacterData: ${unmarked[0].slice(0, 100)}`);
  return problems;
}

/** UTF-8 that was read as Latin-1. */
function isDoubleEncoded(stretch: string): boolean {
  if (!/[\u00c2\u00c3][\u0080-\u00bf]/.test(stretch) || /[^\0-\u00ff]/.test(stretch)) return false;
  const bytes = Buffer.from(stretch, "latin1");
  return Buffer.from(bytes.toString("utf8")).equals(bytes);
}

function repeated(values: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return values.filter((value) => seen.size === seen.add(value).size);
}
