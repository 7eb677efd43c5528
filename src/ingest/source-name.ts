import { scrubUrl } from "../fetch/scrub.ts";
import type { SourceState } from "../model.ts";

/** What a person calls the source. */
export function nameOf(source: Pick<SourceState, "name" | "feed" | "location">): string {
  return source.name ?? (source.feed?.title || scrubUrl(source.location));
}
