/**
 * The one schema of the config file: validation, defaults, and (through `configJsonSchema`) completion in editors.
 * Units are written as people write them (`30s`, `16MiB`) and leave here as numbers in ms and bytes.
 */
import ms from "ms";
import { z } from "zod";
import type { Schedule } from "../model.ts";
import { patternProblem } from "./pattern.ts";

const durationMax = ms("10y");

/** Milliseconds of a text such as `30s`, `20m`, `1.5h`, `7d`, `1y`; null when it is none. */
export function parseDuration(text: string): number | null {
  if (!/^\d{1,9}(\.\d{1,3})? ?(ms|s|m|h|d|w|y)$/.test(text)) return null;
  const value = ms(text as ms.StringValue);
  return value > 0 && value <= durationMax ? Math.round(value) : null;
}

const bytesPerUnit = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;

/** Bytes of a text such as `16MiB` or `500 KB`; null when it is none. */
export function parseBytes(text: string): number | null {
  const match = /^(\d{1,12}) ?([KMG]i?B|B)$/.exec(text);
  if (!match) return null;
  const value = Number(match[1]) * bytesPerUnit[match[2] as keyof typeof bytesPerUnit];
  return value > 0 && value <= 2 ** 40 ? value : null;
}

const durationExpected = "expected a duration such as 30s, 20m, 6h or 1d";

const duration = z
  .string(durationExpected)
  .refine((text) => parseDuration(text) !== null, durationExpected)
  .transform((text) => parseDuration(text) ?? 0);

const keepExpected = "expected an age of at least 1d such as 1y or 90d, or a count of stories";

/** What of the store stays. */
export type Keep =
  | { readonly kind: "age"; readonly ageMs: number }
  | { readonly kind: "count"; readonly stories: number };

const keepAgeMinMs = ms("1d");

const keep = z.union([z.string(), z.number()], keepExpected).transform((value, context): Keep => {
  const ageMs = typeof value === "string" ? parseDuration(value) : null;
  if (ageMs !== null && ageMs >= keepAgeMinMs) return { kind: "age", ageMs };
  if (typeof value === "number" && Number.isInteger(value) && value > 0)
    return { kind: "count", stories: value };
  context.addIssue({ code: "custom", message: keepExpected });
  return z.NEVER;
});

const bytesExpected = "expected a size such as 16MiB or 500KB";

const bytes = z
  .string(bytesExpected)
  .refine((text) => parseBytes(text) !== null, bytesExpected)
  .transform((text) => parseBytes(text) ?? 0);

const httpUrl = z.string().refine(isHttpUrl, "expected an http:// or https:// URL");

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:");
}

const tag = z.string().trim().min(1).max(100);
/** A source has so many tags, and stands in so many folders, one within the other or beside it, at most. */
export const TAGS_MAX = 50;
const pattern = z
  .string()
  .min(1)
  .max(1000)
  .superRefine((text, context) => {
    const problem = patternProblem(text);
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
  })
  .describe("Text (any case) or /regex/flags");
const patterns = z.union([pattern, z.array(pattern).max(1000)]).transform((value) => [value].flat());
/** Judges a cron expression; null when it is sound, else what is wrong with it. */
export type CronProblem = (expression: string) => string | null;

const scheduleText = z
  .string()
  .describe('adaptive, an interval such as 30m, or a cron expression such as "*/15 * * * *"');

/** The seam to the scheduler's room: only it knows what a cron expression is. */
function createScheduleSchema(cronProblem: CronProblem) {
  return scheduleText.transform((text, context): Schedule => {
    if (text === "adaptive") return { kind: "adaptive" };
    const intervalMs = parseDuration(text);
    if (intervalMs !== null) {
      if (intervalMs >= 1000) return { kind: "every", intervalMs };
      context.addIssue({ code: "custom", message: "an interval is at least 1s" });
      return z.NEVER;
    }
    const problem = cronProblem(text);
    if (problem === null) return { kind: "cron", expression: text };
    context.addIssue({
      code: "custom",
      message: `expected adaptive, an interval such as 30m, or a cron expression (${problem})`,
    });
    return z.NEVER;
  });
}

const priority = z.int().min(-1000).max(1000);

const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "this is no HTTP header name");
const headerValue = z
  .string()
  .max(8192)
  .refine((value) => !/[\0\r\n]/.test(value), "a header value has no line breaks");

function createSourceSchema(schedule: ReturnType<typeof createScheduleSchema>) {
  return z
    .strictObject(
      {
        url: httpUrl.optional().describe("A feed on the web: RSS, Atom, RDF or JSON Feed"),
        file: z.string().min(1).optional().describe("A feed file on this machine"),
        articles: z
          .string()
          .min(1)
          .optional()
          .describe("A drop folder of article documents (Markdown or text)"),
        opml: z
          .string()
          .min(1)
          .optional()
          .describe("An OPML list (URL or file): every feed in it is followed"),
        id: z
          .string()
          .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "letters, digits, dots, dashes and underscores only")
          .optional()
          .describe("Names the source for good, so that its address can change and its history stay"),
        name: z.string().trim().min(1).max(200).optional().describe("Shown instead of the feed's own title"),
        tags: z.array(tag).max(TAGS_MAX).default([]).describe("Outputs select sources by tags"),
        site: httpUrl.optional().describe("The site that the feed belongs to, as OPML lists name it"),
        folders: z
          .array(z.array(tag).max(TAGS_MAX))
          .max(TAGS_MAX)
          .optional()
          .describe(
            "Its folders in OPML lists, each with those around it, such as [[News, Science]]; without it, the first tag",
          ),
        priority: priority.default(0).describe("Which copy of a story wins; higher first"),
        schedule: schedule.optional().describe("How often to poll; overrides the schedule above"),
        identity: z
          .enum(["auto", "url", "guid"])
          .default("auto")
          .describe("What names a story: auto drops a key that the source reuses for everything"),
        include: patterns.default([]).describe("Keep only entries that match one of these"),
        exclude: patterns.default([]).describe("Drop entries that match one of these"),
        full_text: z
          .boolean()
          .default(false)
          .describe("Fetch the page of an entry that is cut short, and carry its text"),
        rest: z
          .enum(["host", "source"])
          .optional()
          .describe("Who rests when its server names a time; overrides the limit above"),
        history: z
          .int()
          .min(0)
          .max(1000)
          .optional()
          .describe("Archive pages (RFC 5005) that the first poll follows; overrides the limit above"),
        headers: z
          .record(headerName, headerValue)
          .default({})
          .describe("Extra request headers, sent to this source's origin only"),
        allow_private: z
          .boolean()
          .optional()
          .describe(
            "May this source live on a private or loopback address? Its redirects, pages and hub may then be on the same server, on no other private one",
          ),
      },
      {
        // Mostly an address without its key.
        error: ({ code }) =>
          code === "invalid_type"
            ? "expected a key before the address, such as url: https://example.org/feed"
            : undefined,
      },
    )
    .refine(hasOneAddress, {
      error: "a source has exactly one of url, file, articles and opml",
      when: isRecord,
    });
}

function isRecord(payload: { value: unknown }): boolean {
  return typeof payload.value === "object" && payload.value !== null && !Array.isArray(payload.value);
}

const addressKeys = ["url", "file", "articles", "opml"] as const;

function hasOneAddress(source: Partial<Record<(typeof addressKeys)[number], unknown>>): boolean {
  return addressKeys.filter((key) => source[key] !== undefined).length === 1;
}

const outputName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,63}$/,
    "lower-case letters, digits, dashes and underscores only: it stands in the URL",
  )
  .refine((name) => !reservedNames.has(name), "this name is one of Mainstem's own pages");

/** First path segments that the server keeps for itself. */
const reservedNames: ReadonlySet<string> = new Set([
  "status",
  "health",
  "healthz",
  "readyz",
  "metrics",
  "websub",
  "archive",
  "assets",
]);

const output = z.strictObject({
  name: outputName.describe("Stands in the URL: /<name>/atom.xml"),
  title: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .optional()
    .describe("Title of the feed; the site's title when absent"),
  tags: z
    .array(tag)
    .max(50)
    .default([])
    .describe("Only stories that a source with one of these tags carried"),
  include: patterns.default([]).describe("Only stories that match one of these"),
  exclude: patterns.default([]).describe("No stories that match one of these"),
  search: z
    .string()
    .trim()
    .max(1000)
    .regex(/[\p{L}\p{N}]/u, "a search has a word to find")
    .optional()
    .describe('Only stories that have these words: word "a phrase" -without begin* this OR that'),
  limit: z.int().min(1).max(10_000).default(100).describe("Entries in the feed document"),
  syndication: z
    .enum(["off", "link", "merge"])
    .default("link")
    .describe(
      "One report that several sources print: each on its own (off), one entry that links the copies (link), or one story carried by all (merge)",
    ),
  window: duration
    .optional()
    .describe("How long an entry stays in the feed document, such as 7d; only limit counts when absent"),
  archive: z
    .boolean()
    .default(true)
    .describe("Keep what leaves the feed document on archive pages (RFC 5005), back to the first story"),
});

const listenExpected = "expected HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080";

const listenAddress = z
  .string(listenExpected)
  .regex(/^(\[[0-9a-fA-F:.%]+\]|[^\s:[\]]+):\d{1,5}$/, { error: listenExpected, abort: true })
  .refine((text) => Number(text.slice(text.lastIndexOf(":") + 1)) <= 65_535, "a port is at most 65535");

const storeExpected =
  "expected sqlite:FILE, such as sqlite:../data/mainstem.db, or postgres://USER:PASSWORD@HOST/DATABASE";

const store = z
  .string(storeExpected)
  .refine((text) => /^sqlite:./.test(text) || isPostgresUrl(text), storeExpected);

function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:\/\/[^/]*\/./i.test(text) && URL.canParse(text);
}

/** The schema of a config file. `cronProblem` is injected: this room does not know the scheduler's. */
export function createConfigSchema(cronProblem: CronProblem) {
  const schedule = createScheduleSchema(cronProblem);
  const source = createSourceSchema(schedule);
  return z.strictObject({
    title: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .default("Mainstem")
      .describe("Title of the combined feed and its page"),
    url: httpUrl
      .optional()
      .describe("Public base URL, goes into the feeds; http://localhost:PORT when absent"),
    listen: listenAddress.default("127.0.0.1:8080").describe("Address and port to serve on"),
    store: store
      .default("sqlite:../data/mainstem.db")
      .describe("sqlite:FILE, relative to this file; or postgres://USER:PASSWORD@HOST/DATABASE"),
    schedule: schedule.prefault("adaptive").describe("How often sources are polled"),
    contact: z
      .string()
      .max(500)
      .optional()
      .describe("A page or address where publishers can reach you; goes into the User-Agent"),
    allow_private: z
      .boolean()
      .default(false)
      .describe(
        "May sources live on private or loopback addresses? Each on its own server; see the key of a source",
      ),
    limits: z
      .strictObject({
        timeout: duration.prefault("30s").describe("For one whole request"),
        body: bytes.prefault("16MiB").describe("Largest document, after decompression"),
        per_host: z.int().min(1).max(64).default(2).describe("Requests to one host at a time"),
        concurrency: z.int().min(1).max(1024).default(64).describe("Polls at a time"),
        redirects: z.int().min(0).max(20).default(10).describe("Redirects followed for one request"),
        entries: z.int().min(1).max(100_000).default(5000).describe("Entries read from one document"),
        connect_timeout: duration.prefault("10s").describe("Until a connection stands"),
        idle_timeout: duration.prefault("20s").describe("Longest silence of a server"),
        wire: bytes.prefault("16MiB").describe("Largest document as it is sent, before decompression"),
        host_pause: duration.prefault("1s").describe("Between two requests to one host"),
        lease: duration
          .prefault("1m")
          .describe(
            "A worker that gives no sign of life for so long loses the sources it was polling to others",
          ),
        rest: z
          .enum(["host", "source"])
          .default("host")
          .describe("Who rests when a server names a time (429, 503): all sources of the host, or the one"),
        history: z
          .int()
          .min(0)
          .max(1000)
          .default(0)
          .describe("Archive pages (RFC 5005) that the first poll of a source follows"),
      })
      .prefault({}),
    identity: z
      .strictObject({
        resolve: z.boolean().default(true).describe("Ask opaque short links where they lead"),
        page: z
          .enum(["auto", "always", "never"])
          .default("auto")
          .describe("Read an entry's page for its canonical link"),
        rules: z
          .string()
          .min(1)
          .optional()
          .describe("Your own URL rules, or ClearURLs' data: a file or an http(s) URL"),
      })
      .prefault({}),
    admin: z
      .strictObject({
        token: z
          .string()
          .min(16, "a token has at least 16 characters; openssl rand -hex 24 makes one")
          .optional()
          .describe(
            "Opens /status and /metrics to other machines: a bearer token, or the password of a browser",
          ),
        open: z.boolean().default(false).describe("May everybody see /status and /metrics?"),
        source_metrics: z
          .boolean()
          .default(false)
          .describe("May /metrics tell when each source last answered, by its id (the first 1000 sources)?"),
        listen: listenAddress
          .optional()
          .describe(
            "A second address for /status and /metrics, which the first one refuses then; who reaches it may see them, unless a token is set",
          ),
      })
      .prefault({}),
    push: z
      .enum(["auto", "always", "never"])
      .default("auto")
      .describe("Ask hubs for pushes (WebSub): auto when url is one that the net can reach"),
    keep: keep
      .optional()
      .describe(
        "How long stories stay: an age such as 1y or 90d, or a count of the newest; absent: for good",
      ),
    sources: z.array(source).max(200_000).default([]).describe("What to poll"),
    outputs: z
      .array(output)
      .max(1000)
      .default([])
      .describe("Combined feeds; the first is also served at /atom.xml"),
    publish: z
      .strictObject({
        directory: z
          .string()
          .min(1)
          .optional()
          .describe("Also write every output as static files into this folder"),
        hub: z
          .union([z.enum(["own", "none"]), httpUrl])
          .default("own")
          .describe(
            "Who pushes the feeds to readers (WebSub): own is this daemon under /websub; or the URL of a hub elsewhere, which is told of changes; or none",
          ),
        email: z
          .email("expected a mail address, such as ada@example.org")
          .optional()
          .describe(
            "Who answers for the feeds; podcast readers are told (itunes:owner). webmaster@ the host of url when absent",
          ),
        hub_allow_private: z
          .boolean()
          .default(false)
          .describe("May readers that subscribe at our own hub be on private or loopback addresses?"),
      })
      .prefault({}),
  });
}

/** The config as written, checked and with defaults; `load.ts` makes the `Config` of it. */
export type RawConfig = z.output<ReturnType<typeof createConfigSchema>>;
export type RawSource = RawConfig["sources"][number];

/** JSON Schema (2020-12) of the config file, for completion in editors. Checked in as `config/mainstem.schema.json`. */
export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(
    createConfigSchema(() => null),
    {
      io: "input",
      target: "draft-2020-12",
      override: ({ jsonSchema }) => {
        // The one rule that zod cannot say: a source has exactly one address.
        if (jsonSchema.properties && addressKeys.every((key) => key in (jsonSchema.properties ?? {}))) {
          jsonSchema.oneOf = addressKeys.map((key) => ({ required: [key] }));
        }
      },
    },
  );
  return { $schema, title: "Mainstem configuration", ...rest };
}
