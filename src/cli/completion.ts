import { print } from "./context.ts";
import type { CommandTable } from "./program.ts";

interface Word {
  readonly name: string;
  readonly description: string;
  readonly options: readonly { readonly flag: string; readonly description: string }[];
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
        "  $ mainstem completion bash > ~/.local/share/bash-completion/completions/mainstem",
        '  $ mainstem completion zsh > "${fpath[1]}/_mainstem"',
        "  $ mainstem completion fish > ~/.config/fish/completions/mainstem.fish",
      ].join("\n"),
    )
    .action(
      action(async (shell: string) => {
        const words = program.commands.map((command) => ({
          name: command.name(),
          description: command.description(),
          options: [...command.options, program.createOption("--help", "display help")].map((option) => ({
            flag: option.long ?? option.short ?? "",
            description: option.description,
          })),
        }));
        await print(context, shells[shell]?.(words) ?? "");
        return 0;
      }),
    );
}

function bash(words: readonly Word[]): string {
  const cases = words.map(
    ({ name, options }) => `    ${name}) words="${options.map(({ flag }) => flag).join(" ")}" ;;`,
  );
  return `# bash completion for mainstem
_mainstem() {
  local words
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    *) words="${words.map(({ name }) => name).join(" ")} --help --version" ;;
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
  const cases = words.map(
    ({ name, options }) =>
      `    ${name}) _arguments ${options.map(({ flag, description }) => `'${flag}[${quote(description)}]'`).join(" ")} '*:file:_files' ;;`,
  );
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
  const lines = words.flatMap(({ name, description, options }) => [
    `complete -c mainstem -n __fish_use_subcommand -f -a ${name} -d ${quote(description)}`,
    ...options.map(
      (option) =>
        `complete -c mainstem -n '__fish_seen_subcommand_from ${name}' -l ${option.flag.replace(/^-+/, "")} -d ${quote(option.description)}`,
    ),
  ]);
  return ["# fish completion for mainstem", ...lines].join("\n");
}
