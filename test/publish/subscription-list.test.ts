import fc from "fast-check";
import { expect, it } from "vitest";
import type { OpmlOutline } from "../../src/model.ts";
import { parseDocument } from "../../src/parse/parse.ts";
import { renderSubscriptionList } from "../../src/publish/subscription-list.ts";
import { childrenOf, parseStrictXml, textOf } from "../support/strict-xml.ts";

async function readList(text: string): Promise<readonly OpmlOutline[]> {
  const document = await parseDocument({
    bytes: Buffer.from(text),
    contentType: null,
    url: "file:///list.opml",
    name: "list.opml",
  });
  return document.outlines;
}

const word = fc
  .stringMatching(/^[A-Za-z0-9&<>"'/,.é😀-]{1,6}( [a-z/,]{1,5})?$/u)
  .filter((text) => text.trim() === text);
const category = fc.stringMatching(/^[A-Za-z0-9&<>"'.é-]{1,8}$/);

const feed = fc.record({
  name: fc.option(word),
  homeUrl: fc.option(fc.constantFrom("https://a.example/", "http://b.example/x?y=1&z=2")),
  folders: fc.uniqueArray(fc.array(word, { maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
    selector: (folder) => JSON.stringify(folder),
  }),
  categories: fc.array(category, { maxLength: 2 }),
});

it("reads back with every address, name, site, tag and folder, in the same order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(feed, { minLength: 1, maxLength: 6 }), async (feeds) => {
      const sources = feeds.map(({ name, homeUrl, folders, categories }, n) => ({
        location: `https://feeds.example/${n}?a=1&b=2`,
        name,
        homeUrl,
        folders,
        tags: [...new Set([...folders.flat(), ...categories])],
      }));
      const outlines = await readList(renderSubscriptionList(sources, "Mine"));
      expect(outlines).toEqual(
        sources.map(({ location, name, homeUrl, folders, tags }) => ({
          url: location,
          title: name,
          homeUrl,
          folders,
          tags,
        })),
      );
    }),
  );
});

it("makes a folder of the first tag where the config names none", async () => {
  const source = { location: "https://a.example/feed", name: null, folders: null };
  const list = renderSubscriptionList(
    [
      { ...source, tags: ["world", "daily"] },
      { ...source, location: "https://b.example/feed", tags: ["TCP/IP", "a, b"] },
    ],
    "Mine",
  );
  expect(await readList(list)).toEqual([
    expect.objectContaining({ tags: ["world", "daily"], folders: [["world"]] }),
    expect.objectContaining({ tags: ["TCP/IP", "a, b"], folders: [["TCP/IP", "a, b"]] }),
  ]);
});

it("loses no tag that is in none of the folders and that category cannot say", async () => {
  const source = { location: "https://a.example/feed", name: null, folders: [["dev"]] };
  const list = renderSubscriptionList([{ ...source, tags: ["TCP/IP", "dev", "web"] }], "Mine");
  expect(await readList(list)).toEqual([
    expect.objectContaining({ tags: ["dev", "TCP/IP", "web"], folders: [["dev"], ["TCP/IP"]] }),
  ]);
});

it("puts feeds that follow each other into one folder", () => {
  const feeds = [1, 2, 3].map((n) => ({
    location: `https://a.example/${n}`,
    name: `${n}`,
    tags: ["News", "Science"],
    folders: [n === 3 ? ["News"] : ["News", "Science"]],
  }));
  const opml = parseStrictXml(renderSubscriptionList(feeds, "Mine"));
  expect(textOf(childrenOf(opml, "head")[0], "title")).toBe("Mine");
  const [news, ...others] = childrenOf(childrenOf(opml, "body")[0], "outline");
  expect(others).toEqual([]);
  const [science, third] = childrenOf(news, "outline");
  expect(science?.attributes.get("text")).toBe("Science");
  expect(childrenOf(science, "outline")).toHaveLength(2);
  expect(third?.attributes.get("xmlUrl")).toBe("https://a.example/3");
});
