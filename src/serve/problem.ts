/** Errors as `application/problem+json` (RFC 9457). Nothing of the request is repeated in them. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";

/** A request that cannot be answered as asked; thrown by routes, sent by the server. */
export class ProblemError extends Error {
  readonly status: number;
  readonly headers: readonly string[];

  constructor(status: number, detail: string, headers: readonly string[] = []) {
    super(detail);
    this.name = "ProblemError";
    this.status = status;
    this.headers = headers;
  }
}

/** Sends a problem, unless an answer has begun already: then the connection is cut, so that nobody takes it for whole. */
export function sendProblem(request: IncomingMessage, response: ServerResponse, problem: ProblemError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const title = STATUS_CODES[problem.status] ?? "Error";
  const body = `${JSON.stringify({ type: "about:blank", title, status: problem.status, detail: problem.message })}\n`;
  response.writeHead(problem.status, [
    "Content-Type",
    "application/problem+json; charset=utf-8",
    "Content-Length",
    String(Buffer.byteLength(body)),
    "Cache-Control",
    "no-store",
    "X-Content-Type-Options",
    "nosniff",
    ...problem.headers,
  ]);
  response.end(request.method === "HEAD" ? undefined : body);
}
