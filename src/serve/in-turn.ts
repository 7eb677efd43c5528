/** Requests that a client sends without waiting for their answers (pipelining, RFC 9112 9.3.2). */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Requests that waited, worked on before others get the event loop: some milliseconds. */
const requestsPerTurn = 32;

/**
 * Works on one request of a connection at a time, the next when the system has taken over the answer before it, and lets others in
 * between. So whoever asks a thousand times and reads nothing costs what fits into a socket, and holds nobody up.
 */
export function inTurn(listener: Listener): Listener {
  const latest = new WeakMap<Socket, ServerResponse>();
  const waiting: (() => void)[] = [];
  const takeTurn = (): void => {
    for (const run of waiting.splice(0, requestsPerTurn)) run();
    if (waiting.length > 0) setImmediate(takeTurn);
  };
  return (request, response) => {
    const { socket } = request;
    const before = latest.get(socket);
    latest.set(socket, response);
    if (before === undefined || before.closed) return listener(request, response);
    before.once("close", () => {
      const length = waiting.push(() => {
        if (!socket.destroyed) listener(request, response);
      });
      if (length === 1) setImmediate(takeTurn);
    });
  };
}
