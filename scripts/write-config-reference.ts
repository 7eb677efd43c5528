/** `npm run schema`: writes `docs/config.md` from the one schema in code. */
import { writeFile } from "node:fs/promises";
import { renderConfigReference } from "./config-reference.ts";

await writeFile("docs/config.md", renderConfigReference());
