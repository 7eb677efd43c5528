import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeArchiveFiles, writeFeedFiles } from "../../src/publish/write-files.ts";

const signal = new AbortController().signal;
const files = new Map<string, Uint8Array>([
  ["atom.xml", Buffer.from(`<feed>${"text ".repeat(200)}</feed>`)],
  ["world/feed.json", Buffer.from('{"version":"x"}')],
]);

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "mainstem-files-"));
});
afterEach(() => rm(directory, { recursive: true }));

const read = (name: string): Promise<Buffer> => readFile(path.join(directory, name));

describe("writeFeedFiles", () => {
  it("writes each file with a gzip and a brotli copy, and leaves nothing else behind", async () => {
    expect(await writeFeedFiles(directory, files, signal)).toEqual({ written: 2, unchanged: 0 });
    for (const [name, content] of files) {
      expect(await read(name)).toEqual(content);
      expect(gunzipSync(await read(`${name}.gz`))).toEqual(content);
      expect(brotliDecompressSync(await read(`${name}.br`))).toEqual(content);
    }
    expect((await readdir(directory, { recursive: true })).sort()).toEqual([
      ...["atom.xml", "atom.xml.br", "atom.xml.gz"],
      ...["world", "world/feed.json", "world/feed.json.br", "world/feed.json.gz"],
    ]);
  });

  it("leaves a file alone whose content is there already", async () => {
    await writeFeedFiles(directory, files, signal);
    const old = new Date("2020-01-01T00:00:00Z");
    await utimes(path.join(directory, "atom.xml"), old, old);
    const changed = new Map([...files, ["world/feed.json", Buffer.from("{}")] as const]);
    expect(await writeFeedFiles(directory, changed, signal)).toEqual({ written: 1, unchanged: 1 });
    expect((await stat(path.join(directory, "atom.xml"))).mtime).toEqual(old);
    expect(gunzipSync(await read("world/feed.json.gz")).toString()).toBe("{}");
  });

  it("mends compressed copies that a crash left new beside an old file", async () => {
    await writeFeedFiles(directory, files, signal);
    await writeFile(path.join(directory, "atom.xml"), "old");
    await writeFeedFiles(directory, files, signal);
    expect(await read("atom.xml")).toEqual(files.get("atom.xml"));
  });

  it("readers see the old file or the new one, never half of one", async () => {
    const versions = ["a", "b"].map((letter) => Buffer.from(letter.repeat(400_000)));
    let isDone = false;
    const reader = (async () => {
      let reads = 0;
      while (!isDone) {
        const text = (await read("f.xml").catch(() => Buffer.from("a"))).toString("latin1");
        if (text.length > 1) {
          expect(text.length).toBe(400_000);
          expect(text.includes("a") && text.includes("b")).toBe(false);
          reads += 1;
        }
      }
      return reads;
    })();
    for (let n = 0; n < 10; n += 1) {
      await writeFeedFiles(directory, new Map([["f.xml", versions[n % 2] ?? Buffer.alloc(0)]]), signal);
    }
    isDone = true;
    expect(await reader).toBeGreaterThan(0);
  });

  it("stays inside its directory", async () => {
    const outside = new Map([["../evil.xml", Buffer.from("x")]]);
    await expect(writeFeedFiles(directory, outside, signal)).rejects.toThrow("leaves the directory");
  });

  it("names the file that cannot be written, and what to look at", async () => {
    await mkdir(path.join(directory, "atom.xml"));
    await expect(writeFeedFiles(directory, files, signal)).rejects.toMatchObject({
      code: "publish/unwritable",
      message: `cannot write ${path.join(directory, "atom.xml")}: illegal operation on a directory`,
      hint: expect.stringContaining("publish.directory"),
    });
  });

  it("stops between files when it is told to", async () => {
    await expect(writeFeedFiles(directory, files, AbortSignal.abort())).rejects.toThrow("aborted");
    expect(await readdir(directory)).toEqual([]);
  });
});

describe("writeArchiveFiles", () => {
  const archive = (pages: number, text = "page") => {
    const asked: string[] = [];
    const read = async (page: number, format: string) => {
      asked.push(`${page}.${format}`);
      return Buffer.from(`${text} ${page}`);
    };
    return { asked, files: { output: "all", pages, read } };
  };

  it("writes every page with its compressed copies, then only those that are new", async () => {
    expect(await writeArchiveFiles(directory, archive(3).files, signal)).toEqual({
      written: 9,
      unchanged: 0,
    });
    expect(gunzipSync(await read("all/archive/3.xml.gz")).toString()).toBe("page 3");
    const next = archive(5);
    expect(await writeArchiveFiles(directory, next.files, signal)).toEqual({ written: 6, unchanged: 4 });
    expect(next.asked).toEqual([
      ...["1.xml", "4.xml", "5.xml", "1.json", "4.json", "5.json"],
      // The page for people before the first new one leads to that now.
      ...["1.html", "3.html", "4.html", "5.html"],
    ]);
    expect((await read("all/archive/5.json")).toString()).toBe("page 5");
  });

  it("asks for nothing where there is no page, and takes up a format that was not there", async () => {
    expect(await writeArchiveFiles(directory, archive(0).files, signal)).toEqual({
      written: 0,
      unchanged: 0,
    });
    await writeArchiveFiles(directory, archive(3).files, signal);
    for (const page of [1, 2, 3]) await rm(path.join(directory, `all/archive/${page}.json`));
    expect((await writeArchiveFiles(directory, archive(3).files, signal)).written).toBe(3);
  });

  it("goes on where it was stopped, and writes all anew when the site has moved", async () => {
    await writeArchiveFiles(directory, archive(4).files, signal);
    await rm(path.join(directory, "all/archive/4.xml"));
    expect((await writeArchiveFiles(directory, archive(4).files, signal)).written).toBe(1);
    expect((await writeArchiveFiles(directory, archive(4, "moved").files, signal)).written).toBe(12);
    expect((await read("all/archive/2.xml")).toString()).toBe("moved 2");
  });
});
