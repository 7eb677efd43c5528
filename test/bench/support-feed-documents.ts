/** The three documents that reading is measured on, made of words by a seed: a blog in RSS, Atom with escaped HTML, a podcast. */
const WORDS =
  "the council voted on Tuesday to widen its plan for river ports after months of talks with owners who had asked for more time and money while farmers upstream warned that dredging would harm fields".split(
    " ",
  );
let seed = 7;

function pick(): string {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return WORDS[seed % WORDS.length] ?? "the";
}

function sentence(length: number): string {
  return `${Array.from({ length }, pick).join(" ")}.`;
}

function body(paragraphs: number): string {
  return Array.from({ length: paragraphs }, (_, index) => {
    const link =
      index % 2 === 0
        ? ` <a href="https://example.org/${pick()}?a=1&amp;b=2" rel="nofollow">${pick()}</a>`
        : "";
    const image =
      index % 5 === 0
        ? `<p><img class="wp" src="https://example.org/${pick()}.jpg" alt="${pick()}" width="600" height="400" /></p>\n`
        : "";
    return `${image}<p>${sentence(18)}${link} <strong>${pick()}</strong> &#8220;${sentence(14)}&#8221;</p>\n`;
  }).join("");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

export function rss(size: number): string {
  let items = "";
  for (let n = 0; items.length < size; n++) {
    items += `<item><title>${sentence(9)}</title><link>https://example.org/2026/06/story-${n}/?utm_source=rss&amp;utm_medium=feed</link>
<dc:creator><![CDATA[Ann Author]]></dc:creator><pubDate>Mon, 01 Jun 2026 ${String(n % 24).padStart(2, "0")}:05:00 +0000</pubDate><category><![CDATA[News]]></category>
<guid isPermaLink="false">https://example.org/?p=${n}</guid><description><![CDATA[${sentence(40)} [&#8230;]]]></description>
<content:encoded><![CDATA[${body(6)}]]></content:encoded></item>`;
  }
  return `<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Example</title><link>https://example.org/</link><description>News</description>${items}</channel></rss>`;
}

function atom(size: number): string {
  let entries = "";
  for (let n = 0; entries.length < size; n++) {
    entries += `<entry><title type="html">${sentence(9)}</title><id>tag:example.org,2026:${n}</id><link rel="alternate" type="text/html" href="https://example.org/a/${n}"/>
<published>2026-06-01T10:00:00Z</published><updated>2026-06-01T11:00:00+02:00</updated><author><name>Ann Author</name></author><category term="news"/>
<summary type="text">${sentence(30)}</summary><content type="html">${escapeXml(body(8))}</content></entry>`;
  }
  return `<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Example</title><id>tag:example.org,2026:feed</id><updated>2026-06-01T11:00:00Z</updated>${entries}</feed>`;
}

function podcast(size: number): string {
  let items = "";
  for (let n = 0; items.length < size; n++) {
    items += `<item><title>${sentence(6)}</title><itunes:title>${sentence(6)}</itunes:title><itunes:episode>${n}</itunes:episode><itunes:episodeType>full</itunes:episodeType><itunes:duration>01:02:${String(n % 60).padStart(2, "0")}</itunes:duration><itunes:explicit>no</itunes:explicit><itunes:image href="https://cdn.example.org/${n}.jpg"/>
<guid isPermaLink="false">episode-${n}</guid><link>https://pod.example.org/${n}</link><pubDate>Mon, 01 Jun 2026 10:00:00 GMT</pubDate><itunes:summary>${sentence(60)}</itunes:summary><description><![CDATA[${body(2)}]]></description>
<enclosure url="https://cdn.example.org/${n}.mp3" length="${50_000_000 + n}" type="audio/mpeg"/></item>`;
  }
  return `<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>Pod</title><link>https://pod.example.org/</link><description>Talk</description><itunes:author>Ann</itunes:author>${items}</channel></rss>`;
}

export const documents: readonly { readonly name: string; readonly text: string }[] = [
  { name: "57 KB RSS", text: rss(57_000) },
  { name: "500 KB Atom", text: atom(500_000) },
  { name: "2 MB podcast", text: podcast(2_000_000) },
];
