import { existsSync, linkSync, renameSync } from "node:fs";
import { StoreError } from "../errors.ts";

/** A backup never takes the place of a file. */
export function describeExisting(target: string): StoreError {
  return new StoreError("store/unwritable", `${target} is there already; a backup overwrites nothing`, {
    hint: "name a file that does not exist",
  });
}

/** Gives a finished file its name, in one step and over no other file. */
export function publishFile(partial: string, target: string): void {
  try {
    linkSync(partial, target);
  } catch (error) {
    if (existsSync(target)) throw describeExisting(target);
    // Some file systems have no hard links.
    if (!isLinkRefused(error)) throw error;
    renameSync(partial, target);
  }
}

function isLinkRefused(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    ["EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK"].includes(String(error.code))
  );
}
