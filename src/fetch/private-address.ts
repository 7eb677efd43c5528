/** Which addresses belong to the public internet, so that no feed can make Mainstem talk to the network it stands in. */
import { BlockList, isIP } from "node:net";

/** IANA IPv4 special-purpose registry (RFC 6890 and after), multicast (RFC 5771), the reserved class E (RFC 1112). */
const special4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8], // this network
  ["10.0.0.0", 8], // private
  ["100.64.0.0", 10], // carrier-grade NAT
  ["127.0.0.0", 8], // loopback
  ["168.63.129.16", 32], // Azure's own services in every machine
  ["169.254.0.0", 16], // link-local; cloud metadata lives here
  ["172.16.0.0", 12], // private
  ["192.0.0.0", 24], // IETF protocol assignments
  ["192.0.2.0", 24], // documentation
  ["192.88.99.0", 24], // 6to4 relays
  ["192.168.0.0", 16], // private
  ["198.18.0.0", 15], // benchmarks
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved, broadcast
];

/**
 * Special ranges within global unicast, 2000::/3. All that lies outside it is refused anyway: loopback, unique local,
 * link-local, multicast, IPv4-mapped and -compatible, NAT64.
 */
const special6: readonly (readonly [string, number])[] = [
  ["2001::", 23], // IETF protocol assignments: Teredo, ORCHID, benchmarks
  ["2001:db8::", 32], // documentation
  ["2002::", 16], // 6to4: carries any IPv4 address
  ["3fff::", 20], // documentation
];

const special = new BlockList();
for (const [address, prefix] of special4) special.addSubnet(address, prefix, "ipv4");
for (const [address, prefix] of special6) special.addSubnet(address, prefix, "ipv6");
const global6 = new BlockList();
global6.addSubnet("2000::", 3, "ipv6");

/**
 * Is this IP address (text, IPv6 without brackets, a zone allowed) one of the public internet?
 * What is no IP address is not public.
 */
export function isPublicAddress(ip: string): boolean {
  const family = isIP(ip);
  if (family === 4) return !special.check(ip, "ipv4");
  if (family !== 6 || ip.includes("%")) return false;
  return global6.check(ip, "ipv6") && !special.check(ip, "ipv6");
}

/** Where people's own servers live: what `allow_private` opens. */
const own4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 32], // this machine, as servers are told to listen
  ["10.0.0.0", 8],
  ["100.64.0.0", 10], // overlay networks use it
  ["127.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15], // proxies give it out in place of what they resolve themselves
];
const own6: readonly (readonly [string, number])[] = [
  ["::", 127], // unspecified, loopback
  ["fc00::", 7], // unique local
];
/** Clouds tell a machine its secrets here, within ranges that are people's own. */
const metadata: readonly string[] = ["100.100.100.200", "fd00:ec2::254", "fd20:ce::254"];

const own = new BlockList();
for (const [address, prefix] of own4) own.addSubnet(address, prefix, "ipv4");
for (const [address, prefix] of own6) own.addSubnet(address, prefix, "ipv6");
const secret = new BlockList();
for (const address of metadata) secret.addAddress(address, isIP(address) === 6 ? "ipv6" : "ipv4");

/**
 * May an operator's `allow_private` reach this IP address? The public internet and the ranges of own networks and of this
 * machine; never link-local, metadata, multicast or reserved addresses, and no IPv6 form that carries such an IPv4 one.
 */
export function isGrantableAddress(ip: string): boolean {
  if (isPublicAddress(ip)) return true;
  const family = isIP(ip);
  if (family === 0 || ip.includes("%")) return false;
  const type = family === 4 ? "ipv4" : "ipv6";
  return own.check(ip, type) && !secret.check(ip, type);
}
