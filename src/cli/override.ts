import { urlOptionsOf } from "../app/url-rules.ts";
import { MainstemError } from "../errors.ts";
import { urlAliasKey } from "../identify/identify.ts";
import type { UrlOptions } from "../identify/original-url.ts";
import type { Alias } from "../model.ts";
import { type ConfigOption, configFlag, openConfig, openToolStore, print, rulesOptions } from "./context.ts";
import type { CommandTable } from "./program.ts";
import { terminalText } from "./table.ts";

/** `mainstem merge`: the operator says that two URLs tell one story. Kept for good, applied before every rule. */
export function addMergeCommand({ program, context, action }: CommandTable): void {
  program
    .command("merge")
    .description("say that two URLs tell one story; kept for good")
    .argument("<url>", "an address of the one")
    .argument("<other-url>", "an address of the other")
    .option(...configFlag)
    .addHelpText(
      "after",
      "\nExample:\n  $ mainstem merge https://www.w3.org/TR/websub/ https://www.rssboard.org/rss-specification",
    )
    .action(
      action(async (a: string, b: string, options: ConfigOption) => {
        const config = await openConfig(options, context);
        await using store = await openToolStore(config, context);
        const rules = await urlOptionsOf(config, rulesOptions(context));
        const [first, second] = [operatorAlias(a, "merge", rules), operatorAlias(b, "merge", rules)];
        if (first.key === second.key) {
          await print(context, "Both are one address to Mainstem already; nothing was changed.");
          return 0;
        }
        await store.mergeStories(first, second, context.clock.now());
        const detail = await store.findStory([first.key]);
        const isSeen = detail?.aliases.some(({ key }) => key === second.key);
        await print(
          context,
          `${isSeen ? "They are one story from now on." : "Noted: as soon as both were seen, they are one story."} Undo with: mainstem split ${terminalText(b)}`,
        );
        return 0;
      }),
    );
}

/** `mainstem split`: the operator says that a URL tells a story of its own. Kept for good, applied before every rule. */
export function addSplitCommand({ program, context, action }: CommandTable): void {
  program
    .command("split")
    .description("say that a URL tells a story of its own; kept for good")
    .argument("<url>", "any address of the story")
    .option(...configFlag)
    .addHelpText("after", "\nExample:\n  $ mainstem split https://www.rssboard.org/rss-specification")
    .action(
      action(async (url: string, options: ConfigOption) => {
        const config = await openConfig(options, context);
        await using store = await openToolStore(config, context);
        const rules = await urlOptionsOf(config, rulesOptions(context));
        const isKnown = await store.splitStory(operatorAlias(url, "split", rules), context.clock.now());
        if (isKnown)
          await print(context, "It is a story of its own from now on. Undo with: mainstem merge <url> <url>");
        else
          context.stderr.write(
            `mainstem: no story is known under ${terminalText(url)}, so nothing was changed (mainstem story <url> shows what is known)\n`,
          );
        return isKnown ? 0 : 1;
      }),
    );
}

function operatorAlias(url: string, rule: string, rules: UrlOptions): Alias {
  const key = urlAliasKey(url, rules);
  if (key === null) {
    const hint = "expected an address such as https://example.org/story";
    throw new MainstemError("usage", `${terminalText(url)} is no http(s) URL`, { hint });
  }
  return { key, kind: "operator", rule, evidence: url };
}
