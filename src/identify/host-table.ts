import type { HostFacts } from "./host-facts.ts";

/** Values by host (with its subdomains), or by brand under every suffix (`amazon.*`). */
export class HostTable<T> {
  readonly #values = new Map<string, T[]>();

  add(hosts: readonly string[], value: T): void {
    for (const host of hosts) {
      const values = this.#values.get(host);
      if (values === undefined) this.#values.set(host, [value]);
      else values.push(value);
    }
  }

  /** What is there for a host and its parents, the most particular first; usually nothing. */
  find({ host, name }: HostFacts): readonly T[] {
    const found: T[] = [];
    let rest = host;
    for (let depth = 0; depth < 6; depth++) {
      const values = this.#values.get(rest);
      if (values !== undefined) found.push(...values);
      const dot = rest.indexOf(".");
      if (dot === -1) break;
      rest = rest.slice(dot + 1);
    }
    const brand = name === "" ? undefined : this.#values.get(`${name}.*`);
    if (brand !== undefined) found.push(...brand);
    return found;
  }
}
