/** `/health/atom.xml`: what became of the sources, as a feed. Made when asked for: few ask, and seldom. */
import { renderHealth } from "../publish/render-health.ts";
import type { Store } from "../store/store.ts";
import { adviceFor } from "./advice.ts";
import { Representation } from "./conditional-response.ts";
import type { SiteSettings } from "./river.ts";

export const HEALTH_FEED_PATH = "/health/atom.xml";
const NOTICES_MAX = 200;

/** The health feed with a strong ETag over its content. */
export async function readHealthFeed(
  store: Pick<Store, "listNotices">,
  {
    settings,
    startedAt,
  }: { readonly settings: Pick<SiteSettings, "title" | "url">; readonly startedAt: Date },
): Promise<Representation> {
  const notices = await store.listNotices(NOTICES_MAX);
  const xml = renderHealth(notices, { ...settings, startedAt, adviceFor });
  return new Representation({
    body: Buffer.from(xml),
    contentType: "application/atom+xml; charset=utf-8",
    cacheControl: "no-cache",
    lastModified: notices[0]?.at ?? null,
    headers: ["X-Content-Type-Options", "nosniff", "Content-Security-Policy", "default-src 'none'; sandbox"],
  });
}
