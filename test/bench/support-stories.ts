/** A store full of stories, with a clock of its own: one every minute up to now. */
import type { Store } from "../../src/store/store.ts";
import { buildDefinition, buildPoll, buildSighting, T0, urlAlias } from "../store/builders.ts";

export const SENTENCE =
  "Lorem ipsum dolor sit amet, consectetur <b>adipiscing</b> elit, sed do &amp; eiusmod. ";

export class StoryWriter {
  readonly #count: number;
  #nowMs = T0.getTime();
  #made = 0;
  readonly clock = {
    now: () => new Date(this.#nowMs),
    sleep: () => Promise.reject(new Error("unused")),
  };

  /** @param count how many stories lie before now */
  constructor(count: number) {
    this.#count = count;
  }

  /** Stories written so far. */
  get made(): number {
    return this.#made;
  }

  /** Gives the store its sources, every other one tagged `even`. */
  async begin(store: Store, sources: number): Promise<void> {
    const definitions = Array.from({ length: sources }, (_, n) =>
      buildDefinition(`s${n}`, { tags: [n % 2 === 0 ? "even" : "odd"] }),
    );
    await store.syncSources(definitions, { now: T0, parentId: null });
  }

  /** One poll of the next source, with so many new stories. */
  async record(store: Store, stories: number): Promise<void> {
    this.#nowMs += 1000;
    const [claimed] = await store.claimDueSources({ now: this.clock.now(), limit: 1, leaseMs: 60_000 });
    if (claimed === undefined) throw new Error("no source is due");
    const sightings = Array.from({ length: stories }, () => this.#buildStory());
    const next = new Date(this.#nowMs + 500);
    await store.recordPoll(
      buildPoll(claimed.lease, sightings, { at: this.clock.now(), state: { nextPollAt: next } }),
    );
  }

  #buildStory() {
    const n = this.#made++;
    const url = `news.example/2026/story-number-${n}`;
    return buildSighting(`s${n}`, {
      title: `Story number ${n}, with some words in its title`,
      entry: {
        contentHtml: `<p>${n} ${SENTENCE.repeat(5)}</p>`.repeat(4),
        published: T0,
        authors: [{ name: "A. Author", email: null, url: null }],
      },
      aliases: [urlAlias(url)],
      originalUrl: `https://${url}`,
      orderedAt: new Date(T0.getTime() - (this.#count - n) * 60_000),
    });
  }
}
