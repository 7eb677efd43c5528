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

/** What stands in the place of an answer, and how it is called. */
export interface ProblemBody {
  readonly contentType: string;
  readonly body: string;
  readonly headers?: readonly string[];
}

/** The name of a status: `Not Found`. */
export function problemTitle({ status }: ProblemError): string {
  return STATUS_CODES[status] ?? "Error";
}

/** Sends a problem, unless an answer has begun already: then the connection is cut, so that nobody takes it for whole. */
export function sendProblem(
  request: IncomingMessage,
  response: ServerResponse,
  problem: ProblemError,
  { contentType, body, headers = [] }: ProblemBody = toJson(problem),
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(problem.status, [
    ...["Content-Type", contentType],
    ...["Content-Length", String(Buffer.byteLength(body))],
    ...["Cache-Control", "no-store"],
    ...(headers.includes("X-Content-Type-Options") ? [] : ["X-Content-Type-Options", "nosniff"]),
    ...headers,
    ...problem.headers,
  ]);
  response.end(request.method === "HEAD" ? undefined : body);
}

function toJson(problem: ProblemError): ProblemBody {
  const { status, message: detail } = problem;
  return {
    contentType: "application/problem+json; charset=utf-8",
    body: `${JSON.stringify({ type: "about:blank", title: problemTitle(problem), status, detail })}\n`,
  };
}
