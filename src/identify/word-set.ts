/** The words of a text as a set: tables of names read better as prose than as quotes and commas. */
export function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
