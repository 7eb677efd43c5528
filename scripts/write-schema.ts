/** `npm run schema`: writes `config/mainstem.schema.json` from the one schema in code. */
import { writeFile } from "node:fs/promises";
import { configJsonSchema } from "../src/config/schema.ts";

await writeFile("config/mainstem.schema.json", `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
