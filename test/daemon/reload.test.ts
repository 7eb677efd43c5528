/** A running daemon whose config is edited, as a process. */
import { appendFile, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Daemon, entryIds } from "../support/daemon.ts";
import { startOriginServer } from "../support/origin-server.ts";
import { createWorkspace } from "../support/workspace.ts";

const head = "allow_private: false\noutputs:\n  - { name: all, limit: 1000 }\nsources:\n";
const wire = "  - { file: ../feeds/wire.xml, id: wire, name: Wire }\n";
const notes = "  - { file: ../feeds/notes.json, id: notes, name: Notes }\n";

async function start(yaml: string, env: Readonly<Record<string, string>> = {}) {
  const workspace = await createWorkspace(yaml);
  const daemon = await Daemon.start(workspace.config, {
    env: { MAINSTEM_STORE: `sqlite:${join(workspace.folder, "test.db")}`, ...env },
  });
  const entries = async () => entryIds(await daemon.text("/atom.xml"));
  const ready = async () => {
    const body = (await (await fetch(`${daemon.url}/readyz`)).json()) as {
      status: string;
      notices?: string[];
    };
    return { notices: [], ...body };
  };
  return {
    ...workspace,
    daemon,
    entries,
    ready,
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]();
      await workspace[Symbol.asyncDispose]();
    },
  };
}

describe("a config that is edited while the daemon runs", () => {
  it("is applied when saved, keeps the old one when broken, and names what waits for a restart", async () => {
    await using running = await start(head + wire, { TOKEN: "s3cret-token" });
    const { daemon, config, entries, ready } = running;
    await daemon.waitFor("filled", async () => (await entries()).length > 0);
    const before = (await entries()).length;

    // As editors save: written beside, renamed over.
    await writeFile(`${config}.new`, head + wire + notes);
    await rename(`${config}.new`, config);
    await daemon.waitFor("extended", async () => (await entries()).length > before);
    expect(daemon.output.stderr).toContain("config: added Notes");

    await appendFile(config, '  - { url: "https://user:${TOKEN}@/", shedule: 5m }\n');
    await daemon.waitFor("told", async () => (await ready()).notices.length > 0);
    const broken = await ready();
    expect(broken.status).toBe("ready");
    expect(broken.notices.join("\n")).toMatch(/mainstem\.yaml:\d+:\d+ .*shedule/);
    expect(daemon.output.stderr).toContain("the old one stays in force");
    expect(await daemon.text("/status")).toContain("the old one stays in force");
    expect(daemon.output.stderr + JSON.stringify(broken) + (await daemon.text("/status"))).not.toContain(
      "s3cret",
    );

    await writeFile(config, `${head + notes}contact: https://example.org/about\n`);
    await daemon.waitFor("mended", async () => (await ready()).notices.join().includes("contact"));
    expect(daemon.output.stderr).toContain("config: removed Wire");
    // What a removed source brought stays.
    expect((await entries()).length).toBeGreaterThanOrEqual(before);

    await writeFile(config, head + notes);
    await daemon.waitFor("clean", async () => (await ready()).notices.length === 0);
    process.kill(daemon.pid, "SIGHUP");
    await daemon.waitFor("hung up", async () => daemon.output.stderr.includes("SIGHUP"));
    expect(await daemon.stop()).toBe(0);
  });

  it("may be edited 50 times while polling and loses nothing", async () => {
    await using running = await start(head + wire);
    const { daemon, config, folder, entries } = running;
    const rss = (items: string) =>
      `<rss version="2.0"><channel><title>Made</title><link>https://made.example/</link><description>d</description>${items}</channel></rss>`;
    let items = "";
    for (let n = 1; n <= 50; n += 1) {
      items += `<item><title>Story ${n}</title><link>https://made.example/${n}</link><guid>https://made.example/${n}</guid></item>`;
      await writeFile(join(folder, "feeds", "made.xml.part"), rss(items));
      await rename(join(folder, "feeds", "made.xml.part"), join(folder, "feeds", "made.xml"));
      const made = `  - { file: ../feeds/made.xml, id: made, name: Made ${n}, tags: [t${n}] }\n`;
      await writeFile(config, head + wire + made + (n % 2 === 0 ? notes : ""));
      await sleep(40);
    }
    await daemon.waitFor("complete", async () => {
      const atom = await daemon.text("/atom.xml");
      return Array.from({ length: 50 }, (_, n) => atom.includes(`https://made.example/${n + 1}<`)).every(
        Boolean,
      );
    });
    expect(new Set(await entries()).size).toBe((await entries()).length);
    await daemon.waitFor("named", async () => (await daemon.text("/status.json")).includes("Made 50"));
    expect(daemon.output.stderr).not.toMatch(/"level":"error"/);
    expect(await readFile(config, "utf8")).toContain("Made 50");
    expect(await daemon.stop()).toBe(0);
  });
});

describe("an output with a search", () => {
  it("has the stories that the search finds, and no others", async () => {
    await using running = await start(
      `${head}${wire}`.replace(
        "sources:",
        "  - { name: found, search: 'zebra* -lion' }\n  - { name: none, search: 'xylophone' }\nsources:\n  - { file: ../feeds/zoo.json, id: zoo }",
      ),
    );
    const { daemon, folder } = running;
    const item = (id: number, title: string) => ({
      id: `https://zoo.example/${id}`,
      url: `https://zoo.example/${id}`,
      title,
    });
    await writeFile(
      join(folder, "feeds", "zoo.json"),
      JSON.stringify({
        version: "https://jsonfeed.org/version/1.1",
        title: "Zoo",
        items: [item(1, "Zebras arrive"), item(2, "A zebra and a lion"), item(3, "Nothing")],
      }),
    );
    await daemon.waitFor("found", async () =>
      (await daemon.text("/found/atom.xml")).includes("Zebras arrive"),
    );
    expect(entryIds(await daemon.text("/found/atom.xml"))).toEqual(["https://zoo.example/1"]);
    expect(entryIds(await daemon.text("/none/atom.xml"))).toEqual([]);
    expect(await daemon.text("/found/")).not.toContain("a lion");
  });
});

describe("a config that is edited fifty times while polling", () => {
  it("loses nothing: every entry that a feed showed once is there once, and the last edit is in force", async () => {
    await using server = await startOriginServer();
    const feeds = 4;
    const shown = new Map<string, number>();
    for (let feed = 0; feed < feeds; feed += 1) {
      // Each look shows one entry more and only the last two: a poll whose fruit was dropped twice would lose one.
      server.on(`/${feed}.xml`, (_request, response) => {
        const last = (shown.get(`${feed}`) ?? 0) + 1;
        shown.set(`${feed}`, last);
        const items = [last, last - 1].filter((n) => n > 0).map((n) => item(`${feed}-${n}`));
        response.writeHead(200, { "content-type": "application/rss+xml" }).end(rss(items.join("")));
      });
    }
    const sourceOf = (feed: number, tag: string) =>
      `  - { url: "${server.url(`/${feed}.xml`)}", schedule: 1s, tags: [${tag}] }\n`;
    const yamlOf = (edit: number) =>
      `title: Edit ${edit}\nallow_private: true\nlimits: { host_pause: 10ms, per_host: 8 }\n` +
      "outputs:\n  - { name: all, limit: 10000 }\n" +
      `sources:\n${Array.from({ length: feeds }, (_, feed) => sourceOf(feed, `t${edit}`)).join("")}` +
      (edit % 2 === 0 ? notes : wire);
    await using running = await start(yamlOf(0));
    const { daemon, config, ready } = running;
    const edits = 50;
    for (let edit = 1; edit <= edits; edit += 1) {
      // Some by a rename, some in place, one in ten broken, as hands do.
      if (edit % 10 === 5) await writeFile(config, `${yamlOf(edit)}  - nonsense: [`);
      else if (edit % 2 === 0) await writeFile(config, yamlOf(edit));
      else {
        await writeFile(`${config}.new`, yamlOf(edit));
        await rename(`${config}.new`, config);
      }
      await sleep([40, 120, 300, 600][edit % 4] ?? 0);
    }
    await daemon.waitFor("up to date", async () =>
      (await daemon.text("/atom.xml")).includes(`>Edit ${edits}</title>`),
    );
    expect((await ready()).notices).toEqual([]);
    const before = new Map(shown);
    expect([...before.values()].every((count) => count > 3)).toBe(true);
    await daemon.waitFor("polled once more", async () =>
      [...before].every(([feed, count]) => (shown.get(feed) ?? 0) >= count + 2),
    );
    const titles = [...(await daemon.text("/atom.xml")).matchAll(/<title[^>]*>(\d-\d+)<\/title>/g)].map(
      (match) => match[1] ?? "",
    );
    expect(new Set(titles).size).toBe(titles.length);
    const expected = [...before].flatMap(([feed, count]) =>
      Array.from({ length: count }, (_, index) => `${feed}-${index + 1}`),
    );
    expect(expected.filter((title) => !titles.includes(title))).toEqual([]);
    // A file that is caught half written is not an edit: no source was ever taken out but the one that takes turns.
    expect(daemon.output.stderr).not.toMatch(/[2-9] removed/);
    expect(await daemon.stop()).toBe(0);
  }, 60_000);
});

function rss(items: string): string {
  return `<rss version="2.0"><channel><title>T</title><link>https://e.example/</link><description>d</description>${items}</channel></rss>`;
}

function item(name: string): string {
  return `<item><title>${name}</title><link>https://e.example/${name}</link><guid>${name}</guid></item>`;
}
