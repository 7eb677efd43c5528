/** A YAML text whose every value knows its place, so that a problem can be shown as FILE:LINE:COLUMN. */
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
} from "yaml";
import { ConfigError, type ConfigProblem } from "../errors.ts";

export type ConfigPath = readonly (string | number)[];

const aliasesMax = 100;
const tooDeep = "this is nested too deeply to be a config";

export class ConfigDocument {
  readonly problems: ConfigProblem[] = [];
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #document: ReturnType<typeof parseDocument>;

  /** @param file the name that messages give */
  constructor(text: string, file: string) {
    this.#file = file;
    this.#document = this.#parse(text);
    for (const fault of [...this.#document.errors, ...this.#document.warnings]) {
      this.#addProblem(fault.pos[0], [], describeFault(fault.message));
    }
  }

  #parse(text: string): ReturnType<typeof parseDocument> {
    try {
      return parseDocument(text, {
        lineCounter: this.#lines,
        version: "1.2",
        schema: "core",
        prettyErrors: false,
        logLevel: "silent",
      });
    } catch (error) {
      // A text of thousands of brackets exhausts the parser's stack.
      if (!(error instanceof RangeError)) throw error;
      this.#addProblem(0, [], tooDeep);
      return parseDocument("");
    }
  }

  /** @throws ConfigError when a problem was found so far */
  throwProblems(): void {
    if (this.problems.length > 0) throw new ConfigError(this.problems);
  }

  /** Plain data, aliases expanded up to a bound. An empty file is an empty config. */
  toValue(): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: aliasesMax }) ?? {};
    } catch (error) {
      if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
      this.#addProblem(this.#firstAliasOffset(), [], "this alias expands to far too much");
      return {};
    }
  }

  /** Calls `change` with every text value (keys left out); what it returns takes the value's place. */
  async mapTexts(
    change: (text: string, isPlain: boolean, fail: (message: string) => void) => Promise<unknown>,
  ): Promise<void> {
    const scalars: Scalar[] = [];
    visit(this.#document, {
      Scalar: (key, node) => {
        if (key !== "key" && typeof node.value === "string") scalars.push(node);
      },
    });
    for (const scalar of scalars) {
      const fail = (message: string) => this.#addProblem(scalar.range?.[0] ?? 0, [], message);
      scalar.value = await change(scalar.value as string, scalar.type === "PLAIN", fail);
    }
  }

  /** A problem at the value of `path`, or at the nearest thing above it that is written. */
  problemAt(path: ConfigPath, message: string): ConfigProblem {
    for (let length = path.length; length > 0; length--) {
      const node = this.#nodeAt(path.slice(0, length));
      if (node?.range) return this.#problem(node.range[0], path, message);
    }
    return this.#problem(0, path, message);
  }

  /** A problem at the key `key` of the mapping at `path`. */
  problemAtKey(path: ConfigPath, key: string, message: string): ConfigProblem {
    const map = path.length === 0 ? this.#document.contents : this.#nodeAt(path);
    const pair: Pair | undefined = isMap(map)
      ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
      : undefined;
    if (pair && isNode(pair.key) && pair.key.range)
      return this.#problem(pair.key.range[0], [...path, key], message);
    return this.problemAt(path, message);
  }

  /** `sources[2].schedule` */
  nameOf(path: ConfigPath): string {
    return path.reduce<string>(
      (name, part) => (typeof part === "number" ? `${name}[${part}]` : name ? `${name}.${part}` : part),
      "",
    );
  }

  #nodeAt(path: ConfigPath): Node | null {
    const node = this.#document.getIn(path, true);
    return isNode(node) ? node : null;
  }

  #firstAliasOffset(): number {
    let offset = 0;
    visit(this.#document, {
      Alias: (_key, node) => {
        if (isAlias(node) && node.range) offset = node.range[0];
        return visit.BREAK;
      },
    });
    return offset;
  }

  #addProblem(offset: number, path: ConfigPath, message: string): void {
    this.problems.push(this.#problem(offset, path, message));
  }

  #problem(offset: number, path: ConfigPath, message: string): ConfigProblem {
    const { line, col } = this.#lines.linePos(offset);
    return {
      file: this.#file,
      line: Math.max(1, line),
      column: Math.max(1, col),
      path: this.nameOf(path),
      message,
    };
  }
}

function describeFault(message: string): string {
  // The parser reports its own exhausted stack as a fault of the text.
  return /call stack/i.test(message) ? tooDeep : (message.split("\n", 1)[0] ?? message);
}
