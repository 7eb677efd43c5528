/** Durations and instants in words, for the reasons that operators read. */

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

/** The two largest units of a duration in ms, rounded to seconds: `1 h 30 min`, `45 s`, `2 d`. */
export function formatDuration(ms: number): string {
  const totalMs = Math.max(1000, Math.round(ms / 1000) * 1000);
  const first = units.findIndex(([, unitMs]) => totalMs >= unitMs);
  let leftMs = totalMs;
  const parts: string[] = [];
  for (const [name, unitMs] of units.slice(first, first + 2)) {
    const count = Math.floor(leftMs / unitMs);
    leftMs -= count * unitMs;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.join(" ");
}

/** `2026-01-02 06:00 UTC` */
export function formatInstant(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
