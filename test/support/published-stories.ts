/** What a combined feed tells, for comparing it over kills and restarts. */
import { expect } from "vitest";
import { entryIds } from "./daemon.ts";

/** The original URL of each entry; a publisher that writes a final slash means the same story. */
export function alternates(atom: string): string[] {
  return [...atom.matchAll(/<entry>.*?<link rel="alternate"[^>]*href="([^"]*)"/gs)].map((match) =>
    (match[1] ?? "").replace(/\/$/, ""),
  );
}

/** Fails when a story that was published before now has another id. */
export function rememberIds(atom: string, idOfUrl: Map<string, string>): void {
  const urls = alternates(atom);
  for (const [index, id] of entryIds(atom).entries()) {
    const url = urls[index] ?? "";
    expect(idOfUrl.get(url) ?? id).toBe(id);
    idOfUrl.set(url, id);
  }
}
