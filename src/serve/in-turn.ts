/** Requests that a client sends without waiting for their answers (pipelining, RFC 9112 9.3.2). */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Works on one request of a connection at a time, the next when the answer before it has been taken over by the system. So whoever
 * asks a thousand times and reads nothing costs one answer, not a thousand at once.
 */
export function inTurn(listener: Listener): Listener {
  const latest = new WeakMap<Socket, ServerResponse>();
  return (request, response) => {
    const { socket } = request;
    const before = latest.get(socket);
    latest.set(socket, response);
    if (before === undefined || before.closed) return listener(request, response);
    before.once("close", () => {
      if (!socket.destroyed) listener(request, response);
    });
  };
}
