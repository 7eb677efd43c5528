/** The command line: a table of commands. Each is a file of its own beside this one. */
import { Command, CommanderError } from "commander";
import { ConfigError, MainstemError } from "../errors.ts";
import type { CliContext } from "./context.ts";

/** Exit codes of the interface: 0 done, 1 no, 2 cannot start or used wrongly, 3 some source failed. */
export type ExitCode = 0 | 1 | 2 | 3;

/** A command's work; what it returns becomes the exit code. */
export type Action<Arguments extends unknown[]> = (...args: Arguments) => Promise<ExitCode>;

export interface CommandTable {
  readonly program: Command;
  readonly context: CliContext;
  /** Wraps an action so that its exit code reaches `runCli`. */
  readonly action: <Arguments extends unknown[]>(
    run: Action<Arguments>,
  ) => (...args: Arguments) => Promise<void>;
}

type AddCommand = (table: CommandTable) => void;

/** Each command and where it is written; only the one that is called is loaded, so that the command line answers fast. */
const commands: ReadonlyMap<string, () => Promise<AddCommand>> = new Map([
  ["run", async () => (await import("./run.ts")).addRunCommand],
  ["once", async () => (await import("./once.ts")).addOnceCommand],
  ["check", async () => (await import("./check.ts")).addCheckCommand],
  ["preview", async () => (await import("./preview.ts")).addPreviewCommand],
  ["explain", async () => (await import("./explain.ts")).addExplainCommand],
  ["init", async () => (await import("./init.ts")).addInitCommand],
  ["add", async () => (await import("./add.ts")).addAddCommand],
  ["import", async () => (await import("./import.ts")).addImportCommand],
  ["export", async () => (await import("./export.ts")).addExportCommand],
  ["sources", async () => (await import("./sources.ts")).addSourcesCommand],
  ["story", async () => (await import("./story.ts")).addStoryCommand],
  ["merge", async () => (await import("./override.ts")).addMergeCommand],
  ["split", async () => (await import("./override.ts")).addSplitCommand],
  ["rekey", async () => (await import("./rekey.ts")).addRekeyCommand],
  ["copy", async () => (await import("./copy.ts")).addCopyCommand],
  ["prune", async () => (await import("./prune.ts")).addPruneCommand],
  ["backup", async () => (await import("./backup.ts")).addBackupCommand],
  ["completion", async () => (await import("./completion.ts")).addCompletionCommand],
  ["healthcheck", async () => (await import("./healthcheck.ts")).addHealthcheckCommand],
]);

/**
 * Runs one command line and resolves to its exit code. Never throws for an expected failure: those become one line on
 * stderr that says what to do.
 */
export async function runCli(args: readonly string[], context: CliContext): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = new Command("mainstem")
    .description("Many feeds in, one feed out, every story once.")
    .version(context.version)
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: (text, write) => write(describeMisuse(text, args, program)),
    })
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText(
      "after",
      "\nExample:\n  $ mainstem init && mainstem run\n  $ mainstem add https://www.theguardian.com/world\n\nmainstem <command> --help explains a command and has an example.",
    );
  const action: CommandTable["action"] =
    (run) =>
    async (...given) => {
      exitCode = await run(...given);
    };
  // A completion script names every command.
  const called = args[0] === "completion" ? undefined : commands.get(args[0] ?? "");
  for (const load of called ? [called] : commands.values()) (await load())({ program, context, action });
  try {
    // Commander answers `help sorces` with the whole list, as if nothing had been asked.
    const isUnknownHelp = args[0] === "help" && args[1] !== undefined && !commands.has(args[1]);
    await program.parseAsync(isUnknownHelp ? args.slice(1) : args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (context.signal.aborted && error === context.signal.reason) return 0;
    if (!(error instanceof MainstemError)) throw error;
    context.stderr.write(describeFailure(error));
    return 2;
  }
}

/** A wrong call in one line: what is wrong, and where the right way stands. */
function describeMisuse(text: string, args: readonly string[], program: Command): string {
  const [name = ""] = args;
  const command = program.commands.find((one) => one.name() === name);
  const what = text
    .replace(/^error: /, "")
    .trim()
    .replaceAll("\n", " ")
    .replace(/^missing required argument '(.*)'$/, "missing <$1>")
    .replace(/^required option '(.*)' not specified$/, "missing $1")
    .replace(
      /^too many arguments for '.*'\. Expected (\d+) arguments? but got (\d+):/,
      "too many arguments, $2 instead of $1:",
    )
    .replace(
      /^(?:command-argument value|option '[^']*' argument) '([^']*)' is invalid[^.]*\. Allowed choices are (.*)\.$/,
      "'$1' is none of $2",
    )
    .replace(/\.$/, "");
  if (command !== undefined) return `mainstem ${name}: ${what} (see mainstem ${name} --help)\n`;
  const where = name.startsWith("-") ? "options stand behind the command; " : "";
  return `mainstem: ${what} (${where}see mainstem --help)\n`;
}

function describeFailure(error: MainstemError): string {
  if (error instanceof ConfigError) return `${error.message}\n`;
  return `mainstem: ${error.hint ? `${withoutStop(error.message)} (${error.hint})` : error.message}\n`;
}

/** A sentence that goes on in brackets. */
export function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, "");
}
