/** Where python3-feedparser, the measure of `npm run compare-reading`, reads against the specifications. Matters of taste are not here. */
export interface OracleError {
  /** Documents, by a part of their path. */
  readonly documents: RegExp;
  readonly fields: readonly string[];
  /** What it does. */
  readonly what: string;
  /** What says otherwise. */
  readonly section: string;
}

export const ORACLE_ERRORS: readonly OracleError[] = [
  {
    documents:
      /atom_example_7|atom_pub_spec_1|atom-with-tag-uri-links|complexNamespaceFeed|missing-fields\.atom|entry_id_xml_base/,
    fields: ["link"],
    what: "takes an id (tag:, urn:, a relative one) for the link of an entry without one",
    section: "RFC 4287 4.2.6, 4.2.7",
  },
  {
    documents: /entry_id_xml_base|reddit-home/,
    fields: ["id"],
    what: "resolves ids against a base",
    section: "RFC 4287 4.2.6.1; RSS 2.0 guid",
  },
  {
    documents: /rss-with-item-scoped-html-base/,
    fields: ["link"],
    what: "applies the xml:base of one item to the next",
    section: "XML Base 4.2",
  },
  {
    documents: /rss_channel_item_links|rdf_item_links/,
    fields: ["link"],
    what: "takes the last of several links of an item",
    section: "RSS 2.0 item; RSS 1.0 5.5.2 (one link)",
  },
  {
    documents: /rss_2\.0_nbcny|sunnyvale|yweather/,
    fields: ["date"],
    what: "leaves out PM, and the zone behind it",
    section: "RFC 822 5.1, 5.2",
  },
  {
    documents:
      /illegally-nested|duration-empty|issue-02|extension\.xml|incomplete-fields|verify_write_format/,
    fields: ["count", "title", "link", "date", "content"],
    what: "counts items with nothing in them, so that a document's items are compared with their neighbours",
    section: "RSS 2.0 item (title or description); RFC 4287 4.1.2",
  },
  {
    documents: /__xml__v__v[456]\.xml|__ep[12]_v4a\.xml/,
    fields: ["count", "title", "content"],
    what: "takes the items inside sx:conflicts for entries of the feed",
    section: "FeedSync 2.8; RSS 2.0, extending",
  },
  {
    documents: /rss_channel_item_illegal_char/,
    fields: ["title"],
    what: "keeps a control character",
    section: "XML 1.0 2.2",
  },
  {
    documents: /issue_217_enclosure_children/,
    fields: ["title"],
    what: "takes the title of a medium inside enclosure for the item's",
    section: "Media RSS, media:title",
  },
  {
    documents: /issue_275_extensions_and_source/,
    fields: ["content"],
    what: "takes base64 of video/mp4, and JSON, for content to show",
    section: "RFC 4287 4.1.3.3",
  },
];
