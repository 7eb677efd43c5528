/** What is fuzzed: every reader of strangers' bytes, and what it may throw. A target throws when a promise is broken. */
import { Parser } from "htmlparser2";
import { readConfig } from "../../src/config/load.ts";
import { ConfigError, MainstemError, ParseError } from "../../src/errors.ts";
import { explainUrl, identifyUrl } from "../../src/identify/original-url.ts";
import { readPageIdentity } from "../../src/identify/page.ts";
import { parseUrlRules } from "../../src/identify/rules-file.ts";
import type { ParsedDocument } from "../../src/model.ts";
import { decodeDocument } from "../../src/parse/decode.ts";
import { sanitizeHtml, textOfHtml } from "../../src/parse/html.ts";
import { parseDocument } from "../../src/parse/parse.ts";
import { cronProblem } from "../../src/schedule/scheduler.ts";

/** Throws when what was read breaks a promise. */
export type Check = () => void;

const NOTHING_TO_CHECK: Check = () => {};

export interface Target {
  readonly name: string;
  /** Which seeds suit it, by the end of the fixture's name. */
  readonly seeds: RegExp;
  /** Reads it; gives the check of what came out, whose time is not the reader's. */
  run(text: string, bytes: Uint8Array): Promise<Check>;
}

const contentTypes = [
  null,
  "text/xml",
  "application/rss+xml; charset=utf-8",
  "text/html",
  "application/json",
  "text/plain; charset=utf-16",
];

export const targets: readonly Target[] = [
  {
    name: "document",
    seeds: /\.(?:xml|rss|atom|rdf|json|html)$/,
    run: (_, bytes) => readDocument(bytes, false),
  },
  { name: "article", seeds: /\.(?:md|txt)$/, run: (_, bytes) => readDocument(bytes, true) },
  {
    name: "opml",
    seeds: /opml.*\.xml$|\.opml$/,
    async run(text, bytes) {
      // A list in whatever state: what is mutated beyond its root is one again.
      const checks = [
        await readDocument(bytes, false),
        await readDocument(
          new TextEncoder().encode(`<opml version="2.0"><body>${text}</body></opml>`),
          false,
        ),
      ];
      return () => {
        for (const check of checks) check();
      };
    },
  },
  {
    name: "decode",
    seeds: /./,
    async run(_, bytes) {
      decodeDocument(bytes, contentTypes[bytes.length % contentTypes.length] ?? null);
      return NOTHING_TO_CHECK;
    },
  },
  {
    name: "html",
    seeds: /\.(?:html|xml)$/,
    async run(text) {
      const clean = sanitizeHtml(text, "https://base.example/a/");
      textOfHtml(text);
      readPageIdentity(text, "https://paper.example/2026/a-story");
      return () => {
        const unsafe = clean === null ? [] : unsafeMarkupIn(clean);
        if (unsafe.length > 0) throw new Error(`unsafe markup came through: ${unsafe.join(", ")}`);
      };
    },
  },
  {
    name: "url",
    seeds: /\.url$/,
    async run(text) {
      const found = identifyUrl(text);
      return () => {
        const { error, key, originalUrl } = explainUrl(text);
        if ((found === null) !== (error !== null)) throw new Error("explainUrl and identifyUrl disagree");
        if (found === null || originalUrl === null) return;
        if (key !== found.key || originalUrl !== found.originalUrl) throw new Error("two keys for one URL");
        if (!URL.canParse(originalUrl)) throw new Error(`an original URL that does not open: ${originalUrl}`);
        const again = identifyUrl(originalUrl);
        if (again?.key !== key) throw new Error(`the key of ${originalUrl} is another: ${again?.key}`);
      };
    },
  },
  {
    name: "config",
    seeds: /\.yaml$/,
    async run(text) {
      try {
        await readConfig(text, {
          file: "/tmp/fuzz/mainstem.yaml",
          shownAs: "mainstem.yaml",
          env: {},
          cronProblem,
        });
      } catch (error) {
        const isTold = error instanceof ConfigError && error.problems.every(({ line }) => line >= 1);
        if (!isTold && !(error instanceof MainstemError)) throw error;
      }
      return NOTHING_TO_CHECK;
    },
  },
  {
    name: "rules",
    seeds: /\.yaml$/,
    async run(text) {
      try {
        parseUrlRules(text, "rules.yaml");
      } catch (error) {
        if (!(error instanceof MainstemError)) throw error;
      }
      return NOTHING_TO_CHECK;
    },
  },
];

const unsafeElement =
  /^(?:script|iframe|object|embed|style|link|meta|base|form|input|button|textarea|svg|math|xmp|noscript|template)$/;
const unsafeScheme = /^[\s\0]*(?:javascript|vbscript|data|file|blob):/i;

/** What a browser would run in sanitised HTML: by its elements and attributes, since text may say anything. */
function unsafeMarkupIn(html: string): readonly string[] {
  const found: string[] = [];
  const parser = new Parser({
    onopentag(name, attributes) {
      if (unsafeElement.test(name)) found.push(`<${name}>`);
      for (const [attribute, value] of Object.entries(attributes)) {
        // Words about a picture and its size may begin like an address; nothing opens them.
        const isText = /^(?:alt|title|width|height)$/.test(attribute);
        if (/^(?:on|style$)/i.test(attribute) || (!isText && unsafeScheme.test(value)))
          found.push(`${attribute}=${value}`);
      }
    },
  });
  parser.end(html);
  return found;
}

async function readDocument(bytes: Uint8Array, articleHint: boolean): Promise<Check> {
  const contentType = contentTypes[bytes.length % contentTypes.length] ?? null;
  const input = { bytes, contentType, url: "https://host.example/feed", name: "fuzz" };
  try {
    const document = await parseDocument(input, { articleHint });
    return () => checkDocument(document);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return checkPrototype;
  }
}

function checkDocument({ entries, outlines }: ParsedDocument): void {
  for (const { url, homeUrl } of outlines) {
    if (!/^https?:\/\//.test(url) || (homeUrl !== null && !/^https?:\/\//.test(homeUrl)))
      throw new Error(`a list names what is no web address: ${url} ${homeUrl}`);
  }
  for (const entry of entries) {
    if (entry.title.length > 1000) throw new Error("a title of more than 1000 characters");
    for (const url of [entry.url, ...entry.links.map(({ href }) => href)]) {
      if (url !== null && !/^https?:\/\//.test(url)) throw new Error(`a link that is no web page: ${url}`);
    }
    const unsafe = unsafeMarkupIn(`${entry.contentHtml ?? ""}${entry.summary ?? ""}`);
    if (unsafe.length > 0) throw new Error(`unsafe markup came through: ${unsafe.join(", ")}`);
  }
  checkPrototype();
}

function checkPrototype(): void {
  if (Reflect.get({}, "polluted") !== undefined) throw new Error("a prototype was touched");
}
