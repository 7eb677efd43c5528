import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { inTurn } from "../../src/serve/in-turn.ts";

/** An answer that the system takes over when the test says so. */
class Answer extends EventEmitter {
  closed = false;
  close(): void {
    this.closed = true;
    this.emit("close");
  }
}

function connection() {
  const socket = { destroyed: false };
  const worked: Answer[] = [];
  const take = inTurn((_, response) => void worked.push(response as unknown as Answer));
  const ask = () => {
    const answer = new Answer();
    take({ socket } as unknown as IncomingMessage, answer as unknown as ServerResponse);
    return answer;
  };
  return { socket, worked, ask };
}

describe("requests on one connection", () => {
  it("are worked on one at a time, in their order", async () => {
    const { worked, ask } = connection();
    const [a, b, c] = [ask(), ask(), ask()];
    expect(worked).toEqual([a]);
    await nextTurn();
    expect(worked).toEqual([a]);
    a.close();
    await nextTurn();
    expect(worked).toEqual([a, b]);
    b.close();
    await nextTurn();
    expect(worked).toEqual([a, b, c]);
    c.close();
    expect([ask()]).toEqual([worked[3]]);
  });

  it("are forgotten with the connection", async () => {
    const { socket, worked, ask } = connection();
    const first = ask();
    ask();
    socket.destroyed = true;
    first.close();
    await nextTurn();
    expect(worked).toEqual([first]);
  });

  it("are all answered by a real server, and by no more of it than the client reads", async () => {
    let begun = 0;
    const body = Buffer.alloc(1_000_000, "x");
    const server = createServer(
      inTurn((_, response) => {
        begun += 1;
        response.end(body);
      }),
    ).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const socket = connect(address.port, "127.0.0.1");
    socket.pause();
    const count = 100;
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(count));
    await expect.poll(() => begun).toBeGreaterThan(0);
    // The system's buffers take some, whatever time they are given.
    for (let turn = 0; turn < 1000; turn++) await nextTurn();
    expect(begun).toBeLessThan(count / 2);
    let read = 0;
    socket.on("data", (bytes) => {
      read += bytes.length;
    });
    socket.resume();
    await expect.poll(() => read, { timeout: 20_000 }).toBeGreaterThan(count * body.length);
    expect(begun).toBe(count);
    socket.destroy();
    server.close();
  });
});
