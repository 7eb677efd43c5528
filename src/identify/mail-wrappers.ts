import type { Wrapper } from "./wrapper.ts";
import {
  decodeBase64,
  decodeLoosely,
  decodeProofpointV2,
  decodeProofpointV3,
  findEmbedded,
  findJsonString,
  findTargetParameter,
  readOptional,
  readTarget,
  tailOf,
} from "./wrapper-targets.ts";

/** Rule 3: mail gateways that check links, and mailers that count clicks. Documented by their vendors or plain to see. */
export const mailWrappers: readonly Wrapper[] = [
  {
    name: "proofpoint",
    reason: "Proofpoint URL Defense rewrites the links of mails; its encodings are documented",
    hosts: ["urldefense.com", "urldefense.us", "urldefense.proofpoint.com"],
    unwrap(parts) {
      if (parts.path.startsWith("/v3/")) return decodeProofpointV3(tailOf(parts));
      const found = findTargetParameter(parts, "u");
      if (found === null) return null;
      return parts.path.startsWith("/v2/") ? decodeProofpointV2(found) : readTarget(found);
    },
  },
  {
    name: "mail-gateway-path",
    reason: "mail gateways that keep the URL in their path",
    hosts: ["secure-web.cisco.com", "checkpoint.com", "avanan.click"],
    unwrap: (parts) =>
      parts.host.endsWith("cisco.com")
        ? findEmbedded(parts, /^\/[^/]+\/(?=https?(?::|%3a))/i)
        : readOptional(
            /___(https?:\/{1,2}.+?)___/.exec(tailOf(parts))?.[1]?.replace(/^(https?):\/(?!\/)/, "$1://") ??
              null,
          ),
  },
  {
    name: "sophos",
    reason: "Sophos Email keeps the URL in base64",
    hosts: ["protection.sophos.com"],
    unwrap: (parts) => readOptional(decodeBase64(findTargetParameter(parts, "u") ?? "")),
  },
  {
    name: "govdelivery",
    reason: "GovDelivery puts the URL behind `&&&`",
    hosts: ["govdelivery.com"],
    unwrap: (parts) => findEmbedded(parts, /&&&(?:\d+&&&)?(?=https?(?::|%3a))/i),
  },
  {
    name: "mandrill",
    reason: "Mandrill keeps the URL in a JSON string within JSON within base64",
    hosts: ["mandrillapp.com"],
    unwrap(parts) {
      if (!parts.path.startsWith("/track/click")) return null;
      const outer = findJsonString(decodeBase64(findTargetParameter(parts, "p") ?? ""), ["p"]);
      return readOptional(findJsonString(outer, ["url"]));
    },
  },
  {
    name: "substack-redirect",
    reason: "Substack's mail links are signed tokens that hold the URL as `e`",
    hosts: ["substack.com"],
    unwrap(parts) {
      const token = /^\/redirect\/2\/([\w-]+)/.exec(parts.path)?.[1];
      return token === undefined ? null : readOptional(findJsonString(decodeBase64(token), ["e"]));
    },
  },
  {
    name: "ses-click",
    reason: "Amazon SES counts clicks at `/L0/<URL>/…` or `/CL0/<URL>/…`, also under the sender's own host",
    hosts: [],
    unwrap(parts) {
      const found = /^\/C?L0\/(https?:(?:%2F|\/){1,2}[^/]+)/i.exec(parts.path)?.[1];
      return found === undefined ? null : readTarget(decodeLoosely(found));
    },
  },
  {
    name: "sailthru",
    reason: "Sailthru counts clicks at `/click/<numbers>/<URL in base64>/…` under the sender's own host",
    hosts: [],
    unwrap(parts) {
      const found = /^\/click\/[\d.]+\/(aHR0c[\w-]+)/.exec(parts.path)?.[1];
      return found === undefined ? null : readOptional(decodeBase64(found));
    },
  },
  {
    name: "base64-path",
    reason:
      "mailers (ConvertKit, Customer.io, Drip, GovDelivery) end or carry on with the URL, or a JSON object that holds it, in base64",
    hosts: [],
    unwrap(parts) {
      const kit = /^\/[\w-]{8,40}\/[\w-]{8,40}\/(aHR0c[\w-]+={0,2})$/.exec(parts.path)?.[1];
      if (kit !== undefined) return readOptional(decodeBase64(kit));
      // A JSON Web Token (RFC 7519) holds its claims in the second part.
      const json =
        /^\/l\/eyJ[\w-]+\.(eyJ[\w-]+)\./.exec(parts.path)?.[1] ??
        /^\/(?:e\/)?c\/(eyJ[\w-]+)/.exec(parts.path)?.[1];
      return json === undefined
        ? null
        : readOptional(findJsonString(decodeBase64(json), ["href", "url", "__url", "link"]));
    },
  },
  {
    name: "active-campaign",
    reason: "ActiveCampaign counts clicks at `/Prod/link-tracker` with the URL in base64",
    hosts: [],
    unwrap(parts) {
      if (!parts.path.startsWith("/Prod/link-tracker")) return null;
      const found = findTargetParameter(parts, "redirecturl");
      return found === null ? null : readOptional(decodeBase64(found));
    },
  },
];
