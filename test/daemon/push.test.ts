/** A daemon, a publisher and its hub: discovered, subscribed, pushed, ingested, and polled no more than needed. */
import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Daemon, entryIds, freePort } from "../support/daemon.ts";
import { startOriginServer } from "../support/origin-server.ts";
import { createWorkspace } from "../support/workspace.ts";

describe("pushes from a hub", () => {
  it("are in the feed at once, forged ones never, and polls become few", async () => {
    await using origin = await startOriginServer();
    const topic = origin.url("/feed.xml");
    const feed = (...numbers: readonly number[]) =>
      `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>urn:t</id><updated>2026-06-17T00:00:00Z</updated>
<link rel="hub" href="${origin.url("/hub")}"/><link rel="self" href="${topic}"/>${numbers
        .map(
          (n) =>
            `<entry><title>Story number ${n}</title><id>urn:t:${n}</id><link href="https://paper.example/2026/story-number-${n}"/><updated>2026-06-17T00:00:0${n}Z</updated></entry>`,
        )
        .join("")}</feed>`;
    origin.on("/feed.xml", { headers: { "Content-Type": "application/atom+xml" }, body: feed(1) });
    let form: URLSearchParams | null = null;
    origin.on("/hub", async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      form = new URLSearchParams(body);
      response.writeHead(202).end();
    });
    const port = await freePort();
    await using workspace = await createWorkspace(
      `allow_private: true\npush: always\nurl: http://127.0.0.1:${port}\nschedule: 1s\nsources: [{ url: "${topic}" }]\n`,
    );
    await using daemon = await Daemon.start(workspace.config, { port });
    await daemon.waitFor("subscribing", async () => form !== null);
    const asked = form as unknown as URLSearchParams;
    const callback = asked.get("hub.callback") ?? "";
    const secret = asked.get("hub.secret") ?? "";
    expect(asked.get("hub.topic")).toBe(topic);
    const question = `${callback}?hub.mode=subscribe&hub.topic=${encodeURIComponent(topic)}&hub.challenge=x7&hub.lease_seconds=600`;
    expect(await (await fetch(question)).text()).toBe("x7");
    expect((await fetch(question.replace("feed.xml", "other.xml"))).status).toBe(404);

    const body = feed(2);
    const send = (signature: string) =>
      fetch(callback, {
        method: "POST",
        headers: { "Content-Type": "application/atom+xml", "X-Hub-Signature": signature },
        body,
      });
    const forged = `sha256=${createHmac("sha256", "wrong").update(body).digest("hex")}`;
    expect((await send(forged)).status).toBe(202);
    const signed = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
    expect((await send(signed)).status).toBe(202);
    await daemon.waitFor("full", async () => entryIds(await daemon.text("/atom.xml")).length === 2);
    const polls = origin.requests.filter(({ url }) => url === "/feed.xml").length;
    await new Promise((resolve) => setTimeout(resolve, 3500));
    // One poll may have been under way already.
    expect(origin.requests.filter(({ url }) => url === "/feed.xml").length - polls).toBeLessThanOrEqual(1);
    expect(daemon.output.stderr).toContain("thrown away");
    expect(daemon.output.stderr).not.toContain(secret);
    const { sources } = JSON.parse(await daemon.text("/status.json"));
    expect(sources[0].next_poll_reason).toMatch(/pushes arrive \(WebSub\)/);
    expect(await daemon.stop()).toBe(0);
  });
});
