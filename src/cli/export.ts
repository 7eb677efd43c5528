import { counted } from "../app/counted.ts";
import { publicUrl } from "../publish/clean.ts";
import { renderSubscriptionList } from "../publish/subscription-list.ts";
import { type ConfigOption, configFlag, openConfig, print } from "./context.ts";
import type { CommandTable } from "./program.ts";

interface ExportOptions extends ConfigOption {
  readonly withSecrets?: boolean;
}

/** `mainstem export`: the configured feeds as OPML on stdout. */
export function addExportCommand({ program, context, action }: CommandTable): void {
  program
    .command("export")
    .description("write the configured feeds as OPML to stdout")
    .option("--with-secrets", "also those whose address holds a password or a token")
    .option(...configFlag)
    .addHelpText("after", "\nExample:\n  $ mainstem export > feeds.opml")
    .action(
      action(async (options: ExportOptions) => {
        const { sources, title } = await openConfig(options, context);
        const feeds = sources.filter(({ kind }) => kind === "url");
        const shown = feeds.filter(({ location }) => options.withSecrets || !holdsSecret(location));
        const listed = shown.map(({ homeUrl = null, ...feed }) => ({
          ...feed,
          homeUrl: homeUrl !== null && !options.withSecrets && holdsSecret(homeUrl) ? null : homeUrl,
        }));
        await print(context, renderSubscriptionList(listed, title).trimEnd());
        const rest = sources.length - feeds.length;
        if (rest > 0)
          context.stderr.write(
            `mainstem: ${counted(rest, "source")} (files, folders, lists) without a feed's address ${rest === 1 ? "is" : "are"} left out\n`,
          );
        const secret = feeds.length - shown.length;
        if (secret > 0)
          context.stderr.write(
            `mainstem: ${counted(secret, "feed")} with a secret in the address ${secret === 1 ? "is" : "are"} left out (--with-secrets writes ${secret === 1 ? "it" : "them"}, too)\n`,
          );
        return 0;
      }),
    );
}

/** True for an address with a password or with a parameter that looks like one. */
function holdsSecret(address: string): boolean {
  const url = URL.parse(address);
  return publicUrl(address) === null || (url !== null && url.username + url.password !== "");
}
