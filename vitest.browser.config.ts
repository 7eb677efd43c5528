import { defineConfig } from "vitest/config";

/** `npm run test:browser`: the pages in a real Chromium (Debian's); `npm test` needs none. */
export default defineConfig({
  test: { include: ["test/browser/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 },
});
