/** One way to run node, wherever the daemon is started. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { runtimeFlags } from "../support/runtime-flags.ts";

const flags = runtimeFlags.join(" ");

it.each([
  ["npm start", "package.json", `"start": "exec node ${flags} src/main.ts run"`],
  ["npm run mainstem", "package.json", `"mainstem": "node ${flags} src/main.ts"`],
  ["the package", "src/main.ts", `#!/usr/bin/env -S node ${flags}\n`],
  [
    "the image",
    "Dockerfile",
    `ENTRYPOINT ["node", ${runtimeFlags.map((flag) => `"${flag}"`).join(", ")}, "/app/dist/main.js"]`,
  ],
  [
    "the systemd unit",
    "docs/recipes.md",
    `ExecStart=/usr/bin/node ${flags} /opt/mainstem/node_modules/mainstem/dist/main.js`,
  ],
])("starts node in the same way: %s", (_, file, line) => {
  expect(readFileSync(file, "utf8")).toContain(line);
});
