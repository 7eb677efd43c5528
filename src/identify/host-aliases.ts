import { at, type HostAlias, rehost } from "./host-alias.ts";
import type { HostFacts } from "./host-facts.ts";
import { socialAliases } from "./social-aliases.ts";
import { decodeComponent, findParameter, type UrlParts } from "./url-parts.ts";

function amazon(parts: UrlParts, facts: HostFacts): UrlParts {
  const path =
    /^\/[A-Z0-9]{10}\/?$/.test(parts.path) && facts.name === "amzn" ? `/dp${parts.path}` : parts.path;
  const product =
    /\/(?:dp|gp\/product|gp\/aw\/d|gp\/offer-listing|o\/ASIN|exec\/obidos\/(?:ASIN|tg\/detail\/-)|d)\/([A-Z0-9]{10})(?=\/|$)/.exec(
      path,
    )?.[1];
  const suffix = facts.registrable?.slice(facts.name.length + 1) ?? "com";
  if (product !== undefined) return at(parts, `www.amazon.${suffix}`, `/dp/${product}`);
  const ref = /\/ref=[^/]*\/?$/.exec(path);
  return ref === null ? parts : { ...parts, path: path.slice(0, ref.index) || "/" };
}

function wikipedia(parts: UrlParts): UrlParts {
  const host = parts.host.replace(/^((?:[\w-]{2,20}\.)?)(?:m|mobile|zero)\.(?=\w+\.org$)/, "$1");
  const title = findParameter(parts.query, "title");
  const isPlain = parts.query.length === 1 && title !== null && title !== "";
  if (isPlain && /^\/w(?:iki)?\/index\.php$/.test(parts.path)) {
    return at(
      parts,
      host,
      `/wiki/${encodeURIComponent(title.replaceAll(" ", "_")).replaceAll("%2F", "/").replaceAll("%3A", ":")}`,
    );
  }
  return rehost(parts, host);
}

function arxiv(parts: UrlParts): UrlParts {
  const match =
    /^\/(?:abs|pdf|html|format|ps|src)\/((?:[a-z-]+(?:\.[A-Z]{2})?\/\d{7}|\d{4}\.\d{4,5})(?:v\d{1,3})?)(?:\.pdf)?\/?$/.exec(
      parts.path,
    );
  return match === null ? rehost(parts, "arxiv.org") : at(parts, "arxiv.org", `/abs/${match[1] ?? ""}`);
}

function bbc(parts: UrlParts): UrlParts {
  const host = parts.host
    .replace(/^(?:www|m|amp)\.bbc\.(?:co\.uk|com)$/, "www.bbc.com")
    .replace(/^bbc\.(?:co\.uk|com)$/, "www.bbc.com");
  const path = parts.path.startsWith("/news/amp/") ? `/news/${parts.path.slice(10)}` : parts.path;
  return host === parts.host && path === parts.path
    ? parts
    : { ...parts, host, path: path.replace(/(?<=[^./])\.amp$/, "") };
}

function stackExchange(parts: UrlParts): UrlParts {
  const question = /^\/(?:q|questions)\/(\d+)(?:\/[^/]*(?:\/(\d+))?)?\/?$/.exec(parts.path);
  if (question === null) return parts;
  const [, id = "", tail] = question;
  // `/questions/1/title/2` and `#2` point at answer 2; `/q/1/99` carries a user's number for a badge.
  const answer = tail !== undefined && parts.path.startsWith("/questions/") ? `/_/${tail}` : "";
  const fragment = parts.fragment !== "" && `/_/${parts.fragment}` === answer ? "" : parts.fragment;
  return { ...at(parts, parts.host.replace(/^m\./, ""), `/questions/${id}${answer}`), fragment };
}

const bloggerSuffixes =
  "ae al am ba be bg bj ca cf ch cl com.ar com.au com.br com.by com.co com.cy com.ee com.eg com.es com.mt com.ng com.tr com.uy co.at co.id co.il co.ke co.nz co.uk co.za cv cz de dk fi fr gr hk hr hu ie in is it jp kr li lt lu md mk mr mx my nl no pe pt qa re ro rs ru se sg si sk sn td tw ug vn".split(
    " ",
  );

/** Rule 7. Each row is how the platform itself numbers its documents. */
export const hostAliases: readonly HostAlias[] = [
  ...socialAliases,
  {
    name: "amazon",
    reason: "a product is its ASIN on its country's shop",
    hosts: ["amazon.*", "amzn.com"],
    apply: amazon,
  },
  {
    name: "wikipedia",
    reason: "`de.m.wikipedia.org` shows `de.wikipedia.org`; `index.php?title=` is the article's long form",
    hosts: [
      "wikipedia.org",
      "wiktionary.org",
      "wikimedia.org",
      "wikibooks.org",
      "wikinews.org",
      "wikiquote.org",
      "wikisource.org",
      "wikiversity.org",
      "wikivoyage.org",
      "wikidata.org",
      "mediawiki.org",
    ],
    apply: wikipedia,
  },
  {
    name: "arxiv",
    reason: "abstract, PDF and HTML are one paper; the version is part of its name",
    hosts: ["arxiv.org"],
    apply: arxiv,
  },
  {
    name: "doi",
    reason: "dx.doi.org is the resolver's old name; 10.48550 is arXiv's own prefix and leads to the abstract",
    hosts: ["doi.org"],
    apply(parts) {
      const paper = /^\/10\.48550\/arxiv\.(\d{4}\.\d{4,5}(?:v\d{1,3})?)\/?$/i.exec(parts.path)?.[1];
      return paper === undefined ? rehost(parts, "doi.org") : at(parts, "arxiv.org", `/abs/${paper}`);
    },
  },
  {
    name: "gist",
    reason: "GitHub leads a gist's bare number to the address below its author",
    hosts: ["gist.github.com"],
    apply(parts) {
      const number = /^\/[A-Za-z0-9-]{1,39}\/([0-9a-f]{20}|[0-9a-f]{32})\/?$/.exec(parts.path)?.[1];
      return number === undefined ? parts : { ...parts, path: `/${number}` };
    },
  },
  {
    name: "bbc",
    reason: "bbc.co.uk and bbc.com serve the same articles by country of the reader",
    hosts: ["bbc.co.uk", "bbc.com"],
    apply: bbc,
  },
  {
    name: "guardian",
    reason: "guardian.co.uk moved to theguardian.com with its paths in 2013",
    hosts: ["guardian.co.uk", "theguardian.com", "guardiannews.com"],
    apply: (parts) =>
      /^(?:(?:www|m|amp)\.)?(?:guardian\.co\.uk|theguardian\.com|guardiannews\.com)$/.test(parts.host)
        ? rehost(parts, "www.theguardian.com")
        : parts,
  },
  {
    name: "blogger",
    reason: "Blogger showed one blog under the reader's country: blogspot.de, blogspot.co.uk, … until 2018",
    hosts: bloggerSuffixes.map((suffix) => `blogspot.${suffix}`),
    apply(parts) {
      const blog = /^(?:www\.)?([a-z0-9-]{1,63})\.blogspot\.(?!com$)[a-z.]{2,8}$/.exec(parts.host)?.[1];
      return blog === undefined ? parts : rehost(parts, `${blog}.blogspot.com`);
    },
  },
  {
    name: "substack",
    reason: "the app's address of a publication's post",
    hosts: ["substack.com"],
    apply(parts) {
      const post = /^\/pub\/([a-z0-9-]{1,63})\/p\/([^/]+)\/?$/.exec(parts.path);
      return post === null ? parts : at(parts, `${post[1] ?? ""}.substack.com`, `/p/${post[2] ?? ""}`);
    },
  },
  {
    name: "times-internet",
    reason:
      "Times of India, Economic Times and sisters: the number before `.cms` names the article, the words before it are free",
    hosts: ["indiatimes.com"],
    apply(parts) {
      const article =
        /^(?:\/.*)?\/((?:articleshow|photostory|videoshow|liveblog)\/\d+\.cms)$/.exec(parts.path)?.[1] ??
        /^(?:\/.*)?\/amp_(articleshow\/\d+\.cms)$/.exec(parts.path)?.[1];
      return article === undefined
        ? parts
        : { ...at(parts, parts.host.replace(/^m\./, ""), `/${article}`, parts.query) };
    },
  },
  {
    name: "github",
    reason: "a repository's address for git",
    hosts: ["github.com"],
    apply(parts) {
      const repository = /^(\/[\w-]{1,39}\/[\w.-]{1,100})\.git\/?$/.exec(parts.path)?.[1];
      return repository === undefined ? parts : at(parts, parts.host, repository);
    },
  },
  {
    name: "stackexchange",
    reason: "a question is its number; the words behind it are free",
    hosts: [
      "stackoverflow.com",
      "superuser.com",
      "serverfault.com",
      "askubuntu.com",
      "stackexchange.com",
      "mathoverflow.net",
    ],
    apply: stackExchange,
  },
  {
    name: "steam",
    reason: "a shop page is its application's number; the name behind it is free",
    hosts: ["store.steampowered.com"],
    apply(parts) {
      const app = /^\/(app|sub|bundle)\/(\d+)(?:\/[^/]*)?\/?$/.exec(parts.path);
      return app === null ? parts : at(parts, parts.host, `/${app[1] ?? ""}/${app[2] ?? ""}/`, parts.query);
    },
  },
  {
    name: "pubmed",
    reason: "PubMed and PMC moved to hosts of their own and kept their numbers",
    hosts: ["nlm.nih.gov"],
    apply(parts) {
      const paper =
        /^\/(?:m\/)?pubmed\/(\d+)\/?$/.exec(parts.path)?.[1] ??
        (parts.host.startsWith("pubmed.") ? /^\/(\d+)\/?$/.exec(parts.path)?.[1] : undefined);
      if (paper !== undefined) return at(parts, "pubmed.ncbi.nlm.nih.gov", `/${paper}/`, parts.query);
      const full = /^(?:\/pmc)?\/articles\/(PMC\d+)(?:\/pdf(?:\/.*)?)?\/?$/i.exec(parts.path)?.[1];
      return full === undefined
        ? parts
        : at(parts, "pmc.ncbi.nlm.nih.gov", `/articles/${full.toUpperCase()}/`, parts.query);
    },
  },
  {
    name: "cnn",
    reason: "edition.cnn.com, us.cnn.com and amp.cnn.com serve the articles of www.cnn.com",
    hosts: ["cnn.com"],
    apply(parts) {
      if (!/^(?:edition|us|amp|m|lite)\.cnn\.com$/.test(parts.host)) return parts;
      return { ...parts, host: "www.cnn.com", path: parts.path.replace(/^\/cnn(?=\/\d{4}\/)/, "") };
    },
  },
  {
    name: "mobile-host",
    reason: "the mobile host of a site known to serve the same paths on both",
    hosts: [
      "facebook.com",
      "imdb.com",
      "huffpost.com",
      "faz.net",
      "nytimes.com",
      "reuters.com",
      "instagram.com",
      "tiktok.com",
      "soundcloud.com",
      "linkedin.com",
      "ebay.*",
      "yelp.com",
      "vk.com",
      "espn.com",
      "theonion.com",
      "slashdot.org",
      "spiegel.de",
      "heise.de",
      "sueddeutsche.de",
      "n-tv.de",
      "bbc.com",
      "dw.com",
      "lemonde.fr",
      "lefigaro.fr",
      "aliexpress.com",
      "bilibili.com",
      "washingtonpost.com",
      "wsj.com",
      "phys.org",
      "dailymail.co.uk",
    ],
    apply(parts) {
      const bare = /^(?:m|mobile|amp|touch|mbasic|web)\.([a-z0-9-]+\.[a-z.]{2,6})$/.exec(parts.host)?.[1];
      return bare === undefined ? parts : rehost(parts, `www.${bare}`);
    },
  },
  {
    name: "medium-mirror",
    reason: "readers of Medium that keep its paths",
    hosts: ["scribe.rip"],
    apply: (parts) => (parts.host === "scribe.rip" ? rehost(parts, "medium.com") : parts),
  },
  {
    name: "wikipedia-mirror",
    reason: "a reader of Wikipedia that keeps its paths",
    hosts: ["wikiwand.com"],
    apply(parts) {
      const page = /^\/([a-z]{2,3}(?:-[a-z]{2,8})?)\/(?:articles\/)?([^/]+)$/.exec(parts.path);
      if (page === null) return parts;
      return at(parts, `${page[1] ?? "en"}.wikipedia.org`, `/wiki/${page[2] ?? ""}`, parts.query);
    },
  },
  {
    name: "google-docs",
    reason:
      "viewing, editing and previewing a document are one document; its `gid` or slide stays in the fragment",
    hosts: ["docs.google.com", "drive.google.com"],
    apply(parts) {
      const open =
        parts.host === "drive.google.com" && parts.path === "/open" ? findParameter(parts.query, "id") : null;
      if (open !== null) return at(parts, "drive.google.com", `/file/d/${decodeComponent(open)}/view`);
      const path = parts.path.replace(
        /^(\/(?:document|spreadsheets|presentation|file)\/d\/[\w-]+)\/(?:edit|view|preview|mobilebasic|htmlview)?$/,
        "$1/view",
      );
      return path === parts.path ? parts : { ...parts, path };
    },
  },
];
