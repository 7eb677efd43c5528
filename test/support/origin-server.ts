/** A real HTTP server in the test's own process: each path follows a script, and every request is written down. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface RecordedRequest {
  readonly method: string;
  /** The request target byte for byte. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Name, value, name, value … as on the wire. */
  readonly rawHeaders: readonly string[];
  /** Counts connections from 1, so that reuse shows. */
  readonly connection: number;
}

/** An answer, or a function that writes one itself (to hang, drip, reset). */
export type ScriptedAnswer =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string | readonly string[]>>;
      readonly body?: string | Uint8Array;
    }
  | ((request: IncomingMessage, response: ServerResponse) => void);

export interface OriginServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly port: number;
  readonly requests: readonly RecordedRequest[];
  /** What a path (with or without its query) answers: the answers in turn, the last one for ever. */
  on(path: string, ...answers: readonly [ScriptedAnswer, ...ScriptedAnswer[]]): void;
  /** The absolute URL of a path; `host` is another loopback address for tests of several origins. */
  url(path: string, host?: string): string;
}

/** Starts on a free port of all loopback addresses. An unscripted path answers 404. */
export async function startOriginServer(): Promise<OriginServer> {
  const scripts = new Map<string, ScriptedAnswer[]>();
  const requests: RecordedRequest[] = [];
  const connections = new WeakMap<Socket, number>();
  let connectionCount = 0;

  const server = createServer((request, response) => {
    const { method = "", url = "", headers, rawHeaders, socket } = request;
    requests.push({ method, url, headers, rawHeaders, connection: connections.get(socket) ?? 0 });
    const script = scripts.get(url) ?? scripts.get(url.split("?")[0] ?? "");
    const answer = script && script.length > 1 ? script.shift() : script?.[0];
    if (typeof answer === "function") return answer(request, response);
    const body = Buffer.from(answer?.body ?? "");
    response.writeHead(answer ? (answer.status ?? 200) : 404, toWritable(answer?.headers ?? {}));
    response.end(body);
  });
  server.on("connection", (socket) => connections.set(socket, ++connectionCount));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "0.0.0.0", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = (path: string, host = "127.0.0.1") => `http://${host}:${port}${path}`;
  return {
    origin: url(""),
    port,
    requests,
    on: (path, ...answers) => void scripts.set(path, [...answers]),
    url,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function toWritable(
  headers: Readonly<Record<string, string | readonly string[]>>,
): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === "string" ? value : [...value]]),
  );
}
