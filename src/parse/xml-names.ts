import { groupsOfKey } from "./xml-groups.ts";
import { internalize } from "./xml-memory.ts";

/**
 * Namespaces as feeds use them. An element is known here by a key: its local name for RSS (`title`), prefix and local name
 * for everything else (`atom:title`, `dc:creator`), always in lower case and with the prefix of this table, whatever
 * prefix the document chose.
 */
const NAMESPACES: Readonly<Record<string, string>> = {
  // RSS in all its ages; 0.9x and 2.0 have none, but some documents invent one.
  "purl.org/rss/1.0": "",
  "purl.org/net/rss1.1": "",
  "my.netscape.com/rdf/simple/0.9": "",
  "channel.netscape.com/rdf/simple/0.9": "",
  "my.netscape.com/publish/formats/rss-0.91.dtd": "",
  "backend.userland.com/rss": "",
  "backend.userland.com/rss2": "",
  "backend.userland.com/rss091": "",
  "backend.userland.com/rss092": "",
  "backend.userland.com/rss20": "",
  "blogs.law.harvard.edu/tech/rss": "",
  "cyber.law.harvard.edu/rss": "",
  "cyber.law.harvard.edu/rss/rss.html": "",
  "www.rssboard.org/rss-specification": "",
  "rssboard.org/rss-specification": "",
  "example.com/rss/2.0": "",
  "www.w3.org/2005/atom": "atom",
  "w3.org/2005/atom": "atom",
  "purl.org/atom/ns": "atom",
  "purl.org/atom/0.3": "atom",
  "purl.org/echo": "atom",
  "example.com/newformat": "atom",
  "example.com/necho": "atom",
  "www.w3.org/1999/02/22-rdf-syntax-ns": "rdf",
  "w3.org/1999/02/22-rdf-syntax-ns": "rdf",
  "www.w3.org/1999/xhtml": "xhtml",
  "www.w3.org/xml/1998/namespace": "xml",
  "purl.org/dc/elements/1.1": "dc",
  "purl.org/dc/elements/1.0": "dc",
  "purl.org/metadata/dublin_core": "dc",
  "purl.org/dc/terms": "dcterms",
  "purl.org/rss/1.0/modules/dcterms": "dcterms",
  "purl.org/rss/1.0/modules/content": "content",
  "purl.org/rss/1.0/modules/syndication": "sy",
  "purl.org/rss/1.0/modules/slash": "slash",
  "purl.org/rss/1.0/modules/link": "l",
  "wellformedweb.org/commentapi": "wfw",
  "search.yahoo.com/mrss": "media",
  "video.search.yahoo.com/mrss": "media",
  "tools.search.yahoo.com/mrss": "media",
  "search.yahoo.com/mrss/": "media",
  "www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
  "itunes.com/dtds/podcast-1.0.dtd": "itunes",
  "example.com/dtds/podcast-1.0.dtd": "itunes",
  "www.google.com/schemas/play-podcasts/1.0": "googleplay",
  "www.google.com/schemas/play-podcasts/1.0/play-podcasts.xsd": "googleplay",
  "podcastindex.org/namespace/1.0": "podcast",
  "github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md": "podcast",
  "rssnamespace.org/feedburner/ext/1.0": "feedburner",
  "www.pheedo.com/namespace/pheedo": "pheedo",
  "purl.org/syndication/thread/1.0": "thr",
  "source.scripting.com": "source",
  "backend.userland.com/creativecommonsrssmodule": "creativecommons",
  "backend.userland.com/creativecommonsrssmodule.html": "creativecommons",
  "cyber.law.harvard.edu/rss/creativecommonsrssmodule.html": "creativecommons",
  "web.resource.org/cc": "cc",
  "creativecommons.org/ns": "cc",
  "prismstandard.org/namespaces/1.2/basic": "prism",
  "prismstandard.org/namespaces/basic/2.0": "prism",
};

const BY_URI: ReadonlyMap<string, string> = new Map(Object.entries(NAMESPACES));
const KNOWN_PREFIXES: ReadonlySet<string> = new Set(BY_URI.values());

/** Other conventional prefixes that documents use without declaring them. */
const PREFIX_ALIASES: ReadonlyMap<string, string> = new Map([
  ["a", "atom"],
  ["atom10", "atom"],
  ["atom03", "atom"],
  ["rss", ""],
  ["h", "xhtml"],
  ["html", "xhtml"],
]);

/** Key prefix of everything in a namespace that means nothing here. */
export const FOREIGN = "?";

/** The key prefix for a namespace URI; letter case, scheme and a closing `/` or `#` do not count. */
export function prefixOfNamespace(uri: string): string | null {
  const bare = uri
    .trim()
    .slice(0, 200)
    .toLowerCase()
    .replace(/^https?:\/\//, "");
  let end = bare.length;
  while (end > 0 && (bare[end - 1] === "/" || bare[end - 1] === "#")) end--;
  return BY_URI.get(bare.slice(0, end)) ?? null;
}

/** An element's name as it stands in the document, and its key. */
export interface ElementName {
  readonly raw: string;
  readonly key: string;
  /** What it says, as bits of `xml-groups.ts`. */
  readonly groups: number;
}

/** Names that one scope remembers; a document that uses more pays for each anew. */
const NAMES_MAX = 500;

/** Which namespaces an element is in; made only where an element declares some. */
export class NamespaceScope {
  readonly #parent: NamespaceScope | null;
  readonly #declared = new Map<string, string>();
  readonly #names = new Map<string, ElementName>();

  constructor(parent: NamespaceScope | null) {
    this.#parent = parent;
  }

  /** Declares a prefix (lower case; `""` is the default namespace). */
  declare(prefix: string, uri: string): void {
    this.#declared.set(prefix, uri === "" && prefix === "" ? "" : (prefixOfNamespace(uri) ?? FOREIGN));
  }

  /** Says what the default namespace of this scope means, e.g. that the unknown namespace of an `rss` element is RSS's own. */
  setDefault(prefix: string): void {
    this.#declared.set("", prefix);
    this.#names.clear();
  }

  /** The key prefix of the default namespace, null where none is declared. */
  get default(): string | null {
    return this.#find("") ?? null;
  }

  /** An element's raw name with its key; the same object for the same name. */
  name(raw: string): ElementName {
    const known = this.#names.get(raw);
    if (known !== undefined) return known;
    const key = internalize(this.#resolve(raw.toLowerCase()));
    const name = { raw, key, groups: groupsOfKey(key) };
    if (this.#names.size < NAMES_MAX) this.#names.set(raw, name);
    return name;
  }

  /** The key of an element's raw name. */
  key(raw: string): string {
    return this.name(raw).key;
  }

  #resolve(name: string): string {
    const colon = name.indexOf(":");
    const prefix = colon === -1 ? "" : name.slice(0, colon);
    const local = name.slice(colon + 1);
    const known = this.#find(prefix) ?? conventionalPrefix(prefix);
    return known === "" ? local : `${known}:${local}`;
  }

  #find(prefix: string): string | undefined {
    for (let scope: NamespaceScope | null = this; scope !== null; scope = scope.#parent) {
      const found = scope.#declared.get(prefix);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function conventionalPrefix(prefix: string): string {
  if (prefix === "" || KNOWN_PREFIXES.has(prefix)) return prefix;
  return PREFIX_ALIASES.get(prefix) ?? FOREIGN;
}
