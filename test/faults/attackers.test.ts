/** Attackers and the operator's own slips: forbidden addresses by every door, planted secrets, raw requests, traps in a drop folder, hostile configs. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Daemon, entryIds, runCommand, sendRaw } from "../support/daemon.ts";
import { reportFigures } from "../support/fault-size.ts";
import { forbiddenHosts } from "../support/hostile.ts";
import { Newsstand } from "../support/newsstand.ts";
import { startOriginServer } from "../support/origin-server.ts";
import { alternates } from "../support/published-stories.ts";
import { createWorkspace } from "../support/workspace.ts";

interface SourceStatus {
  readonly name: string;
  readonly status: string;
  readonly entries: number;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly warnings: readonly { readonly message: string }[];
}

async function statusOf(daemon: Daemon): Promise<readonly SourceStatus[]> {
  return JSON.parse(await daemon.text("/status.json")).sources;
}

async function polled(daemon: Daemon): Promise<readonly SourceStatus[]> {
  await daemon.waitFor(
    "through",
    async () => (await statusOf(daemon)).every(({ status }) => status !== "new"),
    60_000,
  );
  return statusOf(daemon);
}

/** Counts whoever connects to any address of this machine at one port. */
async function openCanary(): Promise<
  AsyncDisposable & { readonly port: number; readonly count: () => number }
> {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    socket.destroy();
  }).listen({ port: 0, host: "::", ipv6Only: false });
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    count: () => count,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

describe("addresses within", () => {
  it("are reached through no source, in no spelling; what is no web address is refused at load", async () => {
    await using canary = await openCanary();
    await using workspace = await createWorkspace(
      `limits: { timeout: 5s }\nsources:\n${forbiddenHosts.map((host) => `  - { url: "http://${host}:${canary.port}/", name: "${host}" }\n`).join("")}`,
    );
    await using daemon = await Daemon.start(workspace.config);
    const found = await polled(daemon);
    expect(found.map(({ name, error }) => `${name} ${error?.code}`)).toEqual(
      forbiddenHosts.map((host) => `${host} fetch/forbidden-address`),
    );
    expect(canary.count()).toBe(0);
    expect(await daemon.stop()).toBe(0);
    for (const url of [
      "file:///etc/passwd",
      "gopher://127.0.0.1:6379/_x",
      "ftp://127.0.0.1/",
      "data:text/xml,x",
      "unix:/run/docker.sock",
    ]) {
      await writeFile(workspace.config, `sources: [{ url: "${url}" }]\n`);
      const { code, stdout, stderr } = await runCommand(["check", "--config", workspace.config]);
      expect(code, url).toBe(2);
      expect(stdout + stderr, url).toMatch(/mainstem\.yaml:1:\d+ .*http/);
    }
  });

  // Redirects, hubs and links, hop by hop, of public sources: test/fetch/forbidden-hops.test.ts, where an address can stand for the internet.
  it("are reached through no list of feeds, though the list itself may be private", async () => {
    await using canary = await openCanary();
    await using origin = await startOriginServer();
    const listed = forbiddenHosts.filter((host) => /^[\x20-\x7e]+$/.test(host));
    origin.on("/list.opml", {
      headers: { "content-type": "text/x-opml" },
      body: `<opml version="2.0"><head><title>l</title></head><body>${listed
        .map((host) => `<outline type="rss" text="Listed" xmlUrl="http://${host}:${canary.port}/feed"/>`)
        .join("")}<outline type="rss" text="Listed" xmlUrl="file:///etc/passwd"/></body></opml>`,
    });
    await using workspace = await createWorkspace(`limits: { timeout: 5s, per_host: 16 }
sources: [{ opml: "${origin.url("/list.opml")}", name: list, allow_private: true }]
`);
    await using daemon = await Daemon.start(workspace.config);
    await daemon.waitFor(
      "following the list",
      async () => (await statusOf(daemon)).some(({ name }) => name === "Listed"),
      30_000,
    );
    const found = (await polled(daemon)).filter(({ name }) => name === "Listed");
    expect(found.length).toBeGreaterThan(20);
    expect(new Set(found.map(({ error }) => error?.code))).toEqual(new Set(["fetch/forbidden-address"]));
    expect(canary.count()).toBe(0);
    expect(await daemon.stop()).toBe(0);
    reportFigures("addresses within", { spellings: forbiddenHosts.length, connections: canary.count() });
  });

  it("are reached through no redirect, page, hub or archive of a source that may be private itself", async () => {
    await using canary = await openCanary();
    await using origin = await startOriginServer();
    const hosts = forbiddenHosts.filter((host) => /^[\x20-\x7e]+$/.test(host));
    const within = hosts.map((host) => `http://${host}:${canary.port}`);
    for (const [n, inner] of within.entries()) {
      origin.on(`/redirect/${n}`, { status: 302, headers: { location: `${inner}/feed` } });
      origin.on(`/page/${n}`, { status: 302, headers: { location: `${inner}/page` } });
      origin.on(`/doors/${n}`, {
        headers: { "content-type": "application/atom+xml" },
        body: `<feed xmlns="http://www.w3.org/2005/Atom"><title>Doors ${n}</title><id>urn:x:${n}</id><updated>2026-11-20T00:00:00Z</updated><link rel="self" href="${origin.url(`/doors/${n}`)}"/><link rel="hub" href="${inner}/hub"/><link rel="prev-archive" href="${inner}/archive"/><icon>${inner}/icon</icon>${[
          `${inner}/direct`,
          origin.url(`/page/${n}`),
        ]
          .map(
            (link, k) =>
              `<entry><title>Story ${n} by door ${k}</title><id>urn:x:${n}:${k}</id><updated>2026-11-20T00:00:00Z</updated><link href="${link}"/><summary>It goes on …</summary></entry>`,
          )
          .join("")}</feed>`,
      });
    }
    const options = "allow_private: true, full_text: true, history: 3";
    const sources = within.flatMap((_, n) => [
      `  - { url: "${origin.url(`/redirect/${n}`)}", name: "redirect ${n}", ${options} }\n`,
      `  - { url: "${origin.url(`/doors/${n}`)}", name: "doors ${n}", ${options} }\n`,
    ]);
    await using workspace = await createWorkspace(
      `push: always\nlimits: { timeout: 5s, per_host: 16, host_pause: 1ms }\nsources:\n${sources.join("")}`,
    );
    await using daemon = await Daemon.start(workspace.config);
    const found = await polled(daemon);
    const byName = (prefix: string) => found.filter(({ name }) => name.startsWith(prefix));
    expect(new Set(byName("redirect").map(({ error }) => error?.code))).toEqual(
      new Set(["fetch/forbidden-address"]),
    );
    expect(byName("doors").map(({ entries }) => entries)).toEqual(within.map(() => 2));
    // The pages of its own server are asked for, and their redirects end there.
    await daemon.waitFor(
      "every page asked for",
      async () => within.every((_, n) => origin.requests.some(({ url }) => url === `/page/${n}`)),
      60_000,
    );
    await daemon.waitFor(
      "every hub tried",
      async () =>
        (daemon.output.stderr.match(/did not take our subscription/g) ?? []).length >= within.length,
      60_000,
    );
    expect(canary.count()).toBe(0);
    expect(await daemon.stop()).toBe(0);
    expect(canary.count()).toBe(0);
    reportFigures("doors of a source that may be private", {
      doors: within.length * 6,
      connections: canary.count(),
    });
  });
});

describe("planted secrets", () => {
  it("are in no log, page, feed, metric, error, status, backup name or command's output", async () => {
    const secret = (n: number) => `S3CRET-CANARY-${n}`;
    await using origin = await startOriginServer();
    const { port } = origin;
    origin.on("/ok", {
      headers: { "content-type": "application/rss+xml" },
      body: '<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><link>https://t.example/</link><description>d</description><item><title>An item</title><link>https://t.example/one-story-here</link></item></channel></rss>',
    });
    origin.on("/to", { status: 302, headers: { location: `http://bob:${secret(8)}@127.0.0.1:1/` } });
    await using workspace = await createWorkspace(`allow_private: true
admin: { token: "${secret(6)}-long" }
limits: { timeout: 3s }
schedule: 1s
outputs: [{ name: all }]
publish: { directory: ../public }
sources:
  - { url: "http://bob:${secret(1)}@127.0.0.1:${port}/ok" }
  - { url: "http://bob:${secret(1)}@127.0.0.1:${port}/missing" }
  - { url: "http://127.0.0.1:${port}/ok?token=${secret(2)}&x=1" }
  - { url: "http://127.0.0.1:${port}/ok?a=1&api_key=${secret(2)}" }
  - { url: "http://127.0.0.1:${port}/hdr", headers: { Authorization: "Bearer ${secret(3)}", Cookie: "sid=${secret(4)}" } }
  - { url: "http://bob:${secret(5)}@nowhere.invalid/feed" }
  - { url: "http://bob:${secret(7)}@127.0.0.1:1/refused?key=${secret(7)}" }
  - { url: "http://127.0.0.1:${port}/to" }
`);
    const env = { MAINSTEM_LOG_LEVEL: "trace" };
    await using daemon = await Daemon.start(workspace.config, { env });
    await polled(daemon);
    const seen: [string, string][] = [];
    const paths = [
      "/atom.xml",
      "/rss.xml",
      "/feed.json",
      "/",
      "/status",
      "/status.json",
      "/health/atom.xml",
      "/opml.xml",
      "/metrics",
      "/healthz",
      "/readyz",
      "/nowhere?token=x",
    ];
    for (const path of paths) {
      const response = await fetch(`${daemon.url}${path}`);
      seen.push([path, JSON.stringify([...response.headers]) + (await response.text())]);
    }
    for (const source of await statusOf(daemon)) {
      const { id } = source as unknown as { id: string };
      seen.push([`/status/${id}`, await daemon.text(`/status/${id}`)]);
    }
    const copy = join(workspace.folder, "copy.db");
    for (const args of [
      ["check"],
      ["sources"],
      ["sources", "--json"],
      ["export"],
      ["backup", copy],
      ["story", "https://t.example/one-story-here", "--json"],
    ]) {
      const { stdout, stderr } = await runCommand([...args, "--config", workspace.config], { env });
      seen.push([args.join(" "), stdout + stderr]);
    }
    // A broken edit is told, without the value that broke it.
    const text = await readFile(workspace.config, "utf8");
    await writeFile(workspace.config, `${text}  - { url: "${secret(9)}" , tokn: "${secret(9)}" }\n`);
    process.kill(daemon.pid, "SIGHUP");
    await daemon.waitFor("told of the slip", async () => /mainstem\.yaml:\d+/.test(daemon.output.stderr));
    seen.push(["/readyz", await daemon.text("/readyz")]);
    seen.push(["check of a slip", JSON.stringify(await runCommand(["check", "--config", workspace.config]))]);
    expect(await daemon.stop()).toBe(0);
    seen.push(["the log", daemon.output.stderr], ["stdout", daemon.output.stdout]);
    for (const name of await readdir(workspace.folder, { recursive: true })) {
      seen.push([`the name ${name}`, name]);
      if (name.startsWith("public/") && /\.(?:xml|json|html)$/.test(name))
        seen.push([name, await readFile(join(workspace.folder, name), "utf8")]);
    }
    const leaks = seen.filter(([, output]) => /S3CRET-CANARY/.test(output)).map(([where]) => where);
    expect(leaks).toEqual([]);
    expect(daemon.output.stderr).toContain("***");
    reportFigures("planted secrets", { outputs: seen.length, leaks: leaks.length });
  });
});

describe("raw requests", () => {
  it("get no 5xx, nothing of theirs back, and leave the daemon as it was", async () => {
    await using stand = await Newsstand.open(1);
    stand.publish(0);
    await using workspace = await createWorkspace(
      `url: https://river.example.org\nallow_private: true\n${stand.sourcesYaml()}`,
    );
    await using daemon = await Daemon.start(workspace.config);
    await polled(daemon);
    await daemon.waitFor(
      "telling the news",
      async () => alternates(await daemon.text("/atom.xml")).length > 0,
    );
    const plain = await daemon.text("/atom.xml");
    const get = (target: string, headers = "") =>
      `GET ${target} HTTP/1.1\r\nHost: evil.example\r\n${headers}Connection: close\r\n\r\n`;
    const requests: readonly (readonly [string, RegExp])[] = [
      [
        get("/atom.xml", "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: javascript\r\n"),
        /^HTTP\/1.1 200/,
      ],
      [get("/atom.xml?cb=<script>"), /^HTTP\/1.1 (?:200|400)/],
      [get("/../../../../etc/passwd"), /^HTTP\/1.1 40[04]/],
      [get("/all/%2e%2e%2f%2e%2e%2fetc%2fpasswd"), /^HTTP\/1.1 40[04]/],
      [get("/atom.xml%00.json"), /^HTTP\/1.1 40[04]/],
      [get("/all/%E0%A4%A"), /^HTTP\/1.1 40[04]/],
      [get("//evil.example/"), /^HTTP\/1.1 40[04]/],
      [get("/\\evil.example"), /^HTTP\/1.1 40[04]/],
      [get("/all//evil.example"), /^HTTP\/1.1 40[04]/],
      [get("/%0d%0aSet-Cookie:a=b"), /^HTTP\/1.1 40[04]/],
      [get("/all?limit=1e9&page=-1&before=%00"), /^HTTP\/1.1 (?:200|30[18]|400)/],
      [get("/atom.xml", `If-None-Match: ${'"a", '.repeat(1500)}"b"\r\n`), /^HTTP\/1.1 (?:200|304|431)/],
      [get("/atom.xml", `Range: bytes=${"0-,".repeat(1000)}0-\r\n`), /^HTTP\/1.1 200/],
      [get("/metrics", "X-Forwarded-For: 127.0.0.1\r\nForwarded: for=127.0.0.1\r\n"), /^HTTP\/1.1 40[13]/],
      [
        "POST /admin/refresh HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        /^HTTP\/1.1 40[0345]/,
      ],
      [
        "DELETE /atom.xml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        /^HTTP\/1.1 405[\s\S]*Allow: GET, HEAD/,
      ],
      [
        "GET /atom.xml HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
        /^HTTP\/1.1 400/,
      ],
      ["GET /atom.xml HTTP/1.1\r\nConnection: close\r\n\r\n", /^HTTP\/1.1 400/],
      [get("/atom.xml", `X: ${"a".repeat(20_000)}\r\n`), /^HTTP\/1.1 431/],
      [
        "OPTIONS /feed.json HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: GET\r\nConnection: close\r\n\r\n",
        /^HTTP\/1.1 20[04]/,
      ],
      ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", /^HTTP\/1.1 (?:400|505)/],
      ["\u0000\u0001\u0002\r\n\r\n", /^HTTP\/1.1 400/],
      [`GET /${"a".repeat(8000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, /^HTTP\/1.1 4\d\d/],
    ];
    for (const [bytes, wanted] of requests) {
      const answer = await sendRaw(daemon, bytes);
      expect(answer.slice(0, 300), bytes.slice(0, 80)).toMatch(wanted);
      expect(answer, bytes.slice(0, 80)).not.toMatch(
        /evil\.example|Set-Cookie|<script>|root:x:0|Allow-Credentials/i,
      );
    }
    for (const path of ["/", "/status", "/nowhere"]) {
      const { headers } = await fetch(`${daemon.url}${path}`);
      expect(headers.get("x-content-type-options"), path).toBe("nosniff");
    }
    for (const path of ["/", "/status", "/atom.xml", "/rss.xml"]) {
      const policy = (await fetch(`${daemon.url}${path}`)).headers.get("content-security-policy") ?? "";
      expect(policy, path).toContain("default-src 'none'");
      expect(policy, path).not.toMatch(/unsafe-inline|unsafe-eval|\*/);
    }
    expect(await daemon.text("/atom.xml")).toBe(plain);
    expect(plain).toContain("https://river.example.org/");
    expect(await daemon.stop()).toBe(0);
  });
});

describe("a feed that repeats another's id and address", () => {
  it("changes not a word of the story, whatever it says and however much", async () => {
    await using origin = await startOriginServer();
    const feedOf = (title: string, body: string) =>
      `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><id>urn:${title.length}</id><title>Paper</title><updated>2026-01-02T03:04:05Z</updated><entry><id>https://victim.example/2026/the-story-of-a-day</id><title>${title}</title><link href="https://victim.example/2026/the-story-of-a-day"/><updated>2026-01-02T03:04:05Z</updated><content type="html">${body}</content></entry></feed>`;
    const atom = { headers: { "content-type": "application/atom+xml" } };
    origin.on("/a", {
      ...atom,
      body: feedOf("The story of a day", "&lt;p&gt;As its paper tells it.&lt;/p&gt;"),
    });
    origin.on("/b", {
      ...atom,
      body: feedOf("SPOOFED", `&lt;p&gt;evil ${"more of it ".repeat(500)}&lt;/p&gt;`),
    });
    const config = (more: string) =>
      `allow_private: true\nschedule: 1s\noutputs: [{ name: all }]\nsources:\n  - { url: "${origin.url("/a")}", name: A }\n${more}`;
    await using workspace = await createWorkspace(config(""));
    await using daemon = await Daemon.start(workspace.config);
    await polled(daemon);
    await daemon.waitFor("telling it", async () => entryIds(await daemon.text("/atom.xml")).length === 1);
    const before = entryIds(await daemon.text("/atom.xml"));
    await writeFile(workspace.config, config(`  - { url: "${origin.url("/b")}", name: B }\n`));
    process.kill(daemon.pid, "SIGHUP");
    await daemon.waitFor("through with B", async () =>
      (await statusOf(daemon)).some(({ name, status }) => name === "B" && status === "ok"),
    );
    const after = await daemon.text("/atom.xml");
    expect(entryIds(after)).toEqual(before);
    expect(after).toContain("As its paper tells it.");
    expect(after).not.toMatch(/SPOOFED|evil/);
    expect(await daemon.stop()).toBe(0);
  });
});

describe("a drop folder full of traps", () => {
  it("gives its good documents and a warning for each other, without opening a pipe or leaving the folder", async () => {
    await using workspace = await createWorkspace(
      "outputs: [{ name: all }]\nsources: [{ articles: ../drop, name: drop }]\n",
    );
    const drop = join(workspace.folder, "drop");
    await mkdir(join(drop, "sub"), { recursive: true });
    const article =
      "# A good document of the day\n\n2026-01-02\n\nIts text.\n\nOriginal url: https://victim.example/2026/good-document\n";
    await writeFile(join(drop, "good.md"), article);
    await writeFile(
      join(drop, "<script>alert(1)<\u2044script>.md"),
      article.replace("good", "odd").replace("good-", "odd-"),
    );
    await writeFile(join(drop, "..hidden.md"), "x");
    await symlink("/etc/passwd", join(drop, "passwd.md"));
    await symlink("/etc", join(drop, "etc"));
    await symlink(".", join(drop, "loop"));
    await symlink("/dev/zero", join(drop, "zero.md"));
    await symlink("../../config/mainstem.yaml", join(drop, "sub", "config.md"));
    execFileSync("mkfifo", [join(drop, "fifo.md")]);
    await writeFile(join(drop, "sparse.md"), "");
    await truncate(join(drop, "sparse.md"), 10 * 2 ** 30);
    await mkdir(join(drop, "folder.md"));
    await using daemon = await Daemon.start(workspace.config);
    await daemon.waitFor("through", async () => (await statusOf(daemon))[0]?.entries === 2);
    const [found] = await statusOf(daemon);
    const warnings = found?.warnings.map(({ message }) => message).join("\n") ?? "";
    for (const name of ["passwd.md", "zero.md", "config.md", "fifo.md", "sparse.md"])
      expect(warnings).toContain(name);
    // The store has them a moment before the feed does.
    await daemon.waitFor("telling both", async () => alternates(await daemon.text("/atom.xml")).length === 2);
    const atom = await daemon.text("/atom.xml");
    expect(atom + (await daemon.text("/status"))).not.toMatch(/root:x:0|<script>/);
    expect(await daemon.stop()).toBe(0);
  });
});

describe("a hostile config", () => {
  const source = "sources: [{ url: https://victim.example/feed }]\n";
  it.each<[string, string]>([
    [
      "aliases that multiply",
      `a: &a [x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 8 }, (_, n) => `${"bcdefghi"[n]}: &${"bcdefghi"[n]} [${Array.from({ length: 9 }, () => `*${"abcdefgh"[n]}`).join(", ")}]\n`).join("")}title: *i\n`,
    ],
    ["an alias of itself", "sources: &a\n  - *a\n"],
    [
      "a merge key that touches prototypes",
      `x: &x\n  __proto__: { polluted: yes, allow_private: true }\nsources:\n  - <<: *x\n    url: https://victim.example/feed\n`,
    ],
    ["code tags", `title: !!js/function "function () { return 1 }"\n${source}`],
    ["a key twice", `title: a\ntitle: b\n${source}`],
    [
      "wrong types",
      "sources:\n  - id: no\n    url: 12\n    schedule: 1e9\n  - id: ../../etc\n    url: [https://victim.example/]\nunknown: 1\n",
    ],
    ["20,000 lists within each other", `sources: ${"[".repeat(20_000)}\n`],
    ["paths that are no source", "sources: [{ path: ../../../etc/passwd }, { url: 'file:///etc/passwd' }]\n"],
    [
      "a pattern with a look-behind",
      "sources: [{ url: https://victim.example/feed, exclude: ['/(?<=a)b/'] }]\n",
    ],
  ])("%s: exit 2 with file, line and column, no stack", async (_, yaml) => {
    await using workspace = await createWorkspace(yaml);
    const { code, stderr, stdout } = await runCommand(["check", "--config", workspace.config]);
    expect(code, stdout).toBe(2);
    expect(stdout + stderr).toMatch(/mainstem\.yaml:\d+:\d+ /);
    expect(stdout + stderr).not.toMatch(/\n\s+at |RangeError|Maximum call/);
  });
});
