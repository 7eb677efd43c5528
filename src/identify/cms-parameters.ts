import type { QueryPair, UrlParts } from "./url-parts.ts";
import { words } from "./word-set.ts";

const shareServices = words(
  "twitter x facebook email print linkedin reddit pinterest tumblr telegram pocket whatsapp jetpack-whatsapp skype mastodon threads bluesky copy " +
    "nextdoor google-plus-1 press-this custom line kakao vk xing mix digg stumbleupon",
);

/** The names below, to turn nearly every other away by one look. */
const names = words(`
  _ss _wpnonce ak_action cachebust cachebuster code commentpage comments doing_wp_cron een error
  fb_comment_id feedname like like_comment moderation-hash modpagespeed msg nb nocache ocid
  openinbrowser pagespeed refid replytocom seen share showcomment spref tab unapproved
`);

/** Buttons, caches and notices of content systems, known by name and, where a name is common, by value and neighbours. */
export function isContentSystemNoise(pair: QueryPair, parts: UrlParts): boolean {
  const { name, value } = pair;
  if (!names.has(name)) return false;
  switch (name) {
    case "replytocom":
    case "like_comment":
    case "unapproved":
    case "moderation-hash":
      return true;
    case "doing_wp_cron":
    case "pagespeed":
    case "modpagespeed":
    case "_wpnonce":
    case "showcomment":
    case "commentpage":
    case "fb_comment_id":
    case "nocache":
    case "cachebuster":
    case "cachebust":
    case "ak_action":
    case "openinbrowser":
      return true;
    case "spref":
      return value.length <= 3;
    case "share":
      return shareServices.has(value.toLowerCase()) || value.startsWith("custom-");
    case "nb":
      return value === "1" && hasOther(parts, (other) => other.name === "share");
    case "like":
      return value === "1" && hasOther(parts, (other) => other.name === "_wpnonce");
    case "msg":
      return value === "fail" && hasOther(parts, (other) => other.name === "shared");
    case "refid":
      // Facebook's mobile site; elsewhere it may be a reference.
      return hasOther(parts, (other) => other.name === "_ft_" || other.name === "fb_source");
    case "een":
    case "seen":
      // A pair of numbers that French newspapers' mails carry.
      return (
        /^\d{1,9}$/.test(value) &&
        hasOther(parts, (other) => other.name === (name === "een" ? "seen" : "een"))
      );
    case "feedname":
      return hasOther(parts, (other) => other.name === "feedtype");
    case "ocid":
      // Microsoft's and the BBC's campaign id; `ocds-…` is an Open Contracting id.
      return !value.startsWith("ocds-");
    case "tab":
      return value.endsWith("-ov-file");
    case "error":
      return value === "cookies_not_supported";
    case "code":
      return hasOther(parts, (other) => other.name === "error" && other.value === "cookies_not_supported");
    case "comments":
      return value === "1";
    case "_ss":
      return value === "r";
    default:
      return false;
  }
}

/** Whether a neighbour explains a parameter; in a query of hostile length nothing does, so that reading it stays linear. */
function hasOther(parts: UrlParts, isIt: (other: QueryPair) => boolean): boolean {
  return parts.query.length <= 100 && parts.query.some(isIt);
}
