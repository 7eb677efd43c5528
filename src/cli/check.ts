import { counted } from "../app/counted.ts";
import { ConfigError, formatConfigProblem } from "../errors.ts";
import { type ConfigOption, configFile, configFlag, openConfig, print } from "./context.ts";
import type { CommandTable } from "./program.ts";

/** `mainstem check`: validates the config and prints each problem as `FILE:LINE:COL message`. */
export function addCheckCommand({ program, context, action }: CommandTable): void {
  program
    .command("check")
    .description("validate the config and print each problem with its place")
    .option(...configFlag)
    .addHelpText("after", "\nExample:\n  $ mainstem check --config config/mainstem.yaml")
    .action(
      action(async (options: ConfigOption) => {
        try {
          const config = await openConfig(options, context);
          for (const warning of config.warnings)
            await print(context, `${formatConfigProblem(warning)} (warning)`);
          const content = `${counted(config.sources.length, "source")}, ${counted(config.outputs.length, "output")}`;
          await print(context, `${configFile(options, context.env)}: sound (${content})`);
          return 0;
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          await print(context, error.message);
          return 2;
        }
      }),
    );
}
