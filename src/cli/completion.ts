import { print } from "./context.ts";
import type { CommandTable } from "./program.ts";

interface Word {
  readonly name: string;
  readonly description: string;
  /** What an argument may be, where that is known; else files are offered. */
  readonly choices: readonly string[];
  readonly options: readonly Flag[];
}

interface Flag {
  readonly flag: string;
  readonly description: string;
  /** What follows the flag: one of these words, any word, a file, or nothing. */
  readonly value: readonly string[] | "word" | "file" | null;
}

const shells: Readonly<Record<string, (words: readonly Word[]) => string>> = { bash, zsh, fish };

/** `mainstem completion`: a script that lets a shell complete commands and options. */
export function addCompletionCommand({ program, context, action }: CommandTable): void {
  program
    .command("completion")
    .description("print a completion script for bash, zsh or fish")
    .addArgument(program.createArgument("<shell>", "the shell that reads it").choices(Object.keys(shells)))
    .addHelpText(
      "after",
      [
        "",
        "Example:",
        "  $ source <(mainstem completion bash)         # this shell alone; what follows: every one",
        "  $ mkdir -p ~/.local/share/bash-completion/completions",
        "  $ mainstem completion bash > ~/.local/share/bash-completion/completions/mainstem",
        "",
        "  $ source <(mainstem completion zsh)          # behind compinit; for every one in ~/.zshrc",
        "",
        "  $ mainstem completion fish | source",
        "  $ mkdir -p ~/.config/fish/completions",
        "  $ mainstem completion fish > ~/.config/fish/completions/mainstem.fish",
      ].join("\n"),
    )
    .action(
      action(async (shell: string) => {
        const words = program.commands.map((command) => ({
          name: command.name(),
          description: command.description(),
          choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
          options: [...command.options, program.createOption("--help", "display help")].map((option) => ({
            flag: option.long ?? option.short ?? "",
            description: option.description,
            value: option.required ? (option.argChoices ?? kindOfValue(option.flags)) : null,
          })),
        }));
        // Commander's own, which it does not list.
        const help = {
          name: "help",
          description: "display help for a command",
          choices: words.map(({ name }) => name),
          options: [],
        };
        await print(context, shells[shell]?.([...words, help]) ?? "");
        return 0;
      }),
    );
}

function kindOfValue(flags: string): "word" | "file" {
  return flags.endsWith("<file>") ? "file" : "word";
}

function bash(words: readonly Word[]): string {
  const cases = words.map(
    ({ name, options, choices }) =>
      `    ${name}) words="${[...options.map(({ flag }) => flag), ...choices].join(" ")}" ;;`,
  );
  // Where no word is offered, bash itself completes files.
  const values = words.flatMap(({ name, options }) =>
    options.flatMap(({ flag, value }) =>
      value === null
        ? []
        : [`    "${name} ${flag}") words="${typeof value === "string" ? "" : value.join(" ")}" ;;`],
    ),
  );
  return `# bash completion for mainstem
_mainstem() {
  local words
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  case "\${COMP_WORDS[1]} \${COMP_WORDS[COMP_CWORD-1]}" in
${values.join("\n")}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${words.map(({ name }) => name).join(" ")} --help --version"; fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _mainstem mainstem`;
}

function zsh(words: readonly Word[]): string {
  const quote = (text: string) =>
    text.replace(/[\\'":[\]]/g, (sign) => (sign === "'" ? "'\\''" : `\\${sign}`));
  const commands = words.map(({ name, description }) => `    '${name}:${quote(description)}'`);
  const toArgument = ({ flag, description, value }: Flag) => {
    const choices = value === "file" ? "_files" : value === "word" ? "" : `(${value?.join(" ")})`;
    const follows = value === null ? "" : `:${flag.replace(/^-+/, "")}:${choices}`;
    return `'${flag}[${quote(description)}]${follows}'`;
  };
  const cases = words.map(({ name, options, choices }) => {
    const rest = choices.length > 0 ? `'*:${name}:(${choices.join(" ")})'` : "'*:file:_files'";
    return `    ${name}) _arguments ${options.map(toArgument).join(" ")} ${rest} ;;`;
  });
  return `#compdef mainstem
_mainstem() {
  local -a commands
  commands=(
${commands.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case "$words[1]" in
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = "_mainstem" ]; then _mainstem "$@"; else compdef _mainstem mainstem; fi`;
}

function fish(words: readonly Word[]): string {
  const quote = (text: string) => `'${text.replace(/['\\]/g, "\\$&")}'`;
  const follows = ({ value }: Flag) => {
    if (value === null) return "";
    if (value === "file") return " -r";
    return value === "word" ? " -x" : ` -x -a ${quote(value.join(" "))}`;
  };
  const lines = words.flatMap(({ name, description, options, choices }) => {
    const seen = `complete -c mainstem -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c mainstem -n __fish_use_subcommand -f -a ${name} -d ${quote(description)}`,
      ...(choices.length > 0 ? [`${seen} -f -a ${quote(choices.join(" "))}`] : []),
      ...options.map(
        (option) =>
          `${seen} -l ${option.flag.replace(/^-+/, "")}${follows(option)} -d ${quote(option.description)}`,
      ),
    ];
  });
  return ["# fish completion for mainstem", ...lines].join("\n");
}
