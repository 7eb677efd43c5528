/** What the config says of each source, by id. Feeds that an OPML list brought take after the list. */
import { sourceId } from "../config/source-id.ts";
import type { OpmlOutline, SourceDefinition, SourceState } from "../model.ts";

/** A feed found in an OPML list, with the rhythm, filters and rights of the list, and its folders as further tags. */
export function outlineDefinition(list: SourceDefinition, outline: OpmlOutline): SourceDefinition {
  return {
    ...list,
    id: sourceId("url", outline.url),
    kind: "url",
    location: outline.url,
    name: outline.title,
    tags: [...new Set([...list.tags, ...outline.tags])],
    homeUrl: outline.homeUrl,
    folders: null,
    // What was configured for the list's own host is not for strangers (security: credentials stay with their origin),
    // and only what the operator wrote with their own hand may live on a private address.
    headers: {},
    isPrivateAllowed: false,
  };
}

/** The definition to poll a stored source by, or null when the config does not know it any more. */
export function definitionOf(
  source: Pick<SourceState, "id" | "parentId" | "location" | "name">,
  definitions: ReadonlyMap<string, SourceDefinition>,
): SourceDefinition | null {
  const own = definitions.get(source.id);
  if (own) return own;
  const list = source.parentId === null ? undefined : definitions.get(source.parentId);
  return list
    ? {
        ...outlineDefinition(list, {
          url: source.location,
          title: source.name,
          homeUrl: null,
          tags: [],
          folders: [],
        }),
        id: source.id,
      }
    : null;
}
