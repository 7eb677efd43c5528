/**
 * Connections to servers: kept alive, HTTP/2 where offered, and never to an address that is not public but on the one server
 * that the operator allowed. The address that is checked is the one that is connected to, so a name that changes its answer
 * gains nothing.
 */
import { isIP, type LookupFunction, type Socket } from "node:net";
import { createSecureContext } from "node:tls";
import { Agent, buildConnector, type Dispatcher } from "undici";
import { isGrantableAddress, isPublicAddress } from "./private-address.ts";
import { isSameServer, type RequestTarget } from "./request-target.ts";

export interface ConnectionOptions {
  readonly findAddresses: (name: string) => Promise<readonly string[]>;
  /** Which addresses may be reached without permission; `isPublicAddress` where absent. */
  readonly isAllowedAddress?: ((ip: string) => boolean) | undefined;
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

/** Connections of two kinds, so that no request rides on a private connection that another one was allowed. */
export interface Connections extends AsyncDisposable {
  /**
   * The connections for a request.
   * @param owner the server that the operator allowed to be private; null for none. What is not on it is reached at public
   *   addresses only, whoever names it: a redirect, a feed, a hub.
   */
  towards(target: RequestTarget, owner: RequestTarget | null): Dispatcher;
}

export function createConnections({ isAllowedAddress, ...options }: ConnectionOptions): Connections {
  const open = createPools({ ...options, isAllowedAddress: isAllowedAddress ?? isPublicAddress });
  const granted = createPools({ ...options, isAllowedAddress: isGrantableAddress });
  return {
    towards: (target, owner) => (owner !== null && isSameServer(target, owner) ? granted : open),
    async [Symbol.asyncDispose]() {
      await Promise.all([open.destroy(), granted.destroy()]);
    },
  };
}

interface PoolOptions extends ConnectionOptions {
  readonly isAllowedAddress: (ip: string) => boolean;
}

/** One pool of connections per origin, made as needed and closed when idle. */
function createPools(options: PoolOptions): Dispatcher {
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

function createConnector(options: PoolOptions): buildConnector.connector {
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
  isAllowedAddress: PoolOptions["isAllowedAddress"],
): LookupFunction {
  return (name, { all }, callback) => {
    findAddresses(name).then(
      (addresses) => {
        const allowed = addresses.filter(isAllowedAddress);
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
