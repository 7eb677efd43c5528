/**
 * Connections to servers: kept alive, HTTP/2 where offered, and never to an address that is not public unless the source
 * may. The address that is checked is the one that is connected to, so a name that changes its answer gains nothing.
 */
import { isIP, type LookupFunction, type Socket } from "node:net";
import { createSecureContext } from "node:tls";
import { Agent, buildConnector, type Dispatcher } from "undici";

export interface ConnectionOptions {
  readonly findAddresses: (name: string) => Promise<readonly string[]>;
  /** Null: every address may be connected to. */
  readonly isAllowedAddress: ((ip: string) => boolean) | null;
  /** Connections to one origin at a time. */
  readonly perHost: number;
  readonly connectTimeoutMs: number;
  /** Longest silence of a server, before its answer and within. */
  readonly idleTimeoutMs: number;
  /** PEM of further certificate authorities to trust, or null for Node's own. */
  readonly ca: string | null;
}

/** Refused before or right after connecting. */
export class ForbiddenAddressError extends Error {
  readonly address: string;
  constructor(address: string) {
    super(`${address} is not a public address`);
    this.address = address;
  }
}

/** How long an unused connection is kept; a server that names a time in `Keep-Alive` is believed up to the maximum. */
const keepAliveMs = 15_000;
const keepAliveMaxMs = 60_000;
/** Generous: some sites send pages of policy headers. */
const headersBytesMax = 64 * 1024;

/** One pool of connections per origin, made as needed and closed when idle. */
export function createConnections(options: ConnectionOptions): Dispatcher {
  const { perHost, idleTimeoutMs } = options;
  return new Agent({
    connect: createConnector(options),
    allowH2: true,
    connections: perHost,
    pipelining: 1,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMaxMs,
    maxHeaderSize: headersBytesMax,
    headersTimeout: idleTimeoutMs,
    bodyTimeout: idleTimeoutMs,
  });
}

function createConnector(options: ConnectionOptions): buildConnector.connector {
  const { findAddresses, isAllowedAddress, connectTimeoutMs, ca } = options;
  const connect = buildConnector({
    allowH2: true,
    preferH2: true,
    timeout: connectTimeoutMs,
    // One context for all: building it anew costs more than the handshake saves (performance.md).
    secureContext: createSecureContext(ca === null ? {} : { ca }),
    autoSelectFamily: true,
    lookup: createLookup(findAddresses, isAllowedAddress),
  });
  if (isAllowedAddress === null) return connect;
  return (target, callback) => {
    const literal = target.hostname.replace(/^\[|\]$/g, "");
    if (isIP(literal) !== 0 && !isAllowedAddress(literal)) {
      callback(new ForbiddenAddressError(literal), null);
      return;
    }
    connect(target, (...answer) => {
      const [error, socket] = answer;
      if (error !== null) return callback(error, null);
      const { remoteAddress } = socket as Socket;
      if (remoteAddress !== undefined && isAllowedAddress(remoteAddress)) return callback(null, socket);
      socket.destroy();
      callback(new ForbiddenAddressError(remoteAddress ?? "an unknown address"), null);
    });
  };
}

function createLookup(
  findAddresses: ConnectionOptions["findAddresses"],
  isAllowedAddress: ConnectionOptions["isAllowedAddress"],
): LookupFunction {
  return (name, { all }, callback) => {
    findAddresses(name).then(
      (addresses) => {
        const allowed = isAllowedAddress === null ? addresses : addresses.filter(isAllowedAddress);
        const [first] = allowed;
        if (first === undefined) return callback(new ForbiddenAddressError(addresses[0] ?? name), "", 0);
        if (all)
          return callback(
            null,
            allowed.map((address) => ({ address, family: isIP(address) })),
          );
        callback(null, first, isIP(first));
      },
      (error: Error) => callback(error, "", 0),
    );
  };
}
