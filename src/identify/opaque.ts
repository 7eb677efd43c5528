import type { HostPlan } from "./host-plan.ts";
import type { UrlParts } from "./url-parts.ts";

/**
 * Rule 4. Link shorteners, publishers' own short domains, share links of apps: the target is in a database, not in the URL.
 * Only the network can tell it; until then such a URL is compared as it stands.
 */
const shorteners = `
  t.co bit.ly bitly.com j.mp buff.ly ow.ly ht.ly tinyurl.com goo.gl is.gd v.gd dlvr.it trib.al ift.tt lnkd.in fb.me wp.me
  rebrand.ly cutt.ly t.ly rb.gy short.gy shorturl.at tiny.cc snip.ly hubs.ly hubs.li eepurl.com po.st shar.es spr.ly sco.lt fw.to s.id u.to u.nu x.co
  db.tt tl.gd twt.tl qr.ae pin.it ebx.sh soc.cr smarturl.it lnk.to linktr.ee lnk.bio bl.ink tr.im cli.gs su.pr adf.ly ouo.io sh.st bc.vc q.gs l.ead.me
  amzn.to amzn.eu amzn.asia a.co ebay.us apple.co apple.news flip.it msft.it aka.ms g.co goo.gle share.google search.app app.link onelink.me page.link
  vm.tiktok.com vt.tiktok.com v.redd.it link.medium.com spoti.fi spotify.link on.soundcloud.com t.cn url.cn dwz.cn vk.cc clck.ru b23.tv xhslink.com v.douyin.com
  nyti.ms reut.rs wapo.st bbc.in cnn.it econ.st on.ft.com on.wsj.com bloom.bg cnb.cx politi.co theatln.tc nyer.cm engt.co vrge.co zd.net cnet.co tcrn.ch
  huff.to lat.ms abcn.ws cbsn.ws nbcnews.to fxn.ws usat.ly n.pr nydn.us nyp.st ti.me on.mktw.net yhoo.it bzfd.it slate.me on.mash.to thetim.es sc.mp str.sg
  cna.asia ab.co aje.io ara.tv rfi.my f24.my lemde.fr spon.de mol.im dailym.ai ind.pn gu.com p.dw.com u.afp.com hrld.us trib.in strib.mn interc.pt rol.st
  menea.me newsbreakapp.onelink.me upday.link smartnews.link l.smartnews.com nzzl.us
  feedproxy.google.com feedproxy.feedly.com feedpress.me tracking.feedpress.it feedpress.it feedsportal.com pheedo.com feedblitz.com
  list-manage.com rs6.net e2ma.net clicks.aweber.com exct.net hubspotlinks.com hubspotemail.net sendgrid.net mailgun.org sparkpostmail.com
  mimecast.com protect-us.mimecast.com emailprotection.link link.mail.beehiiv.com getrevue.co click.revue.email
`;

export const shortenerHosts: readonly string[] = shorteners.trim().split(/\s+/);

interface OpaquePath {
  readonly reason: string;
  matches(parts: UrlParts, plan: HostPlan): boolean;
}

const opaquePaths: readonly OpaquePath[] = [
  {
    reason: "FeedBurner's item links under a publisher's own host: `/~r/<feed>/~3/<id>/`",
    matches: ({ path }) => path.includes("/~r/") && path.includes("/~3/"),
  },
  {
    reason: "FeedBlitz's and Pheedo's item links: `/~/<number>/`",
    matches: ({ path }) => /^\/~\/t?\/?\d{3,}\//.test(path),
  },
  {
    reason: "follow.it's and specificfeeds' click counters",
    matches: ({ path }) => path.includes("/track-rss-story-click/"),
  },
  {
    reason: "Google News' newer article ids, which only Google can read",
    matches: ({ host, path }) => host === "news.google.com" && /\/(?:articles|read)\//.test(path),
  },
  {
    reason: "Substack's signed redirects carry no target",
    matches: ({ host, path }) => host === "substack.com" && path.startsWith("/redirect/"),
  },
  {
    reason: "a community's exit link that counts clicks by the story's number (Menéame `/go/link/`)",
    matches: ({ host, path }) => host.endsWith("meneame.net") && path.startsWith("/go/"),
  },
  {
    reason: "search engines' encrypted result links",
    matches: ({ host, path }) =>
      path.startsWith("/link") && /^(?:www\.)?(?:baidu\.com|so\.com|sogou\.com)$/.test(host),
  },
  {
    reason:
      "mailers' click counters (SendGrid `/ls/click`, `/wf/click`, `/ss/c/`; Mailchimp `/track/click`; Constant Contact `/tn.jsp`)",
    matches: ({ path }) =>
      /^\/(?:ls\/click|wf\/click|ss\/c\/|track\/click|tn\.jsp|mk\/(?:cl|op)\/)/.test(path),
  },
  {
    reason: "Mailgun's click links on a customer's `email.` host: `/c/eJ…` (zlib in base64)",
    matches: ({ path }, { facts: { subdomain } }) =>
      path.startsWith("/c/eJ") && subdomain.startsWith("email"),
  },
  {
    reason: "Salesforce Marketing Cloud's click counters: `click.` and `?qs=` with a long hexadecimal number",
    matches: ({ path, query }, { facts: { subdomain } }) =>
      path === "/" &&
      /^(?:click|cl|links?)(?:\.|$)/.test(subdomain) &&
      query.some(({ name, value }) => name === "qs" && /^[0-9a-f]{32,}$/i.test(value)),
  },
  {
    reason: "TikTok's share links",
    matches: ({ host, path }) => host.endsWith("tiktok.com") && path.startsWith("/t/"),
  },
  {
    reason: "a publisher's own shortener: `l.`, `u.`, `go.` or `on.` and one short code",
    matches: ({ path, query }, { facts: { subdomain } }) =>
      query.length === 0 &&
      (subdomain === "l" ||
        subdomain === "u" ||
        subdomain === "go" ||
        subdomain === "on" ||
        subdomain === "lnk") &&
      /^\/(?=[a-z0-9]{0,9}[A-Z0-9])[A-Za-z0-9]{3,10}$/.test(path),
  },
];

/** One look turns most URLs away: the marks of the paths above, or a subdomain of one or two letters. */
const mayBeOpaque =
  /~r\/|^\/$|^\/~\/|track-rss|^\/(?:link|ls|wf|ss|track|tn\.jsp|mk|c\/eJ|t\/|go\/|redirect\/|(?:__i\/)?(?:rss\/)?(?:rd\/)?(?:articles|read)\/|[A-Za-z0-9]{3,10}$)/;

/** Whether only the network can tell where `parts` leads. A bare host is no link to a story. */
export function isOpaque(parts: UrlParts, plan: HostPlan): boolean {
  if (parts.path === "/" && parts.query.length === 0) return false;
  if (plan.isShortener) return true;
  return mayBeOpaque.test(parts.path) && opaquePaths.some((rule) => rule.matches(parts, plan));
}
