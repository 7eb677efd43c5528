import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { explainResolved } from "../app/explain-resolved.ts";
import { createSourceLinkClient } from "../app/http-client.ts";
import { loadUrlRules } from "../app/url-rules.ts";
import { aliasesForLookup } from "../identify/identify.ts";
import { explainUrl } from "../identify/original-url.ts";
import { reasonOf } from "../identify/rule-reasons.ts";
import type { UrlExplanation } from "../model.ts";
import {
  type CliContext,
  type ConfigOption,
  openConfig,
  openToolStore,
  print,
  rulesOptions,
} from "./context.ts";
import { copiesToJson, describeCopies } from "./copies.ts";
import type { CommandTable } from "./program.ts";
import { renderTable, terminalText } from "./table.ts";

interface ExplainOptions extends ConfigOption {
  readonly json?: boolean;
  readonly resolve?: boolean;
}

/** Lines are written in blocks of about this many characters, so that a million URLs are not a million writes. */
const blockLength = 65_536;

/** `mainstem explain`: how a URL becomes its original URL and key, step by step. Asks no network unless told. */
export function addExplainCommand({ program, context, action }: CommandTable): void {
  program
    .command("explain")
    .description("show how a URL becomes its original URL and key, step by step")
    .argument("<url...>", "URLs to explain; - reads them from stdin, a line each")
    .option("--json", "one JSON line per URL")
    .option("--resolve", "ask the network where short links lead")
    .option(
      "-c, --config <file>",
      "use the identity rules of this config, and tell the copies that its store knows",
    )
    .addHelpText("after", "\nExample:\n  $ mainstem explain 'https://www.example.org/a/?utm_source=rss'")
    .action(
      action(async (urls: string[], options: ExplainOptions) => {
        const config = options.config ? await openConfig(options, context) : null;
        const rules = config === null ? null : await loadUrlRules(config, rulesOptions(context));
        const { clock, version } = context;
        const contact = config?.contact ?? null;
        // What the store knows is told only where there is one: explaining makes none.
        await using store =
          config === null || (config.store.engine === "sqlite" && !existsSync(config.store.file))
            ? null
            : await openToolStore(config, context);
        await using links = options.resolve ? createSourceLinkClient({ contact, version, clock }) : null;
        const own = rules ? { rules } : {};
        const onFailure = (link: string, reason: string) =>
          void context.stderr.write(`mainstem: ${terminalText(link)}: ${terminalText(reason)}\n`);
        let block = "";
        for await (const url of inputUrls(urls, context)) {
          context.signal.throwIfAborted();
          const explanation =
            links === null
              ? explainUrl(url, own)
              : await explainResolved(url, { ...own, links, onFailure }, context.signal);
          const detail = store === null ? null : await store.findStory(aliasesForLookup(url, own));
          const copies = detail?.copies ?? null;
          block += options.json
            ? `${JSON.stringify({ ...toJson(explanation), ...(store && { copies: copiesToJson(copies) }) })}\n`
            : `${describe(explanation, context)}${copies === null ? "" : `printed by others too:\n${describeCopies(copies, context.stdout)}\n`}\n`;
          if (block.length < blockLength) continue;
          await print(context, block.slice(0, -1));
          block = "";
        }
        if (block) await print(context, block.slice(0, -1));
        return 0;
      }),
    );
}

async function* inputUrls(urls: readonly string[], { stdin }: CliContext): AsyncGenerator<string> {
  for (const url of urls) {
    if (url !== "-") yield url;
    else yield* createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY });
  }
}

/** The shape of the interface document. What is no URL has neither an original nor a key. */
function toJson({ input, originalUrl, key, steps, error }: UrlExplanation): object {
  return { input, original_url: originalUrl, key, steps, error };
}

function describe({ input, originalUrl, key, steps, error }: UrlExplanation, { stdout }: CliContext): string {
  if (error !== null)
    return `${terminalText(input)}\n  ${error}; expected an address such as https://example.org/story\n`;
  const rows = steps.map((step) => [step.rule, step.after, reasonOf(step.rule)]);
  const table =
    rows.length > 0
      ? `${renderTable(["rule", "becomes", "reason"], rows, stdout)}\n`
      : "no rule had anything to change\n";
  return `${input}\n${table}original URL  ${originalUrl}\nkey           ${key}\n`;
}
