/** The published schemas of the formats, where this machine has them. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { Ajv } from "ajv";

const folder = path.resolve(import.meta.dirname, "../../../shared/schema");
const rng = path.join(folder, "rfc4287.rng");
const jsonFeedSchema = path.join(folder, "jsonfeed-1.1.schema.json");

export const hasAtomSchema: boolean = existsSync(rng) && spawnSync("xmllint", ["--version"]).status === 0;
export const hasJsonFeedSchema: boolean = existsSync(jsonFeedSchema);

/** @throws with xmllint's words when the document breaks RFC 4287's RelaxNG. */
export function assertValidAtom(atom: string): void {
  execFileSync("xmllint", ["--noout", "--nonet", "--relaxng", rng, "-"], { input: atom, stdio: "pipe" });
}

/** The problems of a JSON Feed; empty when it is valid. */
export function createJsonFeedValidator(): (feed: unknown) => readonly string[] {
  const validate = new Ajv({ strict: false, allErrors: true }).compile(
    JSON.parse(readFileSync(jsonFeedSchema, "utf8")) as object,
  );
  return (feed) =>
    validate(feed) ? [] : (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message}`);
}
