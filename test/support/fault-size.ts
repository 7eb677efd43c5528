/** Fault tests have a short form for CI and a long one for a release (`MAINSTEM_FAULTS=full`); both say what they measured. */

const isFull = process.env.MAINSTEM_FAULTS === "full";

/** The count for the form that runs. */
export function sized(counts: { readonly short: number; readonly full: number }): number {
  return isFull ? counts.full : counts.short;
}

/** Prints what a fault cost: a line for the documentation's table, never an assertion on time. */
export function reportFigures(fault: string, figures: Readonly<Record<string, number | string>>): void {
  const shown = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  process.stdout.write(`figures  ${fault}: ${shown.join(", ")}\n`);
}
