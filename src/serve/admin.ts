/** Who may see the pages that tell about the operator's sources: `/status`, `/status.json` and `/metrics`. */
import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { ProblemError } from "./problem.ts";

export interface AdminAccess {
  /** Whoever shows it may; null: no token opens them. */
  readonly token: string | null;
  /** Anybody may. */
  readonly isOpen: boolean;
}

export const ADMIN_CLOSED: AdminAccess = { token: null, isOpen: false };

export function isAdminPath(path: string): boolean {
  return path === "/metrics" || path === "/status.json" || path === "/status" || path.startsWith("/status/");
}

/**
 * Lets pass who may: on this machine everybody (unless a proxy passes a stranger's request on), from elsewhere who shows the
 * token (`Authorization: Bearer`, or as the password of `Basic`). With `admin.listen` nobody may on the `public` address, and on
 * the `admin` one everybody whom no token keeps out.
 * @throws ProblemError 401 or 403
 */
export function assertAdmin(
  request: IncomingMessage,
  access: AdminAccess,
  listener: "public" | "admin" | "only" = "only",
): void {
  if (listener === "public")
    throw new ProblemError(403, "This page is served on the address that admin.listen names, not here.");
  // Whoever reaches an address of its own was let through to it, by the operator's network.
  if (listener === "admin" && access.token === null) return;
  if (access.isOpen || isFromThisMachine(request)) return;
  if (access.token === null) {
    throw new ProblemError(
      403,
      "This page is open on the machine itself only. Set admin.token in the config to see it from elsewhere.",
    );
  }
  if (shownToken(request.headers.authorization ?? "").some((shown) => isSame(shown, access.token ?? "")))
    return;
  throw new ProblemError(401, "This page asks for the token that admin.token names, as a password.", [
    "WWW-Authenticate",
    'Basic realm="Mainstem", charset="UTF-8"',
  ]);
}

function isFromThisMachine({ socket, headers }: IncomingMessage): boolean {
  if (
    headers["x-forwarded-for"] !== undefined ||
    headers.forwarded !== undefined ||
    headers.via !== undefined
  )
    return false;
  const address = (socket.remoteAddress ?? "").replace(/^::ffff:/i, "");
  return address === "::1" || (isIP(address) === 4 && address.startsWith("127."));
}

function shownToken(authorization: string): readonly string[] {
  const [scheme = "", value = ""] = authorization.split(" ", 2);
  if (/^bearer$/i.test(scheme)) return [value];
  if (!/^basic$/i.test(scheme)) return [];
  const text = Buffer.from(value, "base64").toString("utf8");
  return [text.slice(text.indexOf(":") + 1)];
}

/** Takes the same time whatever is shown. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => hash("sha256", text, "buffer");
  return timingSafeEqual(digest(a), digest(b));
}
