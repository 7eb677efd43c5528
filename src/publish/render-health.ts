/** The health of the sources as an Atom feed (RFC 4287): what an operator subscribes to instead of looking at a page. */
import { hash } from "node:crypto";
import type { HealthNotice } from "../model.ts";
import { cleanLine, scrubUrls } from "./clean.ts";
import { SharedInstants, writeInstant } from "./instant.ts";
import { markup, plainText } from "./markup.ts";

const titles: Readonly<Record<HealthNotice["kind"], (name: string) => string>> = {
  died: (name) => `${name} has ended`,
  failing: (name) => `${name} fails`,
  moved: (name) => `${name} has moved`,
  silent: (name) => `${name} is silent`,
  recovered: (name) => `${name} is well again`,
};

export interface HealthFeedOptions {
  readonly title: string;
  /** Public base URL, without a trailing slash. */
  readonly url: string;
  readonly startedAt: Date;
  /** What to do about an error code. */
  readonly adviceFor: (code: string, message: string) => string;
}

/** The notices, newest first, as an Atom document. Addresses in them hold no secrets. */
export function renderHealth(
  notices: readonly HealthNotice[],
  { title, url, startedAt, adviceFor }: HealthFeedOptions,
): string {
  const updated = notices[0]?.at ?? startedAt;
  const name = cleanLine(title, 200) || "Mainstem";
  const instants = new SharedInstants(notices.map(({ at }) => at));
  return markup`<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<id>${url}/health/atom.xml</id>
<title type="text">${plainText(name)}: health of the sources</title>
<updated>${updated.toISOString()}</updated>
<author><name>${plainText(name)}</name></author>
<link rel="self" type="application/atom+xml" href="${url}/health/atom.xml"/>
<link rel="alternate" type="text/html" href="${url}/status"/>
${notices.map((notice) => {
  const source = cleanLine(notice.sourceName, 200) || notice.sourceId;
  // What to do about an end stands in its message: no error of a moment.
  const advice =
    notice.code === null || notice.kind === "died" ? "" : ` ${adviceFor(notice.code, notice.message)}`;
  const id = idOf(notice);
  return markup`<entry>
<id>${id}</id>
<title type="text">${plainText(titles[notice.kind](source))}</title>
<updated>${writeInstant(notice.at, instants.nthOf(notice.at, numberOf(id)))}</updated>
<published>${notice.at.toISOString()}</published>
<link rel="alternate" type="text/html" href="${url}/status#${notice.sourceId}"/>
<category term="${notice.kind}"/>
<content type="text">${plainText(scrubUrls(cleanLine(notice.message, 1000)) + advice)}</content>
</entry>
`;
})}</feed>
`.toString();
}

/** A notice's own number, whatever comes before it. */
function numberOf(id: string): number {
  return Number.parseInt(id.slice(-8), 16);
}

function idOf({ sourceId, kind, at }: HealthNotice): string {
  const digest = hash("sha256", `${sourceId}\n${kind}\n${at.toISOString()}`);
  return `urn:sha256:${digest}`;
}
