/** A strict XML reading for tests: fails on anything ill-formed or an undeclared prefix, and gives a small tree. */
import { SaxesParser } from "saxes";

export interface XmlNode {
  /** Local name. */
  readonly name: string;
  readonly uri: string;
  /** By qualified name. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlNode[];
  text: string;
}

/** @throws when the text is not a well-formed, namespace-valid XML 1.0 document. */
export function parseStrictXml(xml: string): XmlNode {
  const parser = new SaxesParser({ xmlns: true });
  const root: XmlNode = { name: "#document", uri: "", attributes: new Map(), children: [], text: "" };
  const stack: XmlNode[] = [root];
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", (tag) => {
    const attributes = new Map(Object.values(tag.attributes).map((a) => [a.name, a.value]));
    const node: XmlNode = { name: tag.local, uri: tag.uri, attributes, children: [], text: "" };
    stack.at(-1)?.children.push(node);
    stack.push(node);
  });
  parser.on("closetag", () => stack.pop());
  const addText = (text: string): void => {
    const node = stack.at(-1);
    if (node !== undefined) node.text += text;
  };
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.write(xml).close();
  const document = root.children[0];
  if (document === undefined) throw new Error("no root element");
  return document;
}

/** The children of a node with this local name. */
export function childrenOf(node: XmlNode | undefined, name: string): readonly XmlNode[] {
  return node?.children.filter((child) => child.name === name) ?? [];
}

/** The text of the first child with this local name, or null. */
export function textOf(node: XmlNode | undefined, name: string): string | null {
  return childrenOf(node, name)[0]?.text ?? null;
}
