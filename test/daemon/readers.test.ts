/**
 * Real feed readers (Debian's newsboat, rss2email and sfeed) subscribe to a running daemon and list the stories. Each reads with
 * a parser of its own: newsboat's, Python's feedparser, and sfeed's.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Daemon } from "../support/daemon.ts";
import { withoutJoiners } from "../support/shown-text.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

const runFile = promisify(execFile);
const isThere = (program: string) => spawnSync(program, ["--help"], { stdio: "ignore" }).error === undefined;

interface Told {
  readonly title: string;
  readonly link: string;
}

const stories: readonly Told[] = [
  { title: "A plain story", link: "https://paper.example/2026/a-plain-story" },
  {
    title: "Café & <b>bold</b> ]]> 1 < 2 “quoted” 日本語",
    link: "https://paper.example/2026/marked-up?a=1&b=2",
  },
  { title: "An episode with sound", link: "https://paper.example/2026/episode" },
  { title: "]]></title></item><item><title>forged", link: "https://paper.example/2026/forged" },
];

const escapeXml = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const source = `<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Paper</title><id>urn:paper</id><updated>2026-06-17T00:00:00Z</updated>${stories
  .map(
    ({ title, link }, n) =>
      `<entry><title type="text">${escapeXml(title)}</title><id>urn:paper:${n}</id><link href="${escapeXml(link)}"/><author><name>Ada &amp; Ben</name></author><updated>2026-06-17T0${n}:00:00Z</updated><content type="html">&lt;p&gt;Text of ${n}, ]]&amp;gt; and all&lt;/p&gt;</content>${n === 2 ? '<link rel="enclosure" href="https://paper.example/a.mp3" type="audio/mpeg" length="1000"/>' : ""}</entry>`,
  )
  .join("")}</feed>`;

let workspace: Workspace;
let daemon: Daemon;
beforeAll(async () => {
  workspace = await createWorkspace("sources: [{ file: ../paper.xml }]\n");
  await writeFile(join(workspace.folder, "paper.xml"), source);
  daemon = await Daemon.start(workspace.config);
  await daemon.waitFor(
    "full",
    async () => (await daemon.text("/atom.xml")).split("<entry").length > stories.length,
  );
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await workspace?.[Symbol.asyncDispose]();
});

async function makeFolder(name: string): Promise<string> {
  const folder = join(workspace.folder, name);
  await mkdir(folder, { recursive: true });
  return folder;
}

const run = (program: string, args: readonly string[], folder: string) =>
  runFile(program, args, {
    cwd: folder,
    env: { ...process.env, HOME: folder, LC_ALL: "C.UTF-8" },
    timeout: 30_000,
  });

const sorted = (told: readonly Told[]) => told.toSorted((a, b) => a.link.localeCompare(b.link, "en"));

describe.each(["atom.xml", "rss.xml"])("%s", (name) => {
  it.skipIf(isSkippedWithout("newsboat", isThere("newsboat")))(
    "newsboat lists every story (skipped without newsboat)",
    async () => {
      const folder = await makeFolder(`newsboat-${name}`);
      await writeFile(join(folder, "urls"), `${daemon.url}/${name}\n`);
      await writeFile(join(folder, "config"), "");
      const { stdout } = await run(
        "newsboat",
        ["-C", "config", "-u", "urls", "-c", "cache.db", "-x", "reload", "print-unread"],
        folder,
      );
      expect(stdout).toContain(`${stories.length} unread articles`);
      const cache = new DatabaseSync(join(folder, "cache.db"), { readOnly: true });
      const items = cache
        .prepare("SELECT title, url AS link, author, content, enclosure_url FROM rss_item")
        .all();
      cache.close();
      const told = items.map((item) => ({ title: String(item.title), link: String(item.link) }));
      expect(sorted(told).map(({ link }) => link)).toEqual(sorted(stories).map(({ link }) => link));
      // It takes markup out of titles, as it does for every feed: ours show theirs.
      expect(told.map(({ title }) => withoutJoiners(title)).sort()).toEqual(
        stories.map(({ title }) => title).sort(),
      );
      expect(items.map((item) => item.enclosure_url).filter(Boolean)).toEqual([
        "https://paper.example/a.mp3",
      ]);
      for (const item of items)
        expect([item.author, item.content]).toEqual(["Ada & Ben", expect.stringContaining("and all")]);
    },
  );

  it.skipIf(isSkippedWithout("rss2email", isThere("r2e")))(
    "rss2email sends every story, once (skipped without rss2email)",
    async () => {
      const folder = await makeFolder(`rss2email-${name}`);
      await mkdir(join(folder, "mail"));
      await writeFile(
        join(folder, "r2e.cfg"),
        `[DEFAULT]\nfrom = a@example.org\nto = b@example.org\nforce-from = True\nemail-protocol = maildir\nmaildir-path = ${join(folder, "mail")}\nmaildir-mailbox = inbox\n`,
      );
      const r2e = (...args: readonly string[]) =>
        run("r2e", ["-c", "r2e.cfg", "-d", "r2e.json", ...args], folder);
      await r2e("add", "river", `${daemon.url}/${name}`);
      await r2e("run");
      const mails = async () => {
        const inbox = join(folder, "mail", "inbox", "new");
        return Promise.all((await readdir(inbox)).map((file) => readFile(join(inbox, file), "utf8")));
      };
      const links = (await mails()).map((mail) => /^X-RSS-URL: (.*)$/m.exec(mail)?.[1] ?? "");
      expect(links.sort()).toEqual(stories.map(({ link }) => link).sort());
      // The second time nothing is new.
      await r2e("run");
      expect(await mails()).toHaveLength(stories.length);
    },
  );

  it.skipIf(isSkippedWithout("sfeed", isThere("sfeed_update")))(
    "sfeed lists every story (skipped without sfeed)",
    async () => {
      const folder = await makeFolder(`sfeed-${name}`);
      const rc = `sfeedpath="${folder}/feeds"\nfeeds() {\n  feed river "${daemon.url}/${name}"\n}\n`;
      await writeFile(join(folder, "sfeedrc"), rc);
      await run("sfeed_update", [join(folder, "sfeedrc")], folder);
      const lines = (await readFile(join(folder, "feeds", "river"), "utf8")).trimEnd().split("\n");
      const told = lines
        .map((line) => line.split("\t"))
        .map(([, title = "", link = ""]) => ({ title: withoutJoiners(title), link }));
      expect(sorted(told)).toEqual(sorted(stories));
    },
  );
});
