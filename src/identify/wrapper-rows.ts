/** A wrapper that carries its target in a parameter. */
export interface ParameterWrapperRow {
  readonly name: string;
  readonly reason: string;
  /** Hosts with their subdomains, or a brand under every suffix (`google.*`). */
  readonly hosts: readonly string[];
  /** What the path must be like; absent: any path of the host. */
  readonly path?: RegExp;
  /** In lower case; the first that holds a URL counts. */
  readonly parameters: readonly string[];
  /** The target may be a path of the wrapper's own host. */
  readonly isRelativeAllowed?: boolean;
}

function row(
  name: string,
  reason: string,
  place: { hosts: string; path?: RegExp; parameters: string; isRelativeAllowed?: boolean },
): ParameterWrapperRow {
  return {
    name,
    reason,
    hosts: place.hosts.trim().split(/\s+/),
    parameters: place.parameters.trim().split(/\s+/),
    ...(place.path === undefined ? {} : { path: place.path }),
    ...(place.isRelativeAllowed === undefined ? {} : { isRelativeAllowed: place.isRelativeAllowed }),
  };
}

/**
 * Known by host and path. Sources: the services' own links and documentation; as facts, Brave's debounce.json (MPL-2.0).
 * Share buttons, validators, image resizers and submit forms also take a `url=` and are no wrappers: they are not here.
 */
export const parameterWrappers: readonly ParameterWrapperRow[] = [
  // Search engines and mail
  row("google-url", "Google's result, Alerts and mail links", {
    hosts: "google.*",
    path: /^\/(?:(?:news\/)?url|imgres|interstitial|scholar_url|aclk)$/,
    parameters: "url q imgrefurl adurl",
  }),
  row("google-ads", "Google's ad clicks", {
    hosts: "googleadservices.com googlesyndication.com doubleclick.net dartsearch.net",
    parameters: "adurl ds_dest_url red url",
  }),
  row("google-consent", "Google's consent page before the page asked for", {
    hosts: "consent.google.com consent.youtube.com",
    parameters: "continue",
  }),
  row("google-viewer", "a viewer of the document named", {
    hosts: "docs.google.com drive.google.com",
    path: /^\/(?:g?viewer|viewerng\/viewer|gview)$/,
    parameters: "url",
  }),
  row("google-light", "Google's light pages", { hosts: "googleweblight.com", parameters: "lite_url u" }),
  row("office-viewer", "a viewer of the document named", {
    hosts: "view.officeapps.live.com",
    parameters: "src",
  }),
  row("bing-news", "Bing's news feeds", {
    hosts: "bing.com",
    path: /^\/(?:news\/apiclick\.aspx|alink\/link)/,
    parameters: "url",
  }),
  row("duckduckgo", "DuckDuckGo's result links", {
    hosts: "duckduckgo.com",
    path: /^\/(?:l\/|y\.js)/,
    parameters: "uddg u3",
  }),
  row("ecosia", "Ecosia's result links", { hosts: "ecosia.org", path: /^\/url$/, parameters: "url" }),
  row("startpage", "Startpage's anonymous view of the page named", {
    hosts: "startpage.com",
    path: /^\/do\/proxy$/,
    parameters: "u",
  }),
  row("qwant", "Qwant's result links", {
    hosts: "qwant.com",
    path: /^\/redirect/,
    parameters: "url",
  }),
  row("yandex", "Yandex's click counters", {
    hosts: "yandex.* ya.ru",
    path: /^\/(?:clck|redir|turbo)/,
    parameters: "url text",
  }),
  row("naver", "Naver's click counter", { hosts: "cr.naver.com cc.naver.com", parameters: "u" }),
  row("outlook-safelinks", "Microsoft's mail gateway", {
    hosts: `
      safelinks.protection.outlook.com safelinks.protection.office365.us statics.teams.cdn.office.net
      statics.teams.microsoft.com`,
    parameters: "url",
  }),
  row("mail-gateway", "mail gateways that check links", {
    hosts: `
      linkprotect.cudasvc.com clicktime.symantec.com clicktime.cloud.postoffice.net
      antiphishing.vadesecure.com protect2.fireeye.com protect.fireeye.com url-protection.com
      trendmicro.com hornetsecurity.com edgepilot.com spamgourmet.com securelinks.cloud-security.net
      smex-ctp.trendmicro.com cloud-protect.net mailprotect.be url.us.m.mimecastprotect.com
      sonicwall.com protection.greathorn.com url.retarus.com`,
    parameters: "a u url o domain_url",
  }),
  // Networks and communities
  row("facebook", "Facebook's, Instagram's, Messenger's, Threads' and WhatsApp's outgoing links", {
    hosts: `
      l.facebook.com lm.facebook.com l.instagram.com l.messenger.com l.threads.com l.threads.net l.wl.co
      l.workplace.com`,
    parameters: "u",
  }),
  row("facebook-path", "Facebook's outgoing links on its main host", {
    hosts: "facebook.com",
    path: /^\/(?:l|1)\.php|^\/(?:flx\/warn|si\/ajax\/l\/render_linkshim_log|linkshim)/,
    parameters: "u next",
  }),
  row("bluesky", "Bluesky's outgoing links", {
    hosts: "go.bsky.app bsky.app",
    path: /^\/redirect$/,
    parameters: "u",
  }),
  row("reddit-out", "Reddit's outgoing links", { hosts: "out.reddit.com", parameters: "url" }),
  row("reddit-media", "Reddit's page around a picture", {
    hosts: "reddit.com",
    path: /^\/media$/,
    parameters: "url",
  }),
  row("youtube-redirect", "YouTube's outgoing and share links", {
    hosts: "youtube.com",
    path: /^\/(?:redirect|attribution_link)/,
    parameters: "q u next continue next_url",
    isRelativeAllowed: true,
  }),
  row("twitter-redirect", "Twitter's mail links", {
    hosts: "twitter.com x.com",
    path: /^\/i\/redirect/,
    parameters: "url",
  }),
  row("linkedin", "LinkedIn's outgoing links", {
    hosts: "linkedin.com",
    path: /^\/(?:redir|safety\/go|slink|authwall)/,
    parameters: "url session_redirect sessionredirect",
  }),
  row("vk", "VK's outgoing links", {
    hosts: "vk.com vk.ru vkontakte.ru",
    path: /^\/away(?:\.php)?/,
    parameters: "to",
  }),
  row("ok", "Odnoklassniki's outgoing links", {
    hosts: "ok.ru",
    path: /^\/dk/,
    parameters: "st.link st.rfn",
  }),
  row("telegram-view", "Telegram's instant view", {
    hosts: "t.me telegram.me",
    path: /^\/(?:iv|share\/iv)$/,
    parameters: "url",
  }),
  row("steam", "Steam's link filter", {
    hosts: "steamcommunity.com store.steampowered.com",
    path: /^\/linkfilter/,
    parameters: "url u",
  }),
  row("tumblr", "Tumblr's outgoing links", {
    hosts: "t.umblr.com tumblr.com",
    path: /^\/redirect/,
    parameters: "z",
  }),
  row("pinterest", "Pinterest's outgoing links", {
    hosts: "pinterest.*",
    path: /^\/offsite/,
    parameters: "url",
  }),
  row("slack", "Slack's outgoing links", { hosts: "slack-redir.net", path: /^\/link/, parameters: "url" }),
  row("discord", "Discord's mail links", { hosts: "click.discord.com", parameters: "url" }),
  row("soundcloud", "SoundCloud's outgoing links", { hosts: "exit.sc gate.sc", parameters: "url" }),
  row("medium", "Medium's outgoing links and its passage between custom domains", {
    hosts: "medium.com",
    path: /^\/(?:r|m\/global-identity(?:-2)?)\/?$/,
    parameters: "url redirecturl redirect",
  }),
  row("quora", "Quora's outgoing links", { hosts: "quora.com", path: /^\/_\/redirect/, parameters: "url" }),
  row("flipboard", "Flipboard's outgoing links", {
    hosts: "flipboard.com",
    path: /^\/redirect/,
    parameters: "url",
  }),
  row("pocket", "Pocket's outgoing links", {
    hosts: "getpocket.com pocket.co",
    path: /^\/(?:redirect|read)(?:\/|$)/,
    parameters: "url",
  }),
  row("instapaper", "Instapaper's text view", {
    hosts: "instapaper.com",
    path: /^\/(?:text|m)$/,
    parameters: "u",
  }),
  row("feed-readers", "feed readers' outgoing links", {
    hosts: "inoreader.com theoldreader.com bloglovin.com smartnews.com newsnow.co.uk digg.com feedly.com",
    path: /^\/(?:redirect|go|out|r|p|frame|i\/redirect)(?:\/|$)/,
    parameters: "url u",
  }),
  row("printfriendly", "a print view of the page named", {
    hosts: "printfriendly.com",
    path: /^\/(?:print|p\/g)/,
    parameters: "url",
  }),
  row("textise", "a text view of the page named", { hosts: "textise.net", parameters: "strurl" }),
  row("archive-query", "archives that take the page as a parameter", {
    hosts: "webcitation.org removepaywall.com removepaywalls.com txtify.it",
    parameters: "url",
  }),
  row("bing-cache", "Bing's cached copies", { hosts: "cc.bingj.com", parameters: "u" }),
  row(
    "chinese-networks",
    "outgoing links of Zhihu, CSDN, Juejin, Jianshu, Douban, Gitee, OSChina, sspai, Weibo and others",
    {
      hosts: `
      link.zhihu.com link.csdn.net link.juejin.cn link.jianshu.com jump2.bdimg.com jump.bdimg.com
      link.uisdc.com link.hhtjim.com link.ld246.com link.logonews.cn link.nodeseek.com link.gitcode.com`,
      parameters: "target t url goto",
    },
  ),
  row("jianshu", "Jianshu's outgoing links", { hosts: "jianshu.com", path: /^\/go-wild/, parameters: "url" }),
  row("douban", "Douban's outgoing links", {
    hosts: "douban.com",
    path: /^\/(?:link2|redir)/,
    parameters: "url",
  }),
  row(
    "chinese-sites",
    "leaving pages of Gitee, sspai, OSChina, 36Kr, InfoQ, Segmentfault, Coolapk, Leetcode, Tencent",
    {
      hosts: `
      gitee.com sspai.com oschina.net 36kr.com infoq.cn segmentfault.com coolapk.com leetcode.cn
      leetcode-cn.com developers.weixin.qq.com yuque.com cloud.tencent.com mp.weixin.qq.com afdian.net
      afdian.com hellogithub.com chinaz.com nodeseek.com gcores.com docs.qq.com wx.mail.qq.com 51.la
      51cto.com kdocs.cn aliyun.com tieba.baidu.com game.bilibili.com linux.do`,
      path: /^\/(?:link|action\/GoToLink|coop\/redirect|redirect|target|r|goto|go|community\/middlepage\/link|developer\/tools\/blog-entry|scenario\/link\.html|xmspamcheck|office\/link|mo\/q\/checkurl|p\/\w+\/redirect|linkfilter|transfer|out)(?:[/.]|$)/i,
      parameters: "target url goto link u redirect gourl to",
    },
  ),
  row("qq-check", "Tencent's link check", {
    hosts: "c.pc.qq.com mail.qq.com",
    parameters: "pfurl url gourl",
  }),
  row("weibo", "Weibo's link check", {
    hosts: "weibo.cn weibo.com",
    path: /^\/sinaurl/,
    parameters: "u toasturl url",
  }),
  row("hatena", "Hatena's and other Japanese link counters", {
    hosts: `
      b.hatena.ne.jp lnews.jp rd.goo.ne.jp ck.jp.ap.valuecommerce.com atrrd.valuecommerce.com
      valuecommerce.ne.jp valuecommerce.com`,
    path: /^\/(?:go|redirect|servlet\/referral|resolve|cgi-bin|r)/,
    parameters: "vc_url url u",
  }),
  row("curseforge", "CurseForge's outgoing links", {
    hosts: "curseforge.com",
    path: /^\/linkout/,
    parameters: "remoteurl",
  }),
  row("forums", "leaving pages of communities", {
    hosts: `
      forocoches.com mobile01.com mcpedl.com ravelry.com nexusmods.com wykop.pl 4pda.to 4pda.ru habr.com
      leonardo.osnova.io tildes.net gamebanana.com furaffinity.net newgrounds.com spigotmc.org moddb.com
      indiedb.com ksl.com`,
    path: /^\/(?:link|links|redirect|leaving|out|go|external|stat\/go|exit|linkfilter)(?:\.php)?(?:\/|$)/,
    parameters: "url u to link",
  }),
  row("castbox", "podcast and audio services' outgoing links", {
    hosts: "t.mailpgn.com",
    path: /^\/l\//,
    parameters: "fl url",
  }),
  // Mailers
  row("mailers", "newsletter services that keep the URL as a parameter", {
    hosts: `
      click.icptrack.com engage.squarespace-mail.com t.lever-analytics.com dttq.net app.hive.co
      emlnk.com acemlna.com klclick.com clicks.eventbrite.com click.convertkit-mail.com
      tracking.newsletter2go.com t.dripemail2.com t.dripemail3.com sherlock.scribblelive.com cmail19.com
      cmail20.com createsend.com newsletters.feedbinusercontent.com feedbinusercontent.com mailgw.com
      t.dynect-mail.net elinkeu.clickdimensions.com nl.nytimes.com t.hmwy.io tracking.tldrnewsletter.com`,
    parameters: "destination u url dest next redirect r",
  }),
  row("mailchimp", "Mailchimp's public mail pages", {
    hosts: "mailchimp.com",
    path: /^\/mctx\/clicks/,
    parameters: "url",
  }),
  // Affiliate networks and ad clicks
  row("awin", "Awin's, Zanox' and affilinet's links", {
    hosts: "awin1.com zenaps.com zanox.com",
    parameters: "ued p pr url ulp",
  }),
  row("rakuten", "Rakuten Advertising's links", {
    hosts: "linksynergy.com linksynergy.jrs5.com nordstrom.com",
    path: /^\/(?:deeplink|fs-bin\/click|link|linkshare)/i,
    parameters: "murl rd_parm1 url",
  }),
  row("impact", "Impact's links under merchants' own and generic hosts", {
    hosts: `
      goto.target.com goto.walmart.com goto.carters.com sjv.io pxf.io evyy.net ojrq.net 7eer.net
      8ocm68.net xovt.net i114863.net 58dp.net 7tiv.net 5ad6.net q77h.net 3uu8.net uxsi.net njih.net
      pdy5.net igs4ds.net mvvx.net xwrk.net fziv.net lvuv.net xibx.net attfm2.net tkjf.net a9yw.net
      pfm4.net i254217.net i182465.net vthnbx.net ryvx.net msafflnk.net i312864.net tmfhgn.net
      obak77.net yvzx.net ioym.net ntaf.net zlwlj8.net uvwgb9.net 3anx.net rrmo.net i308314.net uqhv.net
      vzew.net qflm.net rfvk.net f9tmep.net imp.i384100.net`,
    path: /^\/[cp]\//,
    parameters: "u return srcref url",
  }),
  row("skimlinks", "Skimlinks' and Sovrn's links", {
    hosts: `
      go.skimresources.com skimresources.com go.redirectingat.com redirectingat.com redirect.viglink.com
      viglink.com shop-links.co narrativ.com bam-x.com sovrn.co`,
    parameters: "url u out",
  }),
  row("tradedoubler", "Tradedoubler's links", { hosts: "tradedoubler.com", parameters: "url _td_deeplink" }),
  row("shareasale", "ShareASale's links", {
    hosts: "shareasale.com shareasale-analytics.com",
    path: /^\/(?:r|u|m-pr)\.cfm/,
    parameters: "urllink",
  }),
  row("webgains", "Webgains' links", { hosts: "track.webgains.com", parameters: "wgtarget" }),
  row("tradetracker", "TradeTracker's links", { hosts: "tradetracker.net", parameters: "u r" }),
  row("admitad", "Admitad's and its partners' links", {
    hosts: `
      ad.admitad.com alitems.com alitems.co alitems.site fas.st tjzuh.com lenkmio.com rzekl.com
      wextap.com pafutos.com bywiola.com xf.gdeslon.ru`,
    parameters: "ulp goto",
  }),
  row("pepperjam", "Pepperjam's (Partnerize') links", {
    hosts:
      "pjtra.com pjatr.com pntra.com pntrac.com pntrs.com gopjn.com pepperjamnetwork.com pj.nutribullet.com",
    parameters: "url",
  }),
  row("affiliates", "affiliate networks that keep the shop's page as a parameter", {
    hosts: `
      track.effiliation.com track.adtraction.com adtraction.com avantlink.com t.cfjump.com
      clixgalore.com rd.connexity.net rd.bizrate.com connexity.net demdex.net getprice.com.au
      trk.pmsrv.co trk.pm-srv.co pmsrv.co pm-srv.co clicks.trx-hub.com cc.techbargains.com
      pvn.mediamarkt.de pvn.saturn.de x.chip.de cat.criteo.com target.georiot.com geni.us d.agkn.com
      jsv3.recruitics.com app.adjust.com adjust.com deeplink-bh.datafeedfile.com everesttech.net
      everestjs.net xg4ken.com dotomi.com partner-ads.com digidip.net belboon.de belboon.com srvtrck.com
      kelkoogroup.net kelkoo.com smartredirect.de flexlinkspro.com flexlinks.com linkbux.com
      2performant.com profitshare.ro dealtime.com go2cloud.org financeads.net tc.financeads.net
      t.myvisualiq.net dpg.media lengow.com tracking.lengow.com effiliation.com affiliatewindow.com
      daisycon.io ds1.nl lt45.net bdt9.net jf79.net glp8.net at19.net c.trackmytarget.com
      trackmytarget.com adservicemedia.dk addrevenue.io tracking.publicidees.com track.omguk.com
      metaffiliation.com action.metaffiliation.com timeone.io tracker.feedbakup.com adcell.com adcell.de
      adserver.adtech.de r.srvtrck.com oneandone.com rstyle.me shopstyle.it api.shopstyle.com
      commission-factory.com affiliatly.com awltovhc.com ftjcfx.com lduhtrp.net tqlkg.com yceml.net
      apmebf.com afcyhf.com a8.net px.a8.net accesstrade.net h.accesstrade.net linkshare.ne.jp
      moshimo.com af.moshimo.com hb.afl.rakuten.co.jp affiliate.rakuten.co.jp performancehorizon.com
      vivnetworks.com ouo.today creditcable.info sopasti.com ehub.cz dognet.sk login.dognet.sk
      espring.pl webepartners.pl salestube.pl convertiser.com tradedoubler.pl ad.zanox.com`,
    parameters: `
      url u murl ulp mpre deeplink d_rd rurl t q link dest destination redirect fallback rx_url gr_url
      l1 redirecturl r url64fb cr red goto p pc m ds_dest_url dl durl diurl deep_link product_url
      htmlurl affdirecturl lp to target a8ejpredirect rk click_url clickurl new ued`,
  }),
  row("ebay", "eBay's own affiliate redirect", { hosts: "rover.ebay.com", parameters: "mpre loc" }),
  row("aliexpress", "AliExpress' affiliate links", {
    hosts: "s.click.aliexpress.com",
    path: /deep_?link/i,
    parameters: "dl_target_url",
  }),
  row("amazon", "Amazon's redirects", {
    hosts: "amazon.*",
    path: /^\/(?:gp\/redirect\.html|gp\/r\.html|g\/r\/|gp\/f\.html|s\/redirect)/,
    parameters: "location u r url",
    isRelativeAllowed: true,
  }),
  row("amazon-short", "a short link that names its target for Amazon's partners", {
    hosts: "amzn.to",
    parameters: "asc_refurl",
  }),
  row("yahoo-shopping", "Yahoo's and AOL's shopping links", {
    hosts: "shopping.yahoo.com",
    path: /^\/rdlw/,
    parameters: "merchanturl gcreferrer url",
  }),
  row("tiktok", "TikTok's outgoing links", {
    hosts: "tiktok.com",
    path: /^\/link\/v2/,
    parameters: "target",
  }),
  row("click-counters", "news sites' and platforms' own counters of outgoing links", {
    hosts: `
      outgoing.prod.webservices.mozgcp.net click.redditmail.com c.newsnow.co.uk go.newsfusion.com
      go.newordner.net l.smartnews.com urlsand.esvalabs.com urlsand.com zdlink.info links.jianshu.com
      mailtrack.io link.sbstck.com go.mail.ru r.mail.ru checklink.mail.ru click.mail.ru l.mail.ru
      r.search.aol.com`,
    parameters: "url u to link",
  }),
];
