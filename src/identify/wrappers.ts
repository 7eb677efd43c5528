import { dropAmpFromPath } from "./amp.ts";
import type { HostFacts } from "./host-facts.ts";
import type { HostPlan } from "./host-plan.ts";
import { mailWrappers } from "./mail-wrappers.ts";
import { mediaPrefixes } from "./media-prefixes.ts";
import { parseUrlParts, type UrlParts } from "./url-parts.ts";
import type { Wrapper } from "./wrapper.ts";
import { type ParameterWrapperRow, parameterWrappers } from "./wrapper-rows.ts";
import {
  decodeBase64,
  decodeGoogleNewsId,
  decodeLoosely,
  findEmbedded,
  findTargetParameter,
  readOptional,
  readTarget,
  tailOf,
} from "./wrapper-targets.ts";

/** Rule 3, those that need more than a parameter's name. */
const shapedWrappers: readonly Wrapper[] = [
  {
    name: "google-news",
    reason: "older Google News links hold the article's URL",
    hosts: ["news.google.com"],
    unwrap(parts) {
      const id = /^\/(?:__i\/)?(?:rss\/)?(?:rd\/)?(?:articles|read)\/([\w-]+)/.exec(parts.path)?.[1];
      return id === undefined ? null : decodeGoogleNewsId(id);
    },
  },
  {
    name: "amp-cache",
    reason: "AMP caches serve a publisher's page under `/c/s/<host>/<path>` (https) or `/c/<host>/<path>`",
    hosts: ["ampproject.org", "bing-amp.com", "google.*", "bing.com"],
    unwrap(parts, facts) {
      const isCache = facts.name === "ampproject" || facts.name === "bing-amp";
      const match = (isCache ? /^\/(?:[cvarp]|wp|i)\/(s\/)?/ : /^\/amp\/(s\/)?/).exec(parts.path);
      if (match === null) return null;
      const rest = decodeLoosely(tailOf(parts).slice(match[0].length));
      const marfeel = /^bc\.marfeel(?:cache)?\.com\/(?:amp\/)?(?=[a-z0-9.-]+\.[a-z]{2,}\/)/i.exec(rest);
      const target = rest.slice(marfeel?.[0].length ?? 0).replace(/^https?:\/{1,2}/i, "");
      return withoutAmpPath(
        readTarget(`${match[1] === undefined && marfeel === null ? "http" : "https"}://${target}`),
      );
    },
  },
  {
    name: "marfeel",
    reason: "Marfeel's mobile cache serves `/<host>/<path>`",
    hosts: ["marfeel.com", "marfeelcache.com"],
    unwrap: (parts) =>
      /^bc\./.test(parts.host)
        ? withoutAmpPath(findEmbedded(parts, /^\/(?:amp\/)?(?=[a-z0-9.-]+\.[a-z]{2,}\/)/i))
        : null,
  },
  {
    name: "turbo-pages",
    reason: "Yandex's cache of light pages: `/<host>/s/<path>`",
    hosts: ["turbopages.org", "yandex.*"],
    unwrap: (parts) => {
      const match = /^\/(?:turbo\/)?([a-z0-9.-]+\.[a-z]{2,})\/[sh]\/(.*)$/i.exec(parts.path);
      return match === null ? null : readTarget(`https://${match[1] ?? ""}/${match[2] ?? ""}`);
    },
  },
  {
    name: "bing-click",
    reason: "Bing's result links hold the URL in base64 behind `a1`",
    hosts: ["bing.com"],
    unwrap(parts) {
      if (!/^\/(?:ck\/a|aclk|aclick)/.test(parts.path)) return null;
      const value = findTargetParameter(parts, "u");
      if (value === null) return null;
      const decoded = decodeBase64(value.startsWith("a1") ? value.slice(2) : value);
      return decoded === null ? null : readTarget(decodeLoosely(decoded), parts);
    },
  },
  {
    name: "yahoo-result",
    reason: "Yahoo's result links: `/RU=<URL>/RK=`; its older redirects: `/*<URL>`",
    hosts: ["yahoo.com"],
    unwrap(parts) {
      const found = /\/RU=([^/]+)\//.exec(parts.path)?.[1];
      if (found !== undefined) return readTarget(decodeLoosely(found));
      return /^(?:[a-z]{2}\.)?rd\.yahoo\./.test(parts.host) || parts.host.includes(".rd.yahoo.")
        ? findEmbedded(parts, /\*{1,2}(?=https?(?::|%3a))/i)
        : null;
    },
  },
  {
    name: "cached-copy",
    reason: "Google's cache: `q=cache:<id>:<URL>+<words>`",
    hosts: ["webcache.googleusercontent.com", "google.*"],
    unwrap(parts) {
      if (parts.path !== "/search") return null;
      const query = parts.query.find((pair) => pair.name === "q")?.value ?? "";
      const found = /^cache:(?:[\w-]{1,40}:)?((?:https?:\/\/)?[^\s]+)/.exec(query)?.[1];
      return found === undefined ? null : readTarget(found);
    },
  },
  {
    name: "web-archive",
    reason: "an archived copy is its original: `/web/<time>/<URL>`",
    hosts: [
      "web.archive.org",
      "wayback.archive.org",
      "web-beta.archive.org",
      "archive-it.org",
      "arquivo.pt",
      "webarchive.loc.gov",
      "webarchive.nationalarchives.gov.uk",
      "webarchive.org.uk",
      "vefsafn.is",
      "mementoweb.org",
    ],
    unwrap: (parts) =>
      findEmbedded(
        parts,
        /^\/(?:(?:web|wayback|all|memento|\d{1,8}|ukgwa|[a-z]{2}\/archive)\/){0,3}(?:\d{4,14}(?:[a-z]{2}_)?\/)?(?=https?(?::|%3a))/i,
      ) ?? findEmbedded(parts, /^\/web\/\d{4,14}(?:[a-z]{2}_)?\/(?=[a-z0-9-]+\.[a-z0-9.-]+\/)/i),
  },
  {
    name: "archive-today",
    reason: "an archived copy is its original: `/newest/<URL>`, `/<time>/<URL>`",
    hosts: [
      "archive.ph",
      "archive.is",
      "archive.today",
      "archive.md",
      "archive.li",
      "archive.vn",
      "archive.fo",
    ],
    unwrap: (parts) =>
      findEmbedded(
        parts,
        /^\/(?:(?:newest|oldest|o\/\w{4,6}|[\d.-]{4,20}|timegate|timemap)\/)?(?=https?(?::|%3a))/i,
      ) ?? readOptional(findTargetParameter(parts, "url")),
  },
  {
    name: "reader-proxy",
    reason: "reading services that take the page's URL as their path",
    hosts: [
      "r.jina.ai",
      "12ft.io",
      "1ft.io",
      "13ft.wasimaster.me",
      "removepaywall.com",
      "removepaywalls.com",
      "smry.ai",
      "txtify.it",
      "outline.com",
      "via.hypothes.is",
      "freedium.cfd",
      "readmedium.com",
      "ghostarchive.org",
      "proxy.freedium.cfd",
      "api.allorigins.win",
      "streaklinks.com",
      "unpaywall.link",
      "paywallskip.com",
      "darkread.io",
      "leiaisso.net",
      "archivebuttons.com",
      "sci-hub.se",
    ],
    unwrap: (parts) =>
      findEmbedded(parts, /^\/(?:[\w-]{1,12}\/)?(?=https?(?::|%3a))/i) ??
      (parts.host === "12ft.io" ? readOptional(findTargetParameter(parts, "q")) : null),
  },
  {
    name: "dereferrer",
    reason: "services that hide the referrer take the URL as their whole query",
    hosts: [
      "href.li",
      "anonym.to",
      "anonymz.com",
      "anon.to",
      "dereferer.org",
      "dereferer.me",
      "dereferer.com",
      "nullrefer.com",
      "blankrefer.com",
      "hiderefer.com",
      "nullreferer.com",
      "deref-web-02.de",
      "deref-gmx.net",
      "deref-web.de",
      "pixiv.net",
      "deviantart.com",
      "redirect.is",
    ],
    unwrap: (parts, facts) => {
      if (facts.name === "pixiv" && !parts.path.startsWith("/jump.php")) return null;
      if (facts.name === "deviantart" && !parts.path.startsWith("/users/outgoing")) return null;
      return findEmbedded(parts, /^[\w/.-]{0,40}\?(?:url=|redirectUrl=)?(?=https?(?::|%3a))/i);
    },
  },
  {
    name: "mozilla-outgoing",
    reason: "Mozilla's add-on pages sign their outgoing links: `/v1/<hash>/<URL>`",
    hosts: ["mozgcp.net", "mozaws.net", "outgoing.mozilla.org"],
    unwrap: (parts) => findEmbedded(parts, /^\/v1\/[0-9a-f]{16,128}\/(?=https?(?::|%3a))/i),
  },
  {
    name: "disqus",
    reason: "Disqus appends a signature behind a colon",
    hosts: ["disq.us"],
    unwrap: (parts) => readOptional(findTargetParameter(parts, "url")?.replace(/:[\w-]{10,40}$/, "") ?? null),
  },
  {
    name: "the-register",
    reason: "The Register's feed links hold the article's host and path",
    hosts: ["go.theregister.com", "go.theregister.co.uk"],
    unwrap: (parts) => findEmbedded(parts, /^\/(?:feed|i\/cfa)\/(?=(?:https?:|[a-z.]+theregister\.))/),
  },
  {
    name: "commission-junction",
    reason: "CJ's deep links hold the shop's page behind `/dlg/` or as `url`",
    hosts: [
      "anrdoezrs.net",
      "dpbolvw.net",
      "jdoqocy.com",
      "kqzyfj.com",
      "tkqlhce.com",
      "qksrv.net",
      "emjcd.com",
    ],
    unwrap: (parts) =>
      findEmbedded(parts, /^\/links\/.{1,120}?\/(?=https?(?::|%3a))/i) ??
      readOptional(findTargetParameter(parts, "url")),
  },
  {
    name: "partnerize",
    reason: "Partnerize's links hold the shop's page behind `destination:`",
    hosts: ["prf.hn"],
    unwrap: (parts) => findEmbedded(parts, /\/destination:(?=https?(?::|%3a))/i),
  },
  {
    name: "adform",
    reason: "ad servers that separate their parameters by semicolons",
    hosts: ["adform.net", "doubleclick.net", "atdmt.com", "flashtalking.com"],
    unwrap: (parts) =>
      findEmbedded(parts, /[;?&](?:ckurl|cpdir|adurl|ds_dest_url|h|url|redirect)=(?=https?(?::|%3a))/i) ??
      findEmbedded(parts, /\?(?=https?(?::|%3a))/i),
  },
  {
    name: "login-wall",
    reason: "a login page that leads back to a page of its own host stands for that page",
    hosts: [],
    unwrap(parts) {
      if (!/\/(?:login|signin|sign-in)(?:\.\w{2,5})?\/?$/i.test(parts.path)) return null;
      for (const name of [
        "redirect",
        "redirect_to",
        "next",
        "return",
        "returnurl",
        "return_to",
        "continue",
      ]) {
        const found = findTargetParameter(parts, name);
        if (found === null || !/^https?:/i.test(found)) continue;
        const target = readTarget(found);
        if (target !== null && URL.parse(target)?.hostname === parts.host) return target;
      }
      return null;
    },
  },
];

function fromRow(row: ParameterWrapperRow): Wrapper {
  return {
    name: row.name,
    reason: row.reason,
    hosts: row.hosts,
    unwrap(parts) {
      if (row.path !== undefined && !row.path.test(parts.path)) return null;
      for (const name of row.parameters) {
        const found = findTargetParameter(parts, name);
        if (found === null) continue;
        const text = found.startsWith("aHR0c") ? (decodeBase64(found) ?? found) : found;
        const target = readTarget(text, row.isRelativeAllowed === true ? parts : undefined);
        if (target !== null) return target;
      }
      return null;
    },
  };
}

/** Rule 3 as a whole. */
export const allWrappers: readonly Wrapper[] = [
  ...shapedWrappers,
  ...mailWrappers,
  ...mediaPrefixes,
  ...parameterWrappers.map(fromRow),
];

/** The wrappers that are known by their host. */
export const hostWrappers: readonly Wrapper[] = allWrappers.filter((wrapper) => wrapper.hosts.length > 0);

const pathWrappers: readonly Wrapper[] = allWrappers.filter((wrapper) => wrapper.hosts.length === 0);

/** One look turns most paths away from the wrappers that are known by their path. */
const mayBeAnywhere = /\/C?L0\/|\/click\/|aHR0c|\/[cl]\/eyJ|link-tracker|\/(?:login|sign-?in)/i;

/** The first wrapper that `parts` is one of, and where it leads; null for all other URLs. */
export function findWrapper(
  parts: UrlParts,
  plan: HostPlan,
): { readonly wrapper: Wrapper; readonly target: string } | null {
  const found = plan.wrappers.length === 0 ? null : firstTarget(plan.wrappers, parts, plan.facts);
  if (found !== null) return found;
  return mayBeAnywhere.test(parts.path) ? firstTarget(pathWrappers, parts, plan.facts) : null;
}

function firstTarget(
  list: readonly Wrapper[],
  parts: UrlParts,
  facts: HostFacts,
): { readonly wrapper: Wrapper; readonly target: string } | null {
  for (const wrapper of list) {
    const target = wrapper.unwrap(parts, facts);
    if (target !== null) return { wrapper, target };
  }
  return null;
}

/** Within an AMP cache every `/amp` is the AMP form, whatever stands before it. */
function withoutAmpPath(target: string | null): string | null {
  if (target === null) return null;
  const parts = parseUrlParts(target);
  if (parts === null || parts.path === "/amp") return target;
  const path = dropAmpFromPath(parts.path, true);
  return path === parts.path ? target : target.replace(parts.path, () => path);
}
