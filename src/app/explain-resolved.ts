import type { LinkClient } from "../fetch/resolve.ts";
import { explainUrl, type UrlOptions } from "../identify/original-url.ts";
import { doubtTarget, opaqueUrl } from "../identify/resolution.ts";
import type { UrlExplanation } from "../model.ts";

/** Short links behind short links. */
const asksMax = 3;

/**
 * `explainUrl` with the network asked where opaque links lead. `onFailure` hears why one has no target.
 * @throws the signal's reason when aborted
 */
export async function explainResolved(
  url: string,
  {
    links,
    onFailure,
    ...options
  }: UrlOptions & {
    readonly links: Pick<LinkClient, "resolve">;
    readonly onFailure: (link: string, reason: string) => void;
  },
  signal: AbortSignal,
): Promise<UrlExplanation> {
  const targets = new Map<string, string>();
  const resolving: UrlOptions = { ...options, resolved: (link) => targets.get(link) ?? null };
  for (let asked = 0; asked < asksMax; asked += 1) {
    const link = opaqueUrl(url, resolving);
    if (link === null) break;
    const resolution = await links.resolve(link, signal);
    const doubt = resolution.kind === "target" ? doubtTarget(resolution.url) : resolution.reason;
    if (resolution.kind !== "target" || doubt !== null) {
      onFailure(link, doubt ?? "no answer");
      break;
    }
    targets.set(link, resolution.url);
  }
  return explainUrl(url, resolving);
}
