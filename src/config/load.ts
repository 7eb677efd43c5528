/** Config file -> validated `Config`. Reports everything that is wrong at once, each with its line and column. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { z } from "zod";
import { ConfigError, type ConfigProblem, MainstemError } from "../errors.ts";
import type { OutputDefinition, SourceDefinition, SourceKind } from "../model.ts";
import { ConfigDocument } from "./document.ts";
import { substituteEnvironment } from "./environment.ts";
import { type CronProblem, createConfigSchema, type Keep, type RawConfig, type RawSource } from "./schema.ts";
import { sourceId } from "./source-id.ts";
import { describeIssue, unknownKeyMessage } from "./zod-messages.ts";

/** What the rest of Mainstem works with. Paths are absolute, durations in ms, sizes in bytes. */
export interface Config {
  /** Absolute path of the file it was read from. */
  readonly file: string;
  readonly title: string;
  /** Public base URL without a trailing slash. */
  readonly url: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly store: StorePlace;
  readonly contact: string | null;
  readonly limits: {
    readonly timeoutMs: number;
    readonly bodyBytes: number;
    readonly perHost: number;
    readonly concurrency: number;
    readonly redirects: number;
    readonly entries: number;
    readonly connectTimeoutMs: number;
    readonly idleTimeoutMs: number;
    /** The largest document on the wire. */
    readonly wireBytes: number;
    /** Between two requests to one host. */
    readonly hostPauseMs: number;
    /** How long a claim on a source holds without being prolonged. */
    readonly leaseMs: number;
  };
  readonly identity: {
    readonly isResolving: boolean;
    readonly page: "auto" | "always" | "never";
    /** Absolute path or http(s) URL of the operator's own URL rules. */
    readonly rules: string | null;
    /** May rules come from a private address? */
    readonly isPrivateAllowed: boolean;
  };
  /** Who may see status and metrics from other machines. */
  readonly admin: {
    readonly token: string | null;
    readonly isOpen: boolean;
    /** May metrics tell of each source by its id? */
    readonly isPerSource: boolean;
    /** An address of its own for them, or null. */
    readonly listen: Config["listen"] | null;
  };
  /** Ask hubs for pushes (WebSub). */
  readonly push: "auto" | "always" | "never";
  /** What of the store stays; null: everything. */
  readonly keep: Keep | null;
  readonly sources: readonly SourceDefinition[];
  /** Never empty: without any in the file there is one, `all`. */
  readonly outputs: readonly OutputDefinition[];
  readonly publishDirectory: string | null;
  /** Who pushes the feeds: this daemon, nobody, or the hub with that URL. */
  readonly hub: { readonly kind: "own" | "none" } | { readonly kind: "outside"; readonly url: string };
  /** Who answers for the feeds; null: whoever `webmaster` of the site's host is. */
  readonly ownerEmail: string | null;
  /** May subscribers at our own hub be on private addresses? */
  readonly isHubPrivateAllowed: boolean;
  readonly logLevel: string | null;
  /** What the config asks for that this version does not do, or does otherwise. */
  readonly warnings: readonly ConfigProblem[];
}

/** Where the store is: a file (absolute), or a database. The URL has the password in it. */
export type StorePlace =
  | { readonly engine: "sqlite"; readonly file: string }
  | { readonly engine: "postgres"; readonly url: string };

/** What `store:` and `mainstem copy` name; a file is relative to `folder`. */
export function parseStore(text: string, folder: string): StorePlace {
  if (!text.startsWith("sqlite:")) return { engine: "postgres", url: text };
  return { engine: "sqlite", file: resolve(folder, text.slice("sqlite:".length)) };
}

export interface LoadOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cronProblem: CronProblem;
}

/** Some 300,000 sources. */
const configMiBMax = 32;

/**
 * Reads and validates a config file (interface document, "Configuration").
 *
 * @throws MainstemError `config/unreadable` when the file cannot be read
 * @throws ConfigError with every problem found, in the order of the file
 */
export async function loadConfig(file: string, options: LoadOptions): Promise<Config> {
  const path = resolve(file);
  return readConfig(await readConfigText(file), { ...options, file: path, shownAs: file });
}

async function readConfigText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === "ENOENT"
        ? "there is no such file"
        : code === "EISDIR"
          ? "it is a folder"
          : (error as Error).message;
    throw new MainstemError("config/unreadable", `cannot read the config ${file}: ${reason}`, {
      cause: error,
      hint: "mainstem init writes a first one; --config FILE or MAINSTEM_CONFIG names another",
    });
  }
}

interface ReadOptions extends LoadOptions {
  /** Absolute; relative paths in the config start from its folder. */
  readonly file: string;
  /** The name that messages give. */
  readonly shownAs: string;
}

/**
 * `loadConfig` without the disk.
 * @throws MainstemError `config/unreadable` when the text is too long
 * @throws ConfigError with every problem found
 */
export async function readConfig(text: string, options: ReadOptions): Promise<Config> {
  if (Buffer.byteLength(text) > configMiBMax * 2 ** 20)
    throw new MainstemError("config/unreadable", `${options.shownAs} is larger than ${configMiBMax} MiB`, {
      hint: "a long list of feeds may stay an OPML file, which the config names: - opml: FILE",
    });
  const document = new ConfigDocument(text, options.shownAs);
  document.throwProblems();
  await substituteEnvironment(document, options.env);
  document.throwProblems();
  const value = withOverrides(document.toValue(), options.env);
  document.throwProblems();

  const schema = createConfigSchema(options.cronProblem);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue) =>
      issueProblems(issue, { document, schema, options }),
    );
    throw new ConfigError(problems.toSorted(byPlace));
  }
  const builder = new ConfigBuilder(document, options);
  const config = builder.build(parsed.data);
  if (builder.problems.length > 0) throw new ConfigError(builder.problems.toSorted(byPlace));
  return config;
}

function byPlace(a: ConfigProblem, b: ConfigProblem): number {
  return a.line - b.line || a.column - b.column;
}

/** A claim is prolonged three times in its life, by a clock that ticks once a second. */
const leaseMinMs = 5000;

/** Environment over file; each names the key it replaces. */
const overrides = { store: "MAINSTEM_STORE", listen: "MAINSTEM_LISTEN", url: "MAINSTEM_URL" } as const;

function withOverrides(value: unknown, env: LoadOptions["env"]): unknown {
  if (value !== null && (typeof value !== "object" || Array.isArray(value))) return value;
  const result: Record<string, unknown> = { ...value };
  for (const [key, name] of Object.entries(overrides)) if (env[name]) result[key] = env[name];
  return result;
}

interface IssueContext {
  readonly document: ConfigDocument;
  readonly schema: z.core.$ZodType;
  readonly options: ReadOptions;
}

function issueProblems(
  issue: z.core.$ZodIssue,
  { document, schema, options }: IssueContext,
): ConfigProblem[] {
  const path = issue.path.filter((part) => typeof part !== "symbol");
  const override = overrides[path[0] as keyof typeof overrides];
  if (override && options.env[override]) {
    return [{ file: override, line: 1, column: 1, path: override, message: describeIssue(issue) }];
  }
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => document.problemAtKey(path, key, unknownKeyMessage(key, path, schema)));
  }
  const name = path.length > 0 ? `${document.nameOf(path)}: ` : "";
  return [document.problemAt(path, `${name}${describeIssue(issue)}`)];
}

function toHub(hub: string): Config["hub"] {
  return hub === "own" || hub === "none" ? { kind: hub } : { kind: "outside", url: hub };
}

/** `127.0.0.1:8080` or `[::1]:8080` in parts. */
function readListen(text: string): Config["listen"] {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(text.slice(colon + 1)) };
}

class ConfigBuilder {
  readonly problems: ConfigProblem[] = [];
  readonly #warnings: ConfigProblem[] = [];
  readonly #document: ConfigDocument;
  readonly #options: ReadOptions;
  readonly #folder: string;

  constructor(document: ConfigDocument, options: ReadOptions) {
    this.#document = document;
    this.#options = options;
    this.#folder = dirname(options.file);
  }

  build(raw: RawConfig): Config {
    const listen = readListen(raw.listen);
    const sources = this.#sources(raw);
    const outputs = this.#outputs(raw);
    return {
      file: this.#options.file,
      title: raw.title,
      url: (raw.url ?? `http://localhost:${listen.port}`).replace(/\/+$/, ""),
      listen,
      store: this.#store(raw.store),
      contact: raw.contact?.trim() || null,
      limits: {
        timeoutMs: raw.limits.timeout,
        bodyBytes: raw.limits.body,
        perHost: raw.limits.per_host,
        concurrency: raw.limits.concurrency,
        redirects: raw.limits.redirects,
        entries: raw.limits.entries,
        connectTimeoutMs: Math.min(raw.limits.connect_timeout, raw.limits.timeout),
        idleTimeoutMs: Math.min(raw.limits.idle_timeout, raw.limits.timeout),
        wireBytes: Math.min(raw.limits.wire, raw.limits.body),
        hostPauseMs: raw.limits.host_pause,
        leaseMs: Math.max(raw.limits.lease, leaseMinMs),
      },
      identity: {
        isResolving: raw.identity.resolve,
        page: raw.identity.page,
        rules: this.#rules(raw.identity.rules),
        isPrivateAllowed: raw.allow_private,
      },
      admin: {
        token: raw.admin.token ?? null,
        isOpen: raw.admin.open,
        isPerSource: raw.admin.source_metrics,
        listen: raw.admin.listen === undefined ? null : readListen(raw.admin.listen),
      },
      push: raw.push,
      keep: raw.keep ?? null,
      sources,
      outputs,
      publishDirectory:
        raw.publish.directory === undefined ? null : resolve(this.#folder, raw.publish.directory),
      hub: toHub(raw.publish.hub),
      ownerEmail: raw.publish.email ?? null,
      isHubPrivateAllowed: raw.publish.hub_allow_private,
      logLevel: this.#options.env.MAINSTEM_LOG_LEVEL?.trim() || null,
      warnings: this.#warnings.toSorted(byPlace),
    };
  }

  #rules(rules: string | undefined): string | null {
    if (rules === undefined) return null;
    return /^https?:\/\//i.test(rules) ? rules : resolve(this.#folder, rules);
  }

  #store(text: string): Config["store"] {
    // A path from the environment is the operator's shell's, not the file's.
    const folder = this.#options.env.MAINSTEM_STORE ? process.cwd() : this.#folder;
    return parseStore(text, folder);
  }

  #sources(raw: RawConfig): SourceDefinition[] {
    const firstOf = new Map<string, number>();
    return raw.sources.map((source, index) => {
      const { kind, location } = this.#location(source);
      const path = ["sources", index];
      const id = source.id ?? sourceId(kind, location);
      for (const [what, key] of [
        ["id", `id ${id}`],
        ["address", `${kind} ${location}`],
      ] as const) {
        const first = firstOf.get(key);
        if (first !== undefined)
          this.#problem(path, `sources[${index}] has the same ${what} as sources[${first}]`);
        else firstOf.set(key, index);
      }
      if (source.full_text && kind === "articles")
        this.#warn([...path, "full_text"], "full_text: article documents are whole; it does nothing here");
      return {
        id,
        kind,
        location,
        name: source.name ?? null,
        tags: source.tags,
        priority: source.priority,
        schedule: source.schedule ?? raw.schedule,
        identity: source.identity,
        include: source.include,
        exclude: source.exclude,
        headers: source.headers,
        isPrivateAllowed: source.allow_private ?? raw.allow_private,
        restScope: source.rest ?? raw.limits.rest,
        isFullText: source.full_text,
        homeUrl: source.site?.trim() ?? null,
        folders: source.folders ?? null,
        historyPages: source.history ?? raw.limits.history,
      };
    });
  }

  #location(source: RawSource): { kind: SourceKind; location: string } {
    if (source.url !== undefined) return { kind: "url", location: source.url.trim() };
    if (source.file !== undefined) return { kind: "file", location: resolve(this.#folder, source.file) };
    if (source.articles !== undefined)
      return { kind: "articles", location: resolve(this.#folder, source.articles) };
    const list = (source.opml ?? "").trim();
    return { kind: "opml", location: /^https?:\/\//i.test(list) ? list : resolve(this.#folder, list) };
  }

  #outputs(raw: RawConfig): OutputDefinition[] {
    const outputs: RawConfig["outputs"] =
      raw.outputs.length > 0
        ? raw.outputs
        : [
            {
              name: "all",
              tags: [],
              include: [],
              exclude: [],
              limit: 100,
              archive: true,
              syndication: "link",
            },
          ];
    const seen = new Set<string>();
    return outputs.map(({ window: windowMs, archive: isArchived, ...output }, index) => {
      const path = ["outputs", index];
      if (seen.has(output.name))
        this.#problem(
          [...path, "name"],
          `outputs[${index}].name: "${output.name}" is taken by an earlier output`,
        );
      seen.add(output.name);
      return { ...output, title: output.title ?? raw.title, windowMs, isArchived };
    });
  }

  #problem(path: readonly (string | number)[], message: string): void {
    this.problems.push(this.#document.problemAt(path, message));
  }

  #warn(path: readonly (string | number)[], message: string): void {
    this.#warnings.push(this.#document.problemAt(path, message));
  }
}
