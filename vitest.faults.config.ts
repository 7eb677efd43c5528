import { defineConfig } from "vitest/config";

/** `npm run test:faults`: the daemon under faults and attack, one file at a time. `MAINSTEM_FAULTS=full` for the long form. */
export default defineConfig({
  test: {
    include: ["test/faults/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 60 * 60_000,
    hookTimeout: 120_000,
  },
});
