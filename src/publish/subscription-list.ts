import type { SourceDefinition } from "../model.ts";
import { cleanLine } from "./clean.ts";
import { attribute, type Markup, markup } from "./markup.ts";

/**
 * The configured feeds as an OPML 2.0 list that reads back as the same addresses, names and tags. Tags stand in `category`;
 * those that its commas and slashes cannot say become folders.
 */
export function renderSubscriptionList(
  sources: readonly Pick<SourceDefinition, "location" | "name" | "tags">[],
  title: string,
): string {
  return markup`<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0">
<head><title>${cleanLine(title, 200)}</title><docs>http://opml.org/spec2.opml</docs></head>
<body>
${sources.map(renderSubscription)}</body>
</opml>
`.toString();
}

function renderSubscription({
  location,
  name,
  tags,
}: Pick<SourceDefinition, "location" | "name" | "tags">): Markup {
  const isPlain = !tags.some((tag) => /[,/]/.test(tag));
  const category = isPlain && tags.length > 0 ? tags.map((tag) => `/${tag}`).join(",") : null;
  const outline = markup`<outline type="rss" text="${name ?? ""}" xmlUrl="${location}"${attribute("category", category)}/>
`;
  return isPlain
    ? outline
    : tags.reduceRight(
        (inner, tag) => markup`<outline text="${tag}">${inner}</outline>
`,
        outline,
      );
}
