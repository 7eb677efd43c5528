/** The files that pages need: style, icon and script, under addresses that change with their content. */
import { LIVE_SCRIPT, LIVE_SCRIPT_PATH } from "../publish/live-script.ts";
import { ICON, ICON_PATH, STYLESHEET, STYLESHEET_PATH } from "../publish/stylesheet.ts";
import { Representation } from "./conditional-response.ts";

const FOR_GOOD = `public, max-age=${365 * 86_400}, immutable`;

export function addAssets(documents: Map<string, Representation>, files: Map<string, Uint8Array>): void {
  for (const [path, text, contentType] of [
    [STYLESHEET_PATH, STYLESHEET, "text/css; charset=utf-8"],
    [ICON_PATH, ICON, "image/svg+xml"],
    [LIVE_SCRIPT_PATH, LIVE_SCRIPT, "text/javascript; charset=utf-8"],
  ] as const) {
    const body = Buffer.from(text);
    const headers = ["X-Content-Type-Options", "nosniff"];
    documents.set(
      path,
      new Representation({ body, contentType, cacheControl: FOR_GOOD, lastModified: null, headers }),
    );
    files.set(path.slice(1), body);
  }
}
