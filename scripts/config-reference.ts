/** The reference of every config key, made from the schema that checks it. */
import { configJsonSchema } from "../src/config/schema.ts";

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}

const intro = `# The config, key by key

Written by \`npm run schema\` from the schema in the code; edit \`src/config/schema.ts\` instead. Every key may be left out, but a source
needs one address (\`url\`, \`file\`, \`articles\` or \`opml\`) and an output its \`name\`. Relative paths start from the config's folder.

- \`\${NAME}\` is replaced from the environment, \`\${NAME:-default}\` has a fallback, and \`NAME_FILE\` in the environment names a file with
  the value (Docker and systemd secrets). \`$\${\` stands for a literal \`\${\`.
- Durations are such as \`30s\`, \`20m\`, \`12h\`, \`7d\`, \`1y\`; sizes such as \`500KiB\` or \`16MiB\`.
- The environment goes before the file: \`MAINSTEM_CONFIG\`, \`MAINSTEM_STORE\`, \`MAINSTEM_LISTEN\`, \`MAINSTEM_URL\`, \`MAINSTEM_LOG_LEVEL\`.
- A running daemon takes up what you save within two seconds. What waits for a restart (\`listen\`, \`store\`, \`contact\`, \`limits\`,
  \`identity\`, \`admin\`, \`publish\`) is named in the log, in \`/readyz\` and on \`/status\`; so is a slip, and then the old config stays in force.
- \`mainstem check\` tells every problem with its line. Editors complete the keys by \`config/mainstem.schema.json\`.
`;

export function renderConfigReference(): string {
  const root = configJsonSchema() as Schema;
  const sections: string[] = [];
  const top: [string, Schema][] = [];
  for (const [key, schema] of Object.entries(root.properties ?? {})) {
    const inner = schema.properties ?? schema.items?.properties;
    if (inner === undefined) top.push([key, schema]);
    else sections.push(section(schema.items ? `${key}[]` : key, Object.entries(inner)));
  }
  return `${intro}\n${[section("Top level", top), ...sections].join("\n")}`;
}

function section(title: string, keys: readonly (readonly [string, Schema])[]): string {
  const rows = keys.map(
    ([key, schema]) =>
      `| \`${key}\` | ${kindOf(schema)} | ${defaultOf(schema)} | ${cell(schema.description ?? "")} |`,
  );
  return `## ${title}\n\n| key | value | default | what it does |\n| --- | --- | --- | --- |\n${rows.join("\n")}\n`;
}

function kindOf({ enum: values, anyOf, type, items }: Schema): string {
  if (values) return values.map((value) => `\`${String(value)}\``).join(", ");
  if (anyOf) return [...new Set(anyOf.map(kindOf))].join(" or ");
  if (type === "array") return `list of ${items ? kindOf(items) : "values"}`;
  const names: Readonly<Record<string, string>> = {
    string: "text",
    integer: "number",
    boolean: "true or false",
    object: "mapping",
  };
  return names[type ?? ""] ?? type ?? "";
}

function defaultOf({ default: value }: Schema): string {
  const isNothing = value === undefined || (typeof value === "object" && JSON.stringify(value).length === 2);
  return isNothing ? "" : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
