/** How the daemon is started wherever we start it: docs/decisions.md, "A small space for young objects". */
export const runtimeFlags = ["--max-semi-space-size=4"] as const;
