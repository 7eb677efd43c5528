/** The hosts file (hosts(5)): what it says of a name goes before the DNS, which c-ares does not do for us. */
import { readFile, stat } from "node:fs/promises";
import { isIP } from "node:net";

const noHosts: ReadonlyMap<string, readonly string[]> = new Map();
/** Lists that block half the internet have some MiB. */
const fileBytesMax = 32 * 2 ** 20;

/** Finds the addresses that the hosts file gives a name, none if it does not know it. Read anew when it has changed. */
export function createHostsFile(path = "/etc/hosts"): (name: string) => Promise<readonly string[]> {
  let version = "";
  let hosts = noHosts;
  return async (name) => {
    try {
      const { mtimeMs, ino, size } = await stat(path);
      const found = `${mtimeMs} ${ino} ${size}`;
      if (found !== version) {
        hosts = size <= fileBytesMax ? parseHosts(await readFile(path, "utf8")) : noHosts;
        version = found;
      }
    } catch {
      // No hosts file, no matter.
      return [];
    }
    return hosts.get(name.toLowerCase().replace(/\.$/, "")) ?? [];
  };
}

/** Lines of `ADDRESS NAME NAME … # comment`, as lower-case name to addresses in their order. */
export function parseHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [address = "", ...names] = (line.split("#", 1)[0] ?? "").split(/\s+/).filter(Boolean);
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const known = hosts.get(name.toLowerCase());
      if (known) known.push(address);
      else hosts.set(name.toLowerCase(), [address]);
    }
  }
  return hosts;
}
