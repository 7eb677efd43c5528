import { isDocumentPath } from "./document-path.ts";
import type { QueryPair, UrlParts } from "./url-parts.ts";

const hexId = /^[0-9a-f]{32,64}$/i;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const token = /^[0-9a-z,_-]{22,128}$/i;

/** Long, and mixed as chance mixes: digits and letters alternate more often than in a slug or a date. */
function hasSessionShape(value: string): boolean {
  if (value.length < 22 || value.length > 128) return false;
  if (hexId.test(value) || uuid.test(value)) return true;
  if (!token.test(value)) return false;
  const changes = value.match(/[0-9][a-z]|[a-z][0-9]/gi)?.length ?? 0;
  return changes >= 4 && !/[a-z]{6,}[-_]/i.test(value);
}

/** A session's id: a name that may hold one, and a value with the shape of one. A number or a word under such a name is content. */
export function isSessionId(pair: QueryPair, parts: UrlParts): boolean {
  const { name, value } = pair;
  // Nearly every value is too short for one.
  if (value.length < 5) return false;
  switch (name) {
    case "jsessionid":
      return value.length >= 8;
    case "phpsessid":
    case "phpsessionid":
      return hasSessionShape(value) || /^[0-9a-z,-]{20,128}$/i.test(value);
    case "oscsid":
    case "zenid":
    case "xtcsid":
    case "sessid":
      return hasSessionShape(value);
    case "sessionid":
    case "session_id":
    case "session":
    case "sid":
      // Alone on a page it may be the document's own id.
      return (
        hasSessionShape(value) && (isDocumentPath(parts.path) || parts.query.length > 1 || parts.path === "/")
      );
    case "s":
    case "phpsid":
      return hexId.test(value) && (isDocumentPath(parts.path) || parts.query.length > 1);
    case "cfid":
    case "cftoken":
      return /^\d{5,}$/.test(value) || uuid.test(value) || hasSessionShape(value);
    default:
      return name.startsWith("aspsessionid") && /^[a-z]{20,32}$/i.test(value);
  }
}
