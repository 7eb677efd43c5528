import { scrubUrl } from "../fetch/scrub.ts";
import type { SourceState } from "../model.ts";

/** What a person calls the source. */
export function nameOf(source: Pick<SourceState, "name" | "feed" | "location">): string {
  return source.name ?? (source.feed?.title || scrubUrl(source.location));
}

/** `NAME: what is wrong`. A source without a title goes by its address, which many an error begins with: once is enough. */
export function troubleOf(name: string, message: string): string {
  return message.startsWith(name) ? message : `${name}: ${message}`;
}
