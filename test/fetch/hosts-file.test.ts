import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createSystemResolver } from "../../src/fetch/dns.ts";
import { createHostsFile, parseHosts } from "../../src/fetch/hosts-file.ts";

const folder = mkdtempSync(join(tmpdir(), "mainstem-hosts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("parseHosts", () => {
  it("reads addresses with their names, and nothing else", () => {
    const hosts = parseHosts(
      "# 192.0.2.9 comment\n192.0.2.1\tFeeds.Example.org  alias # x\r\n2001:db8::1 feeds.example.org\nnonsense name\n\n192.0.2.2 __proto__",
    );
    expect([...hosts]).toEqual([
      ["feeds.example.org", ["192.0.2.1", "2001:db8::1"]],
      ["alias", ["192.0.2.1"]],
      ["__proto__", ["192.0.2.2"]],
    ]);
  });
});

describe("createHostsFile", () => {
  it("notices a change, and knows nothing where there is no file", async () => {
    const path = join(folder, "changing");
    const find = createHostsFile(path);
    expect(await find("a.example.org")).toEqual([]);
    writeFileSync(path, "192.0.2.1 a.example.org");
    expect(await find("A.example.org.")).toEqual(["192.0.2.1"]);
    writeFileSync(path, "192.0.2.22 a.example.org");
    expect(await find("a.example.org")).toEqual(["192.0.2.22"]);
    rmSync(path);
    expect(await find("a.example.org")).toEqual([]);
  });

  it("goes before the DNS", async () => {
    const path = join(folder, "hosts");
    writeFileSync(path, "192.0.2.7 www.example.org");
    const { addresses, ttlMs } = await createSystemResolver({ hostsFile: path })("www.example.org");
    expect(addresses).toEqual(["192.0.2.7"]);
    expect(ttlMs).toBe(60_000);
  });
});
