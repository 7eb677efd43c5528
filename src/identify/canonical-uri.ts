/**
 * Which URIs may stand as an id as they are (RFC 4287 4.2.6.1: the normal form of RFC 3986 6.2.2 and 6.2.3, so that comparing letters is
 * comparing URIs). The W3C's feed validator warns of every other.
 */

/** Those that the validator knows; others with letters only it calls unregistered. */
const KNOWN_SCHEMES: ReadonlySet<string> = new Set(
  "ftp http gopher news nntp telnet wais prospero cid mid service imap nfs acap rtsp tip pop dav opaquelocktoken sip sips tel ldap https urn go ipp tftp mupdate pres im mtqp dict snmp crid tag dns info aaa aaas cap iax icap iris msrp msrps shttp tv xmpp".split(
    " ",
  ),
);
const DEFAULT_PORTS: ReadonlyMap<string, string> = new Map([
  ["http", "80"],
  ["https", "443"],
  ["ftp", "21"],
  ["gopher", "70"],
  ["telnet", "23"],
  ["news", "119"],
  ["nntp", "119"],
  ["snews", "563"],
  ["snntp", "563"],
  ["prospero", "191"],
]);
/** Nothing is named by these without a host. */
const HIERARCHICAL: ReadonlySet<string> = new Set(["http", "https", "ftp"]);
/** ASCII only, no brackets, at most one `#`; what is percent-encoded is so in upper case. */
const URI =
  /^([a-z][a-z0-9+.-]*):(?:(?:[0-9a-zA-Z;/?:@&=+$.\-_!~*'(),]|%[0-9A-F]{2})+)(?:#(?:[0-9a-zA-Z;/?:@&=+$.\-_!~*'(),]|%[0-9A-F]{2})*)?$/;
/** RFC 4151. */
const TAG = /^tag:(?:[a-z0-9\-._]+@)?[a-z0-9.-]+,\d{4}(?:-\d\d(?:-\d\d)?)?:/;
/** RFC 8141, of which the validator knows what RFC 2141 had. */
const URN = /^urn:[a-zA-Z0-9][a-zA-Z0-9-]{1,31}:(?:[a-zA-Z0-9()+,.:=@;$_!*'-]|%[0-9A-F]{2})+$/;
const UUID = /^urn:uuid:[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}$/;
/** A name or an IPv4 address in lower case, perhaps with a port, and a path. */
const HIERARCHY = /^\/\/([0-9a-z;&=+$\-_!~*'(),]+(?:\.[0-9a-z;&=+$\-_!~*'(),]+)*)(?::([1-9]\d*))?\//;
/** `%25` before two digits reads as another escape to whoever decodes twice. */
const NEEDLESS_ESCAPES = /%(?:2D|2E|3\d|4[1-9A-F]|5[0-9A]|5F|6[1-9A-F]|7[0-9A]|7E|25[0-9A-Fa-f]{2})/;

/** Whether the id is a URI in its normal form, of a scheme that is registered. */
export function isCanonicalUri(id: string): boolean {
  const scheme = URI.exec(id)?.[1];
  if (scheme === undefined || !isDecodedRight(id)) return false;
  if (/^[a-z]+$/.test(scheme) && !KNOWN_SCHEMES.has(scheme)) return false;
  if (scheme === "urn") return URN.test(id) && (!/^urn:uuid:/i.test(id) || UUID.test(id));
  if (scheme === "tag") return TAG.test(id);
  const rest = id.slice(scheme.length + 1);
  if (!rest.startsWith("//")) return !HIERARCHICAL.has(scheme) && isPlainPath(rest);
  const [start, , port] = HIERARCHY.exec(rest) ?? [];
  if (start === undefined || (port !== undefined && port === DEFAULT_PORTS.get(scheme))) return false;
  return isPlainPath(rest.slice(start.length - 1));
}

/** Nothing is percent-encoded that need not be (RFC 3986 6.2.2.2), and what is so is UTF-8 in NFC. */
function isDecodedRight(id: string): boolean {
  if (!id.includes("%")) return true;
  if (NEEDLESS_ESCAPES.test(id)) return false;
  try {
    const text = decodeURIComponent(id);
    return text === text.normalize("NFC");
  } catch {
    return false; // no UTF-8
  }
}

/** No segment `.` or `..` (RFC 3986 6.2.2.3). */
function isPlainPath(rest: string): boolean {
  const path = /^[^?#]*/.exec(rest)?.[0] ?? "";
  return !path.startsWith("/") || !path.split("/").some((segment) => segment === "." || segment === "..");
}
