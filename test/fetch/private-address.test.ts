import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isGrantableAddress, isPublicAddress } from "../../src/fetch/private-address.ts";

describe("isPublicAddress", () => {
  it.each([
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:2::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "",
    "localhost",
    "example.org",
    "0x7f000001",
    "127.1",
    "2130706433",
  ])("%s is not public", (ip) => expect(isPublicAddress(ip)).toBe(false));

  it.each([
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.1",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2000::1",
    "2001:200::1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:82a::200e",
    "3ffe:ffff::1",
  ])("%s is public", (ip) => expect(isPublicAddress(ip)).toBe(true));

  it("never takes an IPv4 address dressed up as IPv6 for public", () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(byte, byte, byte, byte, (a, b, c, d) => {
        const hex = [(a << 8) | b, (c << 8) | d].map((half) => half.toString(16)).join(":");
        for (const dressed of [`::ffff:${hex}`, `::${hex}`, `64:ff9b::${hex}`, `2002:${hex}::1`]) {
          expect(isPublicAddress(dressed)).toBe(false);
        }
      }),
    );
  });
});

describe("isGrantableAddress", () => {
  it.each([
    ...["1.1.1.1", "2606:4700::1111"],
    ...[
      "127.0.0.1",
      "127.9.9.9",
      "0.0.0.0",
      "10.1.2.3",
      "172.31.0.1",
      "192.168.0.1",
      "100.64.0.1",
      "198.18.0.1",
    ],
    ...["::1", "::", "fd12:3456::1", "::ffff:127.0.0.1", "::ffff:192.168.0.1"],
  ])("%s can be allowed", (ip) => expect(isGrantableAddress(ip)).toBe(true));

  it.each([
    ...["169.254.169.254", "169.254.1.1", "100.100.100.200", "168.63.129.16", "192.0.0.192"],
    ...[
      "fe80::1",
      "fe80::1%eth0",
      "fd00:ec2::254",
      "fd20:ce::254",
      "::ffff:169.254.169.254",
      "::ffff:a9fe:a9fe",
    ],
    ...["::ffff:100.100.100.200", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "::169.254.169.254"],
    ...["224.0.0.1", "255.255.255.255", "240.0.0.1", "ff02::1", "192.0.2.1", "0.1.2.3"],
    ...["", "localhost", "example.org", "127.1"],
  ])("%s cannot", (ip) => expect(isGrantableAddress(ip)).toBe(false));
});
