import { isContentSystemNoise } from "./cms-parameters.ts";
import { isDocumentPath } from "./document-path.ts";
import { isFeedValue, isFeedWord, isOutletValue, isPublishingTool, namesHost } from "./feed-values.ts";
import { isSearchParameter } from "./host-parameters.ts";
import type { HostPlan } from "./host-plan.ts";
import { isSessionId } from "./session-ids.ts";
import type { QueryPair, UrlParts } from "./url-parts.ts";
import { words } from "./word-set.ts";

/** A kind of query parameter that says where a reader came from, or how the page is shown, and never what it is about. */
export interface ParameterRule {
  readonly name: string;
  readonly reason: string;
  readonly source: string;
  matches(pair: QueryPair, parts: UrlParts, plan: HostPlan): boolean;
}

/**
 * Rule 8, in order of trust. Names were gathered from the vendors' documentation and, as facts, from Brave's
 * `clean-urls.json` and `query-filter.json` (MPL-2.0) and Miniflux's `urlcleaner` (Apache-2.0).
 */
export const parameterRules: readonly ParameterRule[] = [
  {
    name: "campaign-prefix",
    reason: "families of names that one analytics vendor reserves",
    source: "Google Analytics, Matomo, Piano (AT Internet), HubSpot, Adobe, Eloqua, Webtrekk documentation",
    matches: (pair) => hasTrackingPrefix(pair.name),
  },
  {
    name: "tracking-name",
    reason: "names that only click ids, mailers and campaign tools use",
    source: "vendors' documentation; Brave query-filter.json; Miniflux urlcleaner",
    matches: (pair) => trackingNames.has(pair.name),
  },
  {
    name: "host-parameter",
    reason: "names that mean something else elsewhere, on the hosts known for them",
    source: "see host-parameters.ts",
    matches: (pair, parts, plan) =>
      plan.parameters.has(pair.name) && !isSearchParameter(pair.name, parts.path),
  },
  {
    name: "amp-parameter",
    reason: "asks for the AMP form of the same page",
    source: "AMP plugins of WordPress, Arc, Drupal; AMP cache URL format",
    matches: (pair) =>
      isSwitch(pair, ampSwitches) || (formNames.has(pair.name) && /^amp(?:[-_]|$)/i.test(pair.value)),
  },
  {
    name: "print-parameter",
    reason: "asks for the print form or for all pages of the same article",
    source: "MediaWiki, Joomla, Drupal print, common newspaper systems",
    matches: (pair) =>
      isSwitch(pair, printSwitches) ||
      (formNames.has(pair.name) && /^print(?:able|er|version|erfriendly)?$/i.test(pair.value)) ||
      (pair.name === "view" && /^single-?_?page$/i.test(pair.value)) ||
      (pageNames.has(pair.name) && wholeValues.has(pair.value.toLowerCase())) ||
      (pair.name === "tmpl" && pair.value === "component"),
  },
  {
    name: "mobile-parameter",
    reason: "asks for the mobile or desktop form of the same page",
    source: "WPtouch, Blogger (`m=1`), common newspaper systems",
    matches: (pair, parts) =>
      isSwitch(pair, mobileSwitches) ||
      (pair.name === "view" && /^mobile$/i.test(pair.value)) ||
      (pair.name === "m" && (pair.value === "0" || pair.value === "1") && parts.path.endsWith(".html")),
  },
  {
    name: "cms-parameter",
    reason: "buttons and caches of content systems: share, like, reply to a comment, cron",
    source: "WordPress core and Jetpack, Blogger, mod_pagespeed, Cloudflare",
    matches: isContentSystemNoise,
  },
  {
    name: "feed-name",
    reason: "the parameter's own name says feed, and its value adds nothing",
    source: "real feeds: `?rss`, `?rss=1`, `rssfeed=true`, `from_rss=1`",
    matches: (pair, parts) => isFeedName(pair.name) && isEmptyValue(pair.value) && isDocumentPath(parts.path),
  },
  {
    name: "feed-value",
    reason: "the value says that the link stood in a feed",
    source: "real feeds: `cmp=defrss`, `src=rss`, `xtor=RSS-15`, `dmcid=f_feed_MZ`",
    matches: (pair, parts) =>
      !contentNames.has(pair.name) &&
      (isFeedValue(pair.value) || (referrerNames.has(pair.name) && isFeedWord(pair.value))) &&
      (!selectorNames.has(pair.name) || isDocumentPath(parts.path)) &&
      (isDocumentPath(parts.path) || referrerNames.has(pair.name)),
  },
  {
    name: "outlet-value",
    reason: "a parameter for where the reader came from that names a network, a reader or a mailer",
    source: "real links: `ref=fb`, `source=twitter`, `platform=hootsuite`, `from=newsletter`",
    matches: (pair, parts) =>
      (referrerNames.has(pair.name) &&
        isOutletValue(pair.value) &&
        (isDocumentPath(parts.path) || !topicNames.has(pair.name) || isPublishingTool(pair.value))) ||
      (channelNames.has(pair.name) && isPublishingTool(pair.value)),
  },
  {
    name: "referring-host",
    reason:
      "a referrer parameter whose value is a host name or a whole URL: who linked, as Ghost and many others add it",
    source: "Ghost's outbound link tagging (`ref=`); Miniflux urlcleaner",
    matches: (pair) => hostReferrerNames.has(pair.name) && namesHost(pair.value),
  },
  {
    name: "twitter-share-code",
    reason: "Twitter's Android app put `s=0N` on every link that was shared from it",
    source: "observed since 2019; N is the app's own number for the way of sharing",
    matches: (pair, parts) => pair.name === "s" && /^0[3-9]$/.test(pair.value) && isDocumentPath(parts.path),
  },
  {
    name: "numbered-share",
    reason: "Sprout Social's and Khoros' tools number each share: `sf123456=1`",
    source: "links shared by their customers; the number is the share's, the value is always 1",
    matches: (pair) => pair.value === "1" && /^sf\d{5,12}$/.test(pair.name),
  },
  {
    name: "session-id",
    reason: "a session's id: a name that may hold one and a value that has the shape of one",
    source: "servlet, PHP, ASP, ColdFusion, osCommerce, phpBB, vBulletin defaults; IIPC urlcanon",
    matches: isSessionId,
  },
];

/** The first rule that calls `pair` decoration, or null. */
export function findParameterRule(pair: QueryPair, parts: UrlParts, plan: HostPlan): ParameterRule | null {
  for (const rule of parameterRules) if (rule.matches(pair, parts, plan)) return rule;
  return null;
}

const trackingPrefixes = [
  "utm_",
  "utm-",
  "utm.",
  "mtm_",
  "matomo_",
  "piwik_",
  "hsa_",
  "cm_mmc",
  "_hs",
  "__hs",
  "guce_",
  "_guc_",
  "bsft_",
  "oft_",
  "elq",
  "wt.",
  "_branch_",
  "fb_action_",
  "sfmc_",
  "pf_rd_",
  "pd_rd_",
  "_x_ads_",
  "hmb_",
  "brave-c",
  "relatedposts_",
  "__cf_chl_",
  "at_custom",
  "_kx",
  "aff_sub",
] as const;

/** The first characters of the prefixes: most names are turned away by one look. */
const prefixStarts = new Set(trackingPrefixes.map((prefix) => prefix.charCodeAt(0)));

function hasTrackingPrefix(name: string): boolean {
  if (!prefixStarts.has(name.charCodeAt(0))) return false;
  return trackingPrefixes.some((prefix) => name.startsWith(prefix));
}

/** In lower case, by vendor. */
const trackingNames = words(`
  fbclid fb_ref fb_source fb_comment_id fb_xd_fragment fb_locale fbc_id sthisfb mibextid fref _ft_ __tn__ __xts__ __cft__ __ccr
  hc_ref hc_location action_object_map action_ref_map action_type_map igshid igsh ig_rid ig_mid
  ga_source ga_medium ga_term ga_content ga_campaign ga_place itm_source itm_medium itm_campaign itm_content itm_term itm_channel itm_audience
  icid taid refresh_ce refresh_ce-cp adj_t adj_campaign adj_adgroup adj_creative adj_label mkt_tok mkt_unsubscribe vero_id vero_conv
  gclid gclsrc gbraid wbraid dclid gad_source gad_campaignid srsltid _ga _gl _gac _gid gdfms gdftrk gdffi
  msclkid yclid ysclid ymclid yadclid yadordid syclid _openstat from_yandex
  twclid twsrc __twitter_impression ttclid li_fat_id epik rdt_cid sccid qclid ndclid tblci dicbo obclid obrefid
  mc_cid mc_eid mc_tc ml_sub ml_sub_hash ml_subscriber ml_subscriber_hash
  hsctatracking _bhlid bhlid ck_subscriber_id sh_kit _ke __s vgo_ee bbeml inf_contact_key rb_clickid wickedid unicorn_click_id
  oly_enc_id oly_anon_id omhide ss_email_id ss_source ss_campaign_id ss_campaign_name ss_campaign_sent_date
  spmailingid spuserid spjobid spreportid et_cid et_lid et_rid et_sub trk_campaign trk_contact trk_msg trk_module trk_sid trkcampaign
  emci emdi dm_i dm_t _bta_tid _bta_c nr_email_referer sms_click sms_source sms_uph sms_ss
  sc_campaign sc_channel sc_cid sc_content sc_country sc_customer sc_eh sc_geo sc_lid sc_llid sc_medium sc_outcome sc_src sc_uid
  s_cid s_kwcid s_campaign s_intcid ef_id mkwid pcrid intcmp int_cmp intcid ex_cid
  at_campaign at_campaign_type at_channel at_creation at_detail_placement at_emailtype at_format at_general_placement at_identifier
  at_link at_link_id at_link_origin at_link_type at_medium at_network at_platform at_ptr_name at_recipient_id at_recipient_list
  at_send_date at_term at_type at_variant at_source at_content at_bbc_team at_xt at_pco at_ab at_pos at_tot at_si
  ns_mchannel ns_source ns_campaign ns_linkname ns_fee ns_referrer ns_ap
  xtor xtref xtcr xts xtnp xtloc xtmc xtatc xtdt xtdate echobox dmcid wtmc wt_zmc wt_mc wt_ref wt_eid wt_ecid wt_nl wt_t wt_cc1 wt_cc2 wt_ga wt_kw
  pk_campaign pk_cid pk_content pk_cpn pk_keyword pk_kwd pk_medium pk_source pk_placement pk_group pk_vid
  cm_cr cm_me cm_re cm_sp cm_lm cm_ven cm_cat cm_pla cm_ite cx_click cx_cid cx_navsource cx_testid cx_experienceid cx_artpos rec_article cx_recsorder cx_recswidget
  irclickid irgwc ir_adid ir_campaignid ir_partnerid ranmid raneaid ransiteid awc cjevent cjdata cjcampaign tduid sscid zanpid wgu wgexpiry
  ascsubtag afftrack admitad_uid tagtag_uid faf_clickid
  nb_adid nb_aname nb_asize nb_atype nb_cid nb_mtype nb_partner_name nb_partner_shared_id nb_pid nb_platform nb_product_sku
  guccounter soc_src soc_trk .tsrc tsrc __source wpsrc wprss wpisrc wpmk wpmm
  amp_js_v amp_gsa amp_ct usqp aoh amp_tf amp_lite marfeeltn
  spm_id_from cndid h_sid h_slt sb_referer_host redirect_mongo_id redirect_log_mongo_id
  cn-reloaded fbrefresh _escaped_fragment_ awesm ref_source ref_campaign _r_bts__ ncx_tid
  hs_preview_key yptr mod_tracker _gs_ref reflink refsrc ref_src ref_url partageapp dgcid
`);

const ampSwitches = words(
  "amp wpamp _amp isamp ampmode noamp nonamp amp_markup is_amp amphtml amp-content showamp useamp forceamp",
);
const printSwitches = words(
  "print printable printer printerfriendly printer_friendly print_view printview printpage printmode printversion print_mode " +
    "singlepage single_page onepage fullpage viewall showall showfullpage allpages articleprint",
);
const mobileSwitches = words(
  "mobile mobi mobileview mobile_view force_mobile ismobile nomobile mobile_switch wpmp_switcher",
);

/** Parameters that choose the form in which a page is shown. */
const formNames = words(
  "view mode format output layout display outputtype type style version tpl template action service",
);
const pageNames = words("page seite p pagewanted pg pagina pagenum");
const wholeValues = words("all alles full print todo tout single");
const onValues = words("1 true yes y on only 0 false no off available mobile desktop all full amp");

function isSwitch(pair: QueryPair, names: ReadonlySet<string>): boolean {
  return names.has(pair.name) && (pair.value === "" || onValues.has(pair.value.toLowerCase()));
}

/** Parameters that say where the reader came from, if their value is of that kind. */
const referrerNames = words(`
  ref referrer referer refer src source from fromref via origin partner cmp cmpid cid icid mc mcid campaign camp ncid
  mod ftag fr sref srcref traffic_source trafficsource share shared spref soc social smid link_source linksource sns
  s_source a_source source_id sourceid from_source fromsource refsource entry partnerid feature mbid
  cvsource ref_ ito xid yptr tid em nl ssm ac ocid cmpgn mkt
`);

/** Of those, the ones that on an overview may be what it is about: posts by `source=instagram`. */
const topicNames = words("source src from via origin partner site entry feature campaign camp");

/** Names that may say how the page is used as well: only a publishing tool's name makes them decoration. */
const channelNames = words("platform channel medium site siteid network service");

/** Of the former, the ones whose value may name the host that linked. */
const hostReferrerNames = words("ref referrer referer refer ref_source refsrc fromref");

/** Parameters that say what the page is about, whatever stands in them. */
const contentNames = words(`
  q query s search searchterm keyword keywords k tag tags title id p page cat category cat_id name topic topics subject section
  feed file lang language t term word url u link title slug article story doc path do act option task com route r label kw text
`);

/** Parameters that choose which document is served: `format=rss` on a section is the section's feed. */
const selectorNames = words(
  "output format type view mode outputtype display tmpl template service ext export as action xml content alt",
);

function isFeedName(name: string): boolean {
  if (!name.includes("rss")) return false;
  return /^(?:rss|rssfeeds?|rss_?feed|rss_\w{1,20}|\w{1,12}_rss|from-?rss|isrss|rssid|srss|rsslink)$/.test(
    name,
  );
}

function isEmptyValue(value: string): boolean {
  return value === "" || /^(?:1|true|yes|y|on|rss|feed|\d)$/i.test(value) || isFeedValue(value);
}

/** A parameter that a rule calls decoration. */
export interface DroppedPair {
  readonly rule: ParameterRule;
  readonly pair: QueryPair;
}

/**
 * The query without its decoration; the same array when there was none.
 * @param options `isKept`: names that the operator wants kept; `dropped`: collects what went, for explaining.
 */
export function dropDecoration(
  parts: UrlParts,
  plan: HostPlan,
  options: { readonly isKept?: (name: string) => boolean; readonly dropped?: DroppedPair[] } = {},
): readonly QueryPair[] {
  let kept: QueryPair[] | null = null;
  for (let index = 0; index < parts.query.length; index++) {
    const pair = parts.query[index];
    if (pair === undefined) continue;
    const rule = pair.raw === "" ? emptyParameterRule : findParameterRule(pair, parts, plan);
    if (rule === null || options.isKept?.(pair.name) === true) {
      kept?.push(pair);
      continue;
    }
    kept ??= parts.query.slice(0, index);
    options.dropped?.push({ rule, pair });
  }
  return kept ?? parts.query;
}

const emptyParameterRule: ParameterRule = {
  name: "empty-parameter",
  reason: "`a?&b` and `a?b` ask for the same",
  source: "application/x-www-form-urlencoded parsing skips empty sequences (WHATWG URL 5.1)",
  matches: (pair) => pair.raw === "",
};
