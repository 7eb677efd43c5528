/**
 * Values that the config took from the environment and that nobody is to see. They are known to the whole process, since
 * whatever is logged, shown or published goes through here, and none of it knows where a value came from.
 */

const kept = new Set<string>();
/** What is shorter stands by chance in every other word. */
const lengthMin = 6;
const secretName = /token|secret|passw|pwd|(?:^|_)(?:pw|pass|key|auth|sig|jwt)(?:_|$)|api_?key|credential/i;

/** True for the name of a variable whose value is nobody's business. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** From now on this value is masked, also as it stands in URLs. */
export function keepSecret(value: string): void {
  if (value.length < lengthMin) return;
  for (const form of [value, encodeURIComponent(value), encodeURI(value)]) kept.add(form);
}

/** True when a text holds a value that nobody is to see. */
export function holdsSecret(text: string): boolean {
  for (const value of kept) if (text.includes(value)) return true;
  return false;
}

/** The text with `mask` in the place of every such value. */
export function maskSecrets(text: string, mask: string): string {
  let masked = text;
  for (const value of kept) if (masked.includes(value)) masked = masked.replaceAll(value, () => mask);
  return masked;
}
