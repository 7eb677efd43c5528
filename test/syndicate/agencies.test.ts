import { describe, expect, it } from "vitest";
import { agencyOf, agencyOfUrl } from "../../src/syndicate/agencies.ts";

const byline = (...names: readonly string[]) =>
  agencyOf({
    authors: names.map((name) => ({ name, email: null, url: null })),
    contentHtml: null,
    summary: null,
  })?.name ?? null;
const dateline = (contentHtml: string) => agencyOf({ authors: [], contentHtml, summary: null })?.name ?? null;

describe("the agency of a report", () => {
  it.each([
    ["AFP", "AFP"],
    ["By Reuters", "Reuters"],
    ["Reuters Staff", "Reuters"],
    ["Jane Roe, Associated Press", "AP"],
    ["The Associated Press", "AP"],
    ["Agence France-Presse", "AFP"],
    ["John Doe | Reuters", "Reuters"],
    ["von dpa", "dpa"],
    ["(ANSA)", "ANSA"],
    ["Press Trust of India", "PTI"],
    ["ТАСС", "TASS"],
    ["新华社", "Xinhua"],
    ["Bloomberg News", "Bloomberg"],
    ["The Canadian Press", "CP"],
    ["Photo: AFP", null],
    ["Getty Images via AFP", null],
    ["Ap Nguyen", null],
    ["Ani Petrosyan", null],
    ["Michael Bloomberg", null],
    ["Ada Reporter", null],
    ["", null],
  ])("by the author %j: %s", (name, agency) => {
    expect(byline(name)).toBe(agency);
  });

  it.each([
    ["<p>PARIS (AFP) - A dam holds.</p>", "AFP"],
    ["<p><strong>WASHINGTON, Nov 26 (Reuters)</strong> - The bank</p>", "Reuters"],
    ["<p>MOSCOW, November 26. /TASS/. Russia</p>", "TASS"],
    ["<p>(ANSA) - ROMA, 26 NOV - Il governo</p>", "ANSA"],
    ["<p>Madrid, 26 nov (EFE).- El Gobierno</p>", "EFE"],
    ["<p>New Delhi [India], November 26 (ANI): The minister</p>", "ANI"],
    ["<p>New Delhi, Nov 26 (PTI) The minister</p>", "PTI"],
    ["<p>Berlin (dpa) - Der Bundestag</p>", "dpa"],
    ["<p>BEIJING, Nov. 26 (Xinhua) -- China</p>", "Xinhua"],
    ["<p>TORONTO — The mayor</p>", null],
    ["<p>AFP – Le gouvernement</p>", "AFP"],
    ["<p>新华社北京11月26日电</p>", "Xinhua"],
    ["<figure><img><figcaption>Paris (AFP) - crowd</figcaption></figure><p>A dam holds.</p>", null],
    ["<p>Photo by Ada Reporter (AFP) - Crowds gather in Paris.</p>", null],
    ["<p>(Photo by Ada Reporter / AFP) Crowds gather in Paris.</p>", null],
    ["<p>The minister told the agency in a long interview on Friday afternoon (AFP) - that</p>", null],
    ["<p>A dam holds, AFP reports.</p>", null],
    ["<p>The associated press conference (AP) was short.</p>", null],
  ])("by the dateline of %s: %s", (html, agency) => {
    expect(dateline(html)).toBe(agency);
  });

  it.each([
    ["https://www.reuters.com/world/1", "Reuters"],
    ["https://apnews.com/article/1", "AP"],
    ["https://english.news.cn/1", "Xinhua"],
    ["https://notreuters.com/1", null],
    ["https://reuters.com.example/1", null],
    ["urn:uuid:1", null],
  ])("whose own page %s is: %s", (url, agency) => {
    expect(agencyOfUrl(url)?.name ?? null).toBe(agency);
  });
});
