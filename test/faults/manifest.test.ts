/**
 * What of the shared list of hostile inputs is no feed: configs, raw requests, a drop folder, the spoof of another's story. Feeds are
 * in payloads.test.ts, addresses in test/fetch/http-connections.test.ts. Each has a counterpart of our own in attackers.test.ts.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Daemon, entryIds, runCommand, sendRaw } from "../support/daemon.ts";
import { Newsstand } from "../support/newsstand.ts";
import { startOriginServer } from "../support/origin-server.ts";
import { alternates } from "../support/published-stories.ts";
import { hasSharedPayloads, sharedFile, sharedPayloads, sharedRows } from "../support/shared-payloads.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { createWorkspace } from "../support/workspace.ts";

const rows = sharedRows();
const configs = rows.filter(({ kind }) => kind === "config").map(({ file }) => file);
/** What stands for which is looked at where. */
const elsewhere = ["ssrf-urls.txt", "http-requests.json", "mk-drop-folder.sh", "id-spoof-b.atom"];
/** The list was written for other paths. */
const ours = (raw: string) => raw.replaceAll("/feed.atom", "/atom.xml").replaceAll("/feeds/", "/all/");

interface RawRequest {
  readonly id: string;
  readonly raw: string;
}

const wanted: Readonly<Record<string, RegExp>> = {
  "host-poison": /^HTTP\/1.1 200/,
  "cache-poison": /^HTTP\/1.1 (?:200|400)/,
  traversal: /^HTTP\/1.1 40[04]/,
  "traversal-enc": /^HTTP\/1.1 40[04]/,
  "nul-path": /^HTTP\/1.1 40[04]/,
  "bad-percent": /^HTTP\/1.1 40[04]/,
  "admin-anonymous": /^HTTP\/1.1 40[134]/,
  "admin-spoofed-ip": /^HTTP\/1.1 40[13]/,
  "limit-dos": /^HTTP\/1.1 (?:200|400)/,
  "etag-bomb": /^HTTP\/1.1 (?:200|304|431)/,
  range: /^HTTP\/1.1 200/,
  smuggle: /^HTTP\/1.1 400[\s\S]*Connection: close/i,
  "no-host": /^HTTP\/1.1 400/,
  "huge-header": /^HTTP\/1.1 431/,
  method: /^HTTP\/1.1 405[\s\S]*Allow: GET, HEAD/i,
  head: /^HTTP\/1.1 200/,
  "options-cors": /^HTTP\/1.1 20[04]/,
};

interface SourceStatus {
  readonly name: string;
  readonly status: string;
  readonly entries: number;
  readonly error: { readonly message: string } | null;
  readonly warnings: readonly { readonly message: string }[];
}

const statusOf = async (daemon: Daemon): Promise<readonly SourceStatus[]> =>
  JSON.parse(await daemon.text("/status.json")).sources;

describe.skipIf(isSkippedWithout("../shared/payloads", hasSharedPayloads))("the shared list", () => {
  it("has nothing that no test takes up", () => {
    const taken = [...sharedPayloads().map(({ name }) => name), ...configs, ...elsewhere];
    expect(rows.map(({ file }) => file).sort()).toEqual(taken.sort());
  });

  it.each(configs)("%s: refused with file, line and column, no stack, no secret", async (file) => {
    await using workspace = await createWorkspace(readFileSync(sharedFile(file), "utf8"));
    const { code, stdout, stderr } = await runCommand(["check", "--config", workspace.config]);
    expect(code, stdout).toBe(2);
    expect(stdout + stderr).toMatch(/mainstem\.yaml:\d+:\d+ /);
    expect(stdout + stderr).not.toMatch(/\n\s+at |RangeError|Maximum call|S3CRET-CANARY|root:x:0/);
    const run = await runCommand(["run", "--config", workspace.config]);
    expect([run.code, run.stdout]).toEqual([2, ""]);
    expect(run.stderr).not.toMatch(/\n\s+at |S3CRET-CANARY/);
  });

  it.each(configs)("%s: as an edit of a running daemon's config, the old one stays", async (file) => {
    await using stand = await Newsstand.open(1);
    const url = stand.storyUrl(stand.publish(0));
    await using workspace = await createWorkspace(
      `allow_private: true\nschedule: 1s\n${stand.sourcesYaml()}`,
    );
    await using daemon = await Daemon.start(workspace.config);
    const shows = (story: string) => async () => alternates(await daemon.text("/atom.xml")).includes(story);
    await daemon.waitFor("polling", shows(url));
    await writeFile(workspace.config, readFileSync(sharedFile(file)));
    process.kill(daemon.pid, "SIGHUP");
    await daemon.waitFor("told of it", async () => /mainstem\.yaml:\d+/.test(daemon.output.stderr));
    await daemon.waitFor("polling on", shows(stand.storyUrl(stand.publish(0))));
    expect((await fetch(`${daemon.url}/readyz`)).status).toBe(200);
    expect(await daemon.stop()).toBe(0);
    expect(daemon.output.stderr).not.toMatch(/\n\s+at |S3CRET-CANARY/);
  });

  it("http-requests.json: each is answered as it says, and nothing of it comes back", async () => {
    const requests: readonly RawRequest[] = JSON.parse(
      readFileSync(sharedFile("http-requests.json"), "utf8"),
    );
    expect(requests.map(({ id }) => id).sort()).toEqual(Object.keys(wanted).sort());
    await using stand = await Newsstand.open(1);
    const url = stand.storyUrl(stand.publish(0));
    await using workspace = await createWorkspace(
      `url: https://river.example.org\nallow_private: true\n${stand.sourcesYaml()}`,
    );
    await using daemon = await Daemon.start(workspace.config);
    await daemon.waitFor("telling", async () => alternates(await daemon.text("/atom.xml")).includes(url));
    const plain = await fetch(`${daemon.url}/atom.xml`, { headers: { "accept-encoding": "identity" } });
    const body = await plain.text();
    for (const { id, raw } of requests) {
      const answer = await sendRaw(daemon, ours(raw));
      expect(answer.slice(0, 400), id).toMatch(wanted[id] ?? /never/);
      expect(answer, id).not.toMatch(/evil\.example|<script>|root:x:0|Allow-Credentials/i);
      const [head = "", ...rest] = answer.split("\r\n\r\n");
      if (id === "head") expect(rest.join("")).toBe("");
      if (/^HTTP\/1.1 200/.test(head) && /^(?:GET|HEAD) \/atom\.xml/.test(ours(raw))) {
        expect(head, id).toContain(plain.headers.get("etag"));
        expect(head, id).toMatch(new RegExp(`Content-Length: ${Buffer.byteLength(body)}\\b`, "i"));
        expect(head, id).toMatch(/X-Content-Type-Options: nosniff/i);
        expect(head, id).toMatch(/Content-Security-Policy: [^\r]*default-src 'none'/i);
      }
      // As it stands, too: for paths that are none of ours.
      expect(await sendRaw(daemon, raw), id).not.toMatch(/^HTTP\/1.1 5/);
    }
    expect(await daemon.text("/atom.xml")).toBe(body);
    expect(await daemon.stop()).toBe(0);
  });

  it("mk-drop-folder.sh: what is good is read, each other thing is one error or warning, and no pipe hangs", async () => {
    const script = fileURLToPath(sharedFile("mk-drop-folder.sh"));
    await using workspace = await createWorkspace("sources: []\n");
    const [feeds, articles] = [join(workspace.folder, "feeds-in"), join(workspace.folder, "articles-in")];
    for (const folder of [feeds, articles]) execFileSync("sh", [script, folder]);
    const traps = [
      "link-to-passwd",
      "zero",
      "fifo",
      "empty",
      "dir",
      "sparse",
      "unreadable",
      "..hidden",
      "-rf",
    ];
    for (const name of await readdir(articles))
      if (name.endsWith(".xml"))
        await rename(join(articles, name), join(articles, name.replace(/xml$/, "md")));
    await writeFile(
      join(articles, "good.md"),
      "# A good document of the day\n\n2026-01-02\n\nIts text.\n\nOriginal url: https://victim.example/2026/good-document\n",
    );
    await writeFile(
      workspace.config,
      `outputs: [{ name: all }]\nsources:\n  - { articles: "../articles-in", name: drop }\n${[
        "good",
        ...traps,
      ]
        .map((name) => `  - { file: "../feeds-in/${name}.xml", name: "${name}" }\n`)
        .join("")}`,
    );
    await using daemon = await Daemon.start(workspace.config);
    await daemon.waitFor("through", async () =>
      (await statusOf(daemon)).every(({ status }) => status !== "new"),
    );
    const found = new Map((await statusOf(daemon)).map((source) => [source.name, source]));
    expect(found.get("good")).toMatchObject({ status: "ok", error: null });
    expect(found.get("good")?.entries).toBeGreaterThan(0);
    for (const name of traps) expect(found.get(name)?.error?.message, name).toMatch(/\S/);
    const warnings = found.get("drop")?.warnings.map(({ message }) => message) ?? [];
    for (const name of ["link-to-passwd.md", "zero.md", "fifo.md", "sparse.md"])
      expect(
        warnings.filter((message) => message.includes(name)),
        name,
      ).toHaveLength(1);
    await daemon.waitFor("telling it", async () =>
      (await daemon.text("/atom.xml")).includes("https://victim.example/2026/good-document"),
    );
    const markup = await Promise.all(["/atom.xml", "/", "/status"].map((path) => daemon.text(path)));
    expect(markup.join("\n")).not.toMatch(/root:x:0|<script>\./);
    expect(await daemon.text("/status.json")).not.toContain("root:x:0");
    expect(await daemon.stop()).toBe(0);
  });

  it("id-spoof-b.atom: a feed that repeats another's id and address changes not a word", async () => {
    await using origin = await startOriginServer();
    const atom = { headers: { "content-type": "application/atom+xml" } };
    origin.on("/a", {
      ...atom,
      body: `<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:victim</id><title>Victim</title><updated>2025-01-01T00:00:00Z</updated><entry><id>https://victim.example/a</id><title>As it was told first</title><link href="https://victim.example/a"/><updated>2025-01-01T00:00:00Z</updated><content type="html">&lt;p&gt;its own text&lt;/p&gt;</content></entry></feed>`,
    });
    origin.on("/b", { ...atom, body: readFileSync(sharedFile("id-spoof-b.atom")) });
    const config = (more: string) =>
      `allow_private: true\nschedule: 1s\noutputs: [{ name: all }]\nsources:\n  - { url: "${origin.url("/a")}", name: A }\n${more}`;
    await using workspace = await createWorkspace(config(""));
    await using daemon = await Daemon.start(workspace.config);
    await daemon.waitFor("telling it", async () => entryIds(await daemon.text("/atom.xml")).length === 1);
    const before = entryIds(await daemon.text("/atom.xml"));
    await writeFile(workspace.config, config(`  - { url: "${origin.url("/b")}", name: B }\n`));
    process.kill(daemon.pid, "SIGHUP");
    await daemon.waitFor("through with B", async () =>
      (await statusOf(daemon)).some(({ name, status }) => name === "B" && status === "ok"),
    );
    const after = await daemon.text("/atom.xml");
    expect(entryIds(after)).toEqual(before);
    expect(after).toContain("As it was told first");
    expect(after).not.toMatch(/SPOOFED|evil/);
    expect(await daemon.stop()).toBe(0);
  });
});
