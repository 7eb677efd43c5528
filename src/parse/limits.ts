/** What a document may cost. Everything a stranger sends has a bound; a bound that is met is a warning or a `ParseError`. */
export interface ParseLimits {
  /** Bytes of the whole document; more is `parse/too-large`. */
  readonly documentBytes: number;
  /** Nested elements (XML) or arrays and objects (JSON). Deeper XML is passed over, deeper JSON is `parse/too-deep`. */
  readonly depth: number;
  /** Entries read from one document; the rest is left with a warning. */
  readonly entries: number;
  /** Attributes read from one element. */
  readonly attributesPerElement: number;
  /** UTF-16 code units of text kept from one element. */
  readonly textBytesPerElement: number;
  /** UTF-16 code units of a title; longer ones are cut. */
  readonly titleLength: number;
  /** Child elements kept from one element. */
  readonly childrenPerElement: number;
  /** Characters that internal entities of a DOCTYPE may add to the document in all. */
  readonly entityExpansion: number;
  /** How long the second reader may take before it is stopped. */
  readonly secondReaderMs: number;
}

/** The limits of a parse for which the caller names no others. */
export const DEFAULT_LIMITS: ParseLimits = {
  documentBytes: 32 * 1024 * 1024,
  depth: 200,
  entries: 10_000,
  attributesPerElement: 200,
  textBytesPerElement: 1024 * 1024,
  titleLength: 1000,
  childrenPerElement: 2000,
  entityExpansion: 64 * 1024,
  secondReaderMs: 3000,
};
