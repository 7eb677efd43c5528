import { hash } from "node:crypto";
import { isFrontPage } from "./original-url.ts";

const guidLengthMax = 200;
const idLengthMax = 2_048;

/** A guid of bounded length; a longer one by its digest. */
export function boundGuid(guid: string): string {
  return guid.length <= guidLengthMax ? guid : `sha256:${hash("sha256", guid)}`;
}

const iri = /^([a-z][a-z0-9+.-]{1,40}):[^\s<>"{}|\\^`]{2,}$/i;
const unfitSchemes: ReadonlySet<string> = new Set([
  "javascript",
  "data",
  "vbscript",
  "file",
  "blob",
  "about",
  "view-source",
]);

/** An absolute IRI that may stand as an `atom:id` (RFC 4287 4.2.6, RFC 3987). */
export function isPublishableId(guid: string): boolean {
  if (guid.length > idLengthMax) return false;
  const scheme = iri.exec(guid)?.[1]?.toLowerCase();
  if (scheme === undefined || unfitSchemes.has(scheme)) return false;
  return scheme === "http" || scheme === "https" ? URL.canParse(guid) && !isFrontPage(guid) : true;
}

/**
 * Whether a guid is particular enough to mean something outside its source: an IRI that is no front page, or a long mixed
 * token. Numbers and short ids are every database's.
 */
export function isParticularGuid(guid: string): boolean {
  if (guid.length < 12 || guid.length > idLengthMax || /\s/.test(guid)) return false;
  if (/^(?:https?|tag|urn):/i.test(guid)) return isPublishableId(guid) && /\d|[/:#?].{6}/.test(guid);
  return (
    guid.length >= 20 && /[0-9]/.test(guid) && /[a-z]/i.test(guid) && !/^[a-z]{1,12}[-_:]?\d+$/i.test(guid)
  );
}
