/**
 * The path of a document rather than of a site's or a section's front: `?rss` on a front page is its feed. A document's last
 * segment has an extension, a number or several words.
 */
export function isDocumentPath(path: string): boolean {
  const end = path.endsWith("/") ? path.length - 1 : path.length;
  const segment = path.slice(path.lastIndexOf("/", end - 1) + 1, end);
  return segment.length > 3 && /[\d._-]/.test(segment) && !/^index\.|^(?:rss|feed|atom)[._-]/i.test(segment);
}
