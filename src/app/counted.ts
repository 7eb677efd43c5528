/** `1 story`, `2 stories`, `10,000 entries`: a number with its noun, as people write it. */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString("en-GB")} ${number === 1 ? one : many}`;
}
