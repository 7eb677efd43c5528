/** What podcasts say of their episodes: `itunes:*`, else Podcasting 2.0. */
import { describe, expect, it } from "vitest";
import { onlyEntry, readFeed, rss } from "../support/read-feed.ts";

const media = '<enclosure url="https://pod.example/1.mp3" type="audio/mpeg" length="1"/>';
const read = async (inside: string, ofChannel = "") =>
  onlyEntry(await readFeed(rss(`${ofChannel}<item><title>One</title>${media}${inside}</item>`))).episode;
const nothing = { season: null, number: null, type: null, isExplicit: null };

describe("an episode", () => {
  it.each<[string, string, object | undefined]>([
    ["says nothing", "<itunes:duration>61</itunes:duration>", undefined],
    [
      "says everything",
      "<itunes:season>2</itunes:season><itunes:episode> 7 </itunes:episode><itunes:episodeType>Bonus</itunes:episodeType><itunes:explicit>false</itunes:explicit>",
      { season: 2, number: 7, type: "bonus", isExplicit: false },
    ],
    [
      "is explicit in former words",
      "<itunes:explicit>Yes</itunes:explicit>",
      { ...nothing, isExplicit: true },
    ],
    [
      "is clean in former words",
      "<itunes:explicit>clean</itunes:explicit>",
      { ...nothing, isExplicit: false },
    ],
    [
      "says nonsense",
      "<itunes:season>two</itunes:season><itunes:episode>0</itunes:episode><itunes:episodeType>x</itunes:episodeType><itunes:explicit>maybe</itunes:explicit>",
      undefined,
    ],
    ["counts beyond reason", "<itunes:episode>99999999999</itunes:episode>", undefined],
    [
      "says it in Podcasting 2.0",
      '<p:season xmlns:p="https://podcastindex.org/namespace/1.0" name="Two">2</p:season><p:episode xmlns:p="https://podcastindex.org/namespace/1.0">3</p:episode>',
      { ...nothing, season: 2, number: 3 },
    ],
  ])("%s", async (_, inside, expected) => {
    expect(await read(inside)).toEqual(expected);
  });

  it("is explicit where its podcast is and it does not say", async () => {
    const ofPodcast = "<itunes:explicit>true</itunes:explicit>";
    expect(await read("", ofPodcast)).toEqual({ ...nothing, isExplicit: true });
    expect(await read("<itunes:season>1</itunes:season>", ofPodcast)).toEqual({
      ...nothing,
      season: 1,
      isExplicit: true,
    });
    expect(await read("<itunes:explicit>no</itunes:explicit>", ofPodcast)).toMatchObject({
      isExplicit: false,
    });
    expect(await read("", "<itunes:explicit>no</itunes:explicit>")).toBeUndefined();
    const [note] = (await readFeed(rss(`${ofPodcast}<item><title>A note</title></item>`))).entries;
    expect(note?.episode).toBeUndefined();
  });
});
