/** The operator's URL rules from a file and from the net. */
import { writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadUrlRules } from "../../src/app/url-rules.ts";
import { identifyUrl } from "../../src/identify/original-url.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { type OriginServer, startOriginServer } from "../support/origin-server.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

const yaml = "rules:\n  - { hosts: [paper.example], drop: [chnl] }\n";
const clearUrls = JSON.stringify({
  providers: { paper: { urlPattern: "^https?:\\/\\/paper\\.example", rules: ["chnl"] } },
});

let server: OriginServer;
let workspace: Workspace;
let warnings: string[];
beforeEach(async () => {
  server = await startOriginServer();
  workspace = await createWorkspace("");
  warnings = [];
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await workspace[Symbol.asyncDispose]();
});

const load = (rules: string | null, isPrivateAllowed = true) =>
  loadUrlRules(
    {
      identity: { isResolving: true, page: "auto", rules, isPrivateAllowed },
      store: { engine: "sqlite", file: `${workspace.folder}/store.db` },
    },
    {
      clock: createManualClock(),
      version: "0",
      signal: new AbortController().signal,
      onWarning: (message) => warnings.push(message),
    },
  );
const cleaned = async (rules: string) =>
  identifyUrl("https://paper.example/story?chnl=7&id=1", { rules: (await load(rules)) ?? { rules: [] } })
    ?.originalUrl;

describe("loadUrlRules", () => {
  it("is null where the config names none", async () => {
    expect(await load(null)).toBeNull();
  });

  it("reads a file", async () => {
    const file = `${workspace.folder}/rules.yaml`;
    await writeFile(file, yaml);
    expect(await cleaned(file)).toBe("https://paper.example/story?id=1");
  });

  it("names a file that is not there", async () => {
    await expect(load(`${workspace.folder}/none.yaml`)).rejects.toMatchObject({
      code: "config/unreadable",
      message: expect.stringContaining("none.yaml"),
    });
  });

  it("fetches a URL, in ClearURLs' format too, and lives on its copy while the server is down", async () => {
    server.on("/data.json", { body: clearUrls }, { status: 500 });
    expect(await cleaned(server.url("/data.json"))).toBe("https://paper.example/story?id=1");
    expect(await cleaned(server.url("/data.json"))).toBe("https://paper.example/story?id=1");
    expect(warnings).toEqual([expect.stringMatching(/500.*the copy of an earlier start is used/)]);
    expect(server.requests).toHaveLength(2);
  });

  it("says what to do where nothing was ever fetched, and asks no private address unless allowed", async () => {
    server.on("/data.json", { status: 404 });
    await expect(load(server.url("/data.json"))).rejects.toMatchObject({
      code: "config/unreadable",
      hint: expect.stringContaining("identity.rules"),
    });
    const asked = server.requests.length;
    await expect(load(server.url("/data.json"), false)).rejects.toMatchObject({ code: "config/unreadable" });
    expect(server.requests).toHaveLength(asked);
  });

  it("keeps no copy of rules that cannot be read", async () => {
    server.on("/data.json", { body: "rules: 7" });
    await expect(load(server.url("/data.json"))).rejects.toMatchObject({ code: "config/invalid" });
    server.on("/data.json", { status: 500 });
    await expect(load(server.url("/data.json"))).rejects.toMatchObject({ code: "config/unreadable" });
  });
});
