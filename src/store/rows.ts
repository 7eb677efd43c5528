/** Values out of a database row, by column name and expected type. A value of another type is a damaged store. */
export type Row = Readonly<Record<string, unknown>>;

/** A number. @throws TypeError when the column holds something else */
export function readNumber(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw describeMismatch(column, value);
  return value;
}

/** A number or null. */
export function readOptionalNumber(row: Row, column: string): number | null {
  return row[column] === null ? null : readNumber(row, column);
}

/** A text. @throws TypeError when the column holds something else */
export function readText(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw describeMismatch(column, value);
  return value;
}

/** A text or null. */
export function readOptionalText(row: Row, column: string): string | null {
  return row[column] === null ? null : readText(row, column);
}

/** An instant kept as ms since 1970. */
export function readInstant(row: Row, column: string): Date {
  return new Date(readNumber(row, column));
}

/** An instant kept as ms since 1970, or null. */
export function readOptionalInstant(row: Row, column: string): Date | null {
  const value = readOptionalNumber(row, column);
  return value === null ? null : new Date(value);
}

function describeMismatch(column: string, value: unknown): TypeError {
  return new TypeError(`column ${column} holds ${value === null ? "null" : typeof value}`);
}
