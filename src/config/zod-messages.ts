/** Zod's findings in words for the person who writes the config. Values are never repeated: they may be secrets. */
import leven from "leven";
import { z } from "zod";

/** What is wrong, without the place. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.message.startsWith("Invalid input")
        ? `expected ${article(issue.expected)}`
        : issue.message;
    case "invalid_value":
      return `expected ${issue.values.map(String).join(" or ")}`;
    case "too_small":
      // A message of the schema's own says more than we could here.
      if (!issue.message.startsWith("Too small")) return issue.message;
      return issue.origin === "string" ? "must not be empty" : `must be at least ${issue.minimum}`;
    case "too_big":
      return issue.origin === "string"
        ? `must not be longer than ${issue.maximum} characters`
        : `must be at most ${issue.maximum}`;
    case "invalid_union":
      return "has the wrong type";
    case "unrecognized_keys":
      return `unknown key ${issue.keys.map((key) => `"${key}"`).join(", ")}`;
    case "invalid_key":
      return issue.issues[0]?.message ?? issue.message;
    default:
      return issue.message;
  }
}

const names: ReadonlyMap<string, string> = new Map([
  ["object", "a mapping (key: value)"],
  ["record", "a mapping (key: value)"],
  ["array", "a list"],
  ["string", "a text (in quotes if it looks like something else)"],
  ["boolean", "true or false"],
  ["int", "a whole number"],
  ["number", "a number"],
]);

function article(type: string): string {
  return names.get(type) ?? type;
}

/** `unknown key "shedule", did you mean "schedule"?` */
export function unknownKeyMessage(
  key: string,
  path: readonly (string | number)[],
  schema: z.core.$ZodType,
): string {
  const best = keysAt(path, schema)
    .map((known) => ({ known, distance: leven(key.toLowerCase(), known) }))
    .toSorted((a, b) => a.distance - b.distance)[0];
  const hint =
    best && best.distance <= Math.max(1, Math.floor(best.known.length / 3))
      ? `, did you mean "${best.known}"?`
      : "";
  return `unknown key "${key}"${hint}`;
}

/** The keys that the schema knows at a path. */
function keysAt(path: readonly (string | number)[], root: z.core.$ZodType): string[] {
  let schema = unwrap(root);
  for (const part of path) {
    if (schema instanceof z.ZodArray) schema = unwrap(schema.element as z.core.$ZodType);
    else if (schema instanceof z.ZodObject)
      schema = unwrap((schema.shape as Record<string, z.core.$ZodType>)[String(part)]);
    else return [];
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function unwrap(schema: z.core.$ZodType | undefined): z.core.$ZodType {
  let inner: z.core.$ZodType = schema ?? z.never();
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional || inner instanceof z.ZodPrefault) {
    inner = inner.unwrap() as z.core.$ZodType;
  }
  return inner;
}
