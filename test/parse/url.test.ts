import fc from "fast-check";
import { expect, it } from "vitest";
import { resolveHttpUrl } from "../../src/parse/url.ts";

it("resolves relative links as the URL parser does, the quick way and the slow", () => {
  const base = fc.constantFrom(
    "https://a.example/",
    "https://a.example/x/y?q=/z",
    "http://A.example:80/a/b/../c/",
    "https://u:p@a.example:8443/d/e#f/g",
    "https://a.example",
    "https://пример.рф/ж/",
  );
  const relative = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."ab/.?#&=;+,-~_%2e:\\ '\"é"), maxLength: 12 }),
    fc.webPath(),
  );
  fc.assert(
    fc.property(base, relative, (document, text) => {
      const trimmed = text.trim();
      const url = trimmed === "" ? null : URL.parse(trimmed, document);
      if (url === null || !/^https?:$/.test(url.protocol)) {
        expect(resolveHttpUrl(text, document)).toBeNull();
        return;
      }
      url.username = "";
      url.password = "";
      expect(resolveHttpUrl(text, document)).toBe(url.href);
    }),
    { numRuns: 20_000 },
  );
});
