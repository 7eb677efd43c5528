/** Holds the plan of the house: who may import whom, and through which door each package comes in. */
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { posix } from "node:path";
import { describe, expect, it } from "vitest";

const rooms: Readonly<Record<string, readonly string[]>> = {
  "model.ts": [],
  "errors.ts": [],
  "clock.ts": [],
  "secrets.ts": [],
  config: [],
  fetch: [],
  parse: [],
  identify: [],
  observe: [],
  syndicate: [],
  store: ["syndicate"],
  publish: ["syndicate", "identify/canonical-uri.ts"],
  schedule: ["type store/store.ts"],
  push: ["fetch", "type observe/log.ts", "type store/store.ts"],
  serve: ["type store/store.ts", "publish"],
  "ingest.ts": ["config", "fetch", "parse", "identify", "ingest", "schedule", "type store/store.ts"],
  ingest: ["fetch", "parse"],
};
const everywhere = ["model.ts", "errors.ts", "secrets.ts", "compile-cache.ts"];
/** The composition root and what stands above it or beneath everything. */
const free = new Set(["app.ts", "app", "cli", "main.ts", "compile-cache.ts"]);

const doors: Readonly<Record<string, RegExp>> = {
  "rss-parser": /^parse\//,
  feed: /^publish\/render/,
  "node-cron": /^schedule\/(scheduler|tick)\.ts$/,
  "cron-parser": /^schedule\/cron-time\.ts$/,
  pino: /^observe\/log\.ts$/,
  "pino-pretty": /^observe\/log\.ts$/,
  "prom-client": /^observe\/metrics\.ts$/,
  "node:sqlite": /^store\/sqlite/,
  pg: /^store\/postgres-(connection|listen)\.ts$/,
  yaml: /^(config|parse|identify)\//,
  zod: /^(config|identify|store)\//,
  undici: /^fetch\//,
  commander: /^cli\/program\.ts$/,
  "@mozilla/readability": /^parse\/page-text-door\.ts$/,
  "robots-parser": /^fetch\/robots\.ts$/,
  linkedom: /^parse\/page-text-door\.ts$/,
  "sanitize-html": /^(parse|publish)\//,
};

interface Import {
  readonly file: string;
  readonly target: string;
  readonly isType: boolean;
}

const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".ts"),
);
const imports: readonly Import[] = files.flatMap((file) => {
  const text = readFileSync(posix.join("src", file), "utf8");
  const pattern =
    /^(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bawait import\("([^"]+)"\)/gm;
  return [...text.matchAll(pattern)].map((match) => ({
    file,
    target: match[2] ?? match[3] ?? "",
    isType: match[1] !== undefined,
  }));
});
const roomOf = (path: string): string => path.split("/")[0] ?? path;

describe("the plan of the house", () => {
  it("has every file in a known room", () => {
    expect(files.length).toBeGreaterThan(20);
    expect([...new Set(files.map(roomOf))].filter((room) => !(room in rooms) && !free.has(room))).toEqual([]);
  });

  it.each(Object.keys(rooms))("%s imports only what the plan allows", (room) => {
    const allowed = [...everywhere, ...(rooms[room] ?? [])];
    const strangers = imports
      .filter(({ file, target }) => roomOf(file) === room && target.startsWith("."))
      .map(({ file, target, isType }) => ({ file, isType, path: posix.join(posix.dirname(file), target) }))
      .filter(({ path }) => roomOf(path) !== room)
      .filter(({ path, isType }) => !allowed.some((rule) => isAllowed(rule, path, isType)))
      .map(({ file, path }) => `${file} imports ${path}`);
    expect(strangers).toEqual([]);
  });

  it.each(Object.keys(doors))("%s comes in by one door", (name) => {
    const places = imports
      .filter(({ target }) => target === name || target.startsWith(`${name}/`))
      .map(({ file }) => file);
    expect(places.length).toBeGreaterThan(0);
    expect(places.filter((file) => !doors[name]?.test(file))).toEqual([]);
  });

  it("imports only packages that package.json names", () => {
    const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
    const packages = imports.map(({ target }) => target).filter((target) => !target.startsWith("."));
    const foreign = packages.filter((name) => !name.startsWith("node:") && !builtinModules.includes(name));
    const names = foreign.map((name) =>
      name
        .split("/")
        .slice(0, name.startsWith("@") ? 2 : 1)
        .join("/"),
    );
    expect([...new Set(names)].filter((name) => !(name in dependencies))).toEqual([]);
    // And the other way: nothing is shipped that nothing imports.
    expect(Object.keys(dependencies).filter((name) => !names.includes(name))).toEqual([]);
  });

  it("has no default export", () => {
    const defaults = files.filter((file) =>
      /^export default /m.test(readFileSync(posix.join("src", file), "utf8")),
    );
    expect(defaults).toEqual([]);
  });
});

function isAllowed(rule: string, path: string, isType: boolean): boolean {
  if (rule.startsWith("type ")) return isType && path === rule.slice(5);
  return path === rule || roomOf(path) === rule;
}
