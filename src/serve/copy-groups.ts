/** Which of some stories an output shows on their own, and for which groups of copies they stand. */
import { setImmediate } from "node:timers/promises";
import type { CopyGroup, OutputDefinition, Story } from "../model.ts";
import { winnerFor } from "../publish/combine.ts";
import { listMembers } from "../publish/copies.ts";
import type { Store } from "../store/store.ts";

export interface ShowOptions {
  readonly output: OutputDefinition;
  readonly matches: ((entryText: string) => boolean) | undefined;
  /** A narrower choice than the output's; everything when absent. */
  readonly isChosen?: (story: Story) => boolean;
}

/** The stories, each with the group of copies that it belongs to. */
export async function withCopies(
  store: Pick<Store, "listCopies">,
  stories: readonly Story[],
  { syndication }: OutputDefinition,
): Promise<readonly Story[]> {
  if (syndication === "off" || stories.length === 0) return stories;
  // Reading a hundred stories takes as long as reading their groups: requests get their turn in between.
  await setImmediate();
  const groups = new Map<number, CopyGroup>();
  for (const group of await store.listCopies(stories.map(({ number }) => number))) {
    for (const { story } of group.members) groups.set(story.number, group);
  }
  return stories.map((story) => {
    const copies = groups.get(story.number);
    return copies === undefined ? story : { ...story, copies };
  });
}

/** Is the story one of the output's, and not one that the first of its group speaks for? */
export function isShown(story: Story, options: ShowOptions): boolean {
  return winnerOf(story, options) !== null && (firstOf(story, options) ?? story.number) === story.number;
}

/**
 * Those of the stories that the output shows. With a search nobody knows which members of a group it finds beside these:
 * there, the member that comes first stands for its group, and `told` remembers it.
 */
export function showOnce(
  stories: readonly Story[],
  options: ShowOptions & { readonly told: Set<number> },
): readonly Story[] {
  if (options.output.search === undefined) return stories.filter((story) => isShown(story, options));
  return stories.filter((story) => {
    if (winnerOf(story, options) === null) return false;
    const first = firstOf(story, options);
    if (first === null) return true;
    if (options.told.has(first)) return false;
    options.told.add(first);
    return true;
  });
}

/** The number of the story that stands for the group in this output; null for a story that is not in a group there. */
function firstOf({ number, copies }: Story, options: ShowOptions): number | null {
  if (copies === undefined) return null;
  const mode = options.output.syndication ?? "link";
  const members = listMembers(copies, { mode, winnerOf: (story) => winnerOf(story, options) });
  return members.includes(number) ? (members[0] ?? null) : null;
}

function winnerOf(story: Story, { output, matches, isChosen = () => true }: ShowOptions) {
  return isChosen(story) ? winnerFor(story, output, matches) : null;
}
