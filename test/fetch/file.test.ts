import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { listArticleFiles, readSourceFile } from "../../src/fetch/file.ts";

const roots: string[] = [];
let folder = "";
const at = (name: string) => join(folder, name);
const signal = new AbortController().signal;

beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), "mainstem-file-"));
  roots.push(root);
  folder = join(root, "drop");
  mkdirSync(folder);
});
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

describe("readSourceFile", () => {
  it("reads a file with its digest and date", async () => {
    writeFileSync(at("feed.xml"), "<feed/>");
    const file = await readSourceFile(at("feed.xml"), { bytesMax: 100 }, signal);
    expect(Buffer.from(file.bytes).toString()).toBe("<feed/>");
    expect(file.bodyHash).toMatch(/^[0-9a-f]{64}$/);
    expect(file.modifiedAt).toBeInstanceOf(Date);
  });

  it("reads an empty file, and one that is exactly at the limit", async () => {
    writeFileSync(at("empty.xml"), "");
    writeFileSync(at("full.xml"), "x".repeat(3_000_000));
    expect((await readSourceFile(at("empty.xml"), { bytesMax: 1 }, signal)).bytes).toHaveLength(0);
    expect((await readSourceFile(at("full.xml"), { bytesMax: 3_000_000 }, signal)).bytes).toHaveLength(
      3_000_000,
    );
  });

  it("follows a link that the operator made", async () => {
    writeFileSync(at("real.xml"), "<feed/>");
    symlinkSync(at("real.xml"), at("link.xml"));
    expect((await readSourceFile(at("link.xml"), { bytesMax: 100 }, signal)).bytes).toHaveLength(7);
  });

  it.each<[string, () => void, string]>([
    ["absent.xml", () => {}, "does not exist"],
    ["folder", () => mkdirSync(at("folder")), "is not a regular file"],
    ["pipe", () => void execFileSync("mkfifo", [at("pipe")]), "is not a regular file"],
    ["zero", () => symlinkSync("/dev/zero", at("zero")), "is not a regular file"],
    ["loop", () => symlinkSync(at("loop"), at("loop")), "leads back to itself"],
  ])("says of %s what is wrong", async (name, make, words) => {
    make();
    const error = expect.objectContaining({ code: "fetch/file", message: expect.stringContaining(words) });
    await expect(readSourceFile(at(name), { bytesMax: 100 }, signal)).rejects.toThrow(error);
  });

  it("does not read what is too large", async () => {
    writeFileSync(at("sparse.xml"), "");
    truncateSync(at("sparse.xml"), 5 * 2 ** 30);
    await expect(readSourceFile(at("sparse.xml"), { bytesMax: 2 ** 20 }, signal)).rejects.toMatchObject({
      code: "fetch/too-large",
    });
  });

  it("heeds the signal", async () => {
    writeFileSync(at("feed.xml"), "<feed/>");
    await expect(
      readSourceFile(at("feed.xml"), { bytesMax: 9 }, AbortSignal.abort(new Error("stop"))),
    ).rejects.toThrow("stop");
  });
});

describe("listArticleFiles", () => {
  const limits = { bytesMax: 1000, filesMax: 100 };
  const names = async (options = limits) =>
    (await listArticleFiles(folder, options)).files.map(({ name }) => name);

  it("lists documents of the folder and below, sorted, and nothing else", async () => {
    mkdirSync(at("sub"));
    for (const name of [
      "b.md",
      "a.TXT",
      "sub/c.markdown",
      "feed.xml",
      "noending",
      "-rf.md",
      "<script>.md",
      "ÿ.md",
    ]) {
      writeFileSync(at(name), "x");
    }
    expect(await names()).toEqual(["-rf.md", "<script>.md", "a.TXT", "b.md", "sub/c.markdown", "ÿ.md"]);
    const { files, warnings } = await listArticleFiles(folder, limits);
    expect(files[2]).toMatchObject({ path: at("a.TXT"), sizeBytes: 1, modifiedAt: expect.any(Date) });
    expect(warnings).toEqual([]);
  });

  it("passes over hidden and temporary files without a word", async () => {
    mkdirSync(at(".git"));
    for (const name of [
      ".a.md",
      "..b.md",
      ".git/c.md",
      "d.md~",
      "#e.md#",
      ".#f.md",
      "g.md.swp",
      "h.tmp",
      "i.tmp.md",
      "~$j.txt",
      "k.md.part",
    ]) {
      writeFileSync(at(name), "x");
    }
    expect(await listArticleFiles(folder, limits)).toEqual({ files: [], warnings: [] });
  });

  it("leaves out, with a warning, what leads out of the folder, is no file or too large", async () => {
    writeFileSync(join(folder, "..", "outside.md"), "secret");
    writeFileSync(at("good.md"), "x");
    writeFileSync(at("large.md"), "x".repeat(1001));
    mkdirSync(at("dir.md"));
    symlinkSync("/etc/passwd", at("passwd.md"));
    symlinkSync("../outside.md", at("outside.md"));
    symlinkSync("/dev/zero", at("zero.md"));
    symlinkSync("nowhere", at("broken.md"));
    symlinkSync("good.md", at("inside.md"));
    symlinkSync("/etc", at("etc"));
    symlinkSync(".", at("loop"));
    execFileSync("mkfifo", [at("pipe.md")]);
    const { files, warnings } = await listArticleFiles(folder, limits);
    expect(files.map(({ name }) => name)).toEqual(["good.md", "inside.md"]);
    expect(warnings.map(({ message }) => message)).toEqual([
      "broken.md: does not exist",
      "large.md: is larger than 1000 bytes, the limit",
      "outside.md: leads out of the folder",
      "passwd.md: leads out of the folder",
      "pipe.md: is not a regular file",
      "zero.md: leads out of the folder",
    ]);
  });

  it("keeps a name with a line break on one line", async () => {
    execFileSync("mkfifo", [at("new\nline.md")]);
    const { warnings } = await listArticleFiles(folder, limits);
    expect(warnings).toEqual([{ code: "fetch/file", message: "new\\nline.md: is not a regular file" }]);
  });

  it("lists no more than it may", async () => {
    for (let count = 0; count < 5; count++) writeFileSync(at(`${count}.md`), "x");
    const { files, warnings } = await listArticleFiles(folder, { ...limits, filesMax: 3 });
    expect(files.map(({ name }) => name)).toEqual(["0.md", "1.md", "2.md"]);
    expect(warnings).toHaveLength(1);
  });

  it("says when the folder is absent or no folder", async () => {
    writeFileSync(at("file"), "x");
    await expect(listArticleFiles(at("absent"), limits)).rejects.toMatchObject({
      code: "fetch/file",
      message: expect.stringContaining("does not exist"),
    });
    await expect(listArticleFiles(at("file"), limits)).rejects.toMatchObject({
      code: "fetch/file",
      message: expect.stringContaining("is not a folder"),
    });
  });
});
