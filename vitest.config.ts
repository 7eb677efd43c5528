import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/bench/**", "test/browser/**", "test/faults/**", "node_modules/**"],
    setupFiles: ["test/support/property-seed.ts"],
    // For what never ends: tests that start daemons are slow on a machine with other work to do.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
