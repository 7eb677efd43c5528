/**
 * Parameters that are decoration on the hosts named, and may be anything elsewhere. A row is a publisher's or a platform's own
 * tracking vocabulary, as its share buttons, feeds and newsletters write it; `name.*` covers all countries of a brand.
 * Sources: the sites' own links; as facts, Brave's clean-urls.json (MPL-2.0).
 */
const rows: readonly (readonly [hosts: string, names: string])[] = [
  // Video, music, social
  [
    "youtube.com youtu.be",
    `
      si feature pp ab_channel app embeds_euri embeds_loader_url_for_pings embeds_origin
      embeds_referring_euri embeds_referring_origin source_ve_path cbrd ucbcb gclid index start_radio rv`,
  ],
  ["twitter.com x.com", "s t cxt ref_src ref_url twclid mx src"],
  [
    "reddit.com",
    "share_id context depth ref ref_source ref_campaign correlation_id post_fullname post_index rdt st sh $deep_link $3p $original_url _branch_match_id chainedposts iid ad_unit",
  ],
  [
    "facebook.com",
    `
      ref rdid sfnsn extid eav paipv hc_ref fref rc mibextid _rdr _rdc refid refsrc tracking hrc
      __xts__[0] __cft__[0] m_entstream_source wtsid acontext notif_t notif_id ref_component ref_page`,
  ],
  ["instagram.com", "img_index igsh igshid ig_rid ig_mid stkn taken-by"],
  ["threads.net threads.com", "xmt slof igshid"],
  [
    "tiktok.com",
    `
      is_from_webapp sender_device _r _t _d _svg u_code preview_pb embed_source refer referer_url
      referer_video_id share_app_id share_link_id share_item_id share_author_id share_iid sec_uid
      sec_user_id is_copy_url checksum tt_from timestamp user_id web_id enter_from language
      sender_web_id source social_sharing tt_medium tt_content ug_btm link_reflow_popup_iteration_sharer
      refer_url`,
  ],
  [
    "linkedin.com",
    `
      trk trkinfo trkemail lipi licu rcm originalsubdomain refid trackingid trackingcode
      original_referer mcid src midtoken midsig eid lgcta upsellorderorigin`,
  ],
  ["pinterest.*", "mt invite_code sender sfo e_t_s"],
  ["tumblr.com", "source ref"],
  ["snapchat.com", "sc_referrer sc_ua share_id sid"],
  ["t.co", "amp ssr"],
  ["vk.com", "from ref"],
  [
    "bilibili.com",
    `
      spm_id_from vd_source from from_source from_spmid share_source share_medium share_plat
      share_session_id share_tag share_times timestamp unique_k is_story_h5 mid bbid ts msource
      refer_from seid up_id plat_id buvid session_id launch_id live_from hotrank visit_id`,
  ],
  ["douyin.com", "previous_page enter_from"],
  ["weibo.com weibo.cn", "weibo_id from wm sourcetype lfid luicode featurecode"],
  ["zhihu.com", "source utm_psn utm_oi share_code"],
  ["spotify.com", "si context nd dl_branch _branch_match_id sp_cid pi dlsi go"],
  ["soundcloud.com", "si in ref p c"],
  ["deezer.com", "deferredfl"],
  [
    "bandcamp.com",
    `
      from search_item_id search_item_type search_match_part search_page_id search_page_no search_rank
      search_sig action`,
  ],
  ["twitch.tv", "tt_medium tt_content referrer"],
  ["vimeo.com", "share ref fl fe turnstile"],
  ["dailymotion.com", "ff"],
  ["flickr.com", "rb"],
  ["discord.com", "referrer"],
  [
    "medium.com towardsdatascience.com betterprogramming.pub levelup.gitconnected.com uxdesign.cc",
    "source sk gi responsesopen referrer _branch_match_id",
  ],
  [
    "substack.com",
    `
      r s isfreemail showwelcome publication_id post_id triedredirect token open action
      showwelcomeonshare triggershare initial_medium inbox`,
  ],
  ["patreon.com", "fan_landing token"],
  ["quora.com", "share ch oid srid target_type no_redirect"],
  [
    "stackoverflow.com stackexchange.com superuser.com serverfault.com askubuntu.com",
    "rq lq noredirect newreg cb ref",
  ],
  ["github.com", "notification_referrer_id ref_cta ref_loc ref_page email_source email_token"],
  ["producthunt.com", "ref bc"],
  ["kickstarter.com backerkit.com gamefound.com hackernoon.com", "ref refcode"],
  ["eprint.iacr.org", "ref"],
  ["change.org", "source_location psf_variant share_intent recruiter recruited_by_id cs_tk"],
  ["gofundme.com", "attribution_id qid rcid pc member modal viewupdates"],
  ["actionnetwork.org", "source referrer email_referrer"],
  ["eventbrite.*", "aff can_id email_referrer email_subject link_id ref source keep_tld ebtv"],
  ["meetup.com", "recid recsource searchid rv _xtd eventorigin"],
  ["ticketweb.*", "referral_id afsrc camefrom"],
  ["ticketmaster.*", "camefrom irgwc afsrc clickid did"],
  ["feverup.com axs.com dice.fm", "camefrom aff cid cid1 cid2 pid cid3"],
  ["songkick.com", "deep_link_campaign deep_link_medium deep_link_source"],
  ["humblebundle.com", "partner charity linkid"],
  ["steampowered.com", "snr curator_clanid"],
  ["gog.com", "pp track_click link_id"],
  ["app.link", "cjevent click_id"],
  // Search
  [
    "google.*",
    `
      ved ei usg sa source sourceid aqs oq gs_lp gs_lcp gs_l gs_lcrp sclient client rlz ie biw bih dpr
      uact usp ouid rtpof sd sxsrf iflsig oc pli gws_rd dcr esrc cad rct cshid fbs sca_esv sca_upv ictx
      zx ct cd bvm atyp`,
  ],
  ["bing.com", "form cvid qs sp pq sc ghsh ghacc ghpl toww redig ocid ptag"],
  [
    "yahoo.com aol.com",
    `
      guccounter guce_referrer guce_referrer_sig ncid .tsrc tsrc soc_src soc_trk sourcetype fr fr2 _fsig
      bcmt ref`,
  ],
  ["duckduckgo.com", "t atb"],
  ["baidu.com", "wfr for isfailflag sfrom spider rcv"],
  ["yandex.*", "lr clid msid msp redircnt from stid"],
  ["msn.com", "ocid cvid ei pc form duet pfr"],
  // Shops
  [
    "amazon.*",
    `
      ascsubtag dib dib_tag geniuslink keywords content-id linkcode linkid tag ufe crid pd_rd_i pd_rd_r
      pd_rd_w pd_rd_wg pf_rd_i pf_rd_m pf_rd_p pf_rd_r pf_rd_s pf_rd_t qid ref ref_ refinements rnid
      social_share sprefix sr camp creative creativeasin ie _encoding spla spia qualifier slotnum
      cv_ct_cx cv_ct_id cv_ct_pg cv_ct_we ts_id initiative_id asc_source asc_campaign asc_contentid
      asc_contenttype asc_refurl starsleft skiptwisterog pldnsite dchild almbrandid hvadid hvdev
      hvlocphy hvnetw hvqmt hvrand hvtargid hydadcr`,
  ],
  [
    "ebay.*",
    `
      hash _trkparms _trksid _from mkcid mkevt mkrid campid customid toolid media ssspo ssrc ssuid
      widget_ver amdata epid norover siteid chn itmmeta itmprp ul_noapp`,
  ],
  [
    "aliexpress.*",
    `
      spm algo_pvid algo_expid algo_exp_id pdp_npi pdp_pi pdp_ext_f curpageloguid scm scm_id scm-url
      btsid ws_ab_test aff_fcid aff_fsk aff_platform aff_trace_key terminal_id sk srcsns tracelog
      gatewayadapt gps-id pvid _t afsmartredirect utparam-url _gl sourcetype spreadtype businesstype
      social_params`,
  ],
  [
    "taobao.com tmall.com 1688.com alibaba.com jd.com",
    `
      spm scm pvid algo_expid ali_refid ali_trackid abbucket ut_sk sourcetype suid shareurl short_name
      app sp_tk cpp shareuniqueid tracelog initiative_id ns acm`,
  ],
  [
    "etsy.com",
    `
      click_key click_sum ref frs organic_search_click ga_order ga_search_type ga_view_type
      ga_search_query pro bes sts plkey sr_prefetch pf_from content_source`,
  ],
  [
    "walmart.com",
    `
      u1 athcpid athpgid athcgid athznid athieid athstid athguid athancid athena sourceid veh
      wmlspartner affiliates_ad_id campaign_id sharedid adid wl0 wl1 wl2 wl3 irgwc`,
  ],
  ["bestbuy.com", "irclickid irgwc ref loc acampid mpid intl"],
  ["target.com", "lnk afid ref clkid cpng"],
  ["bol.com", "referrer promo bltgh"],
  ["zillow.com", "rtoken"],
  ["zoopla.co.uk rightmove.co.uk", "search_identifier"],
  ["indeed.*", "from alid tk advn adid sjdu pub camk mvj fcc"],
  ["seek.com.au seek.co.nz", "tracking"],
  ["booking.com", "aid label sid srpvid srepoch all_sr_blocks hpos hapos matching_block_id ucfs"],
  ["airbnb.*", "source_impression_id federated_search_id s previous_page_section_name translate_ugc"],
  ["apple.com", "ct pt mt at ls uo itsct itscg app ign-mpt cid"],
  ["play.google.com", "referrer pcampaignid"],
  ["goodreads.com", "ref from_search from_srp from_choice from_new_nav qid rank ac rating"],
  ["imdb.com", "ref_ ref pf_rd_m pf_rd_p pf_rd_r pf_rd_s pf_rd_t pf_rd_i"],
  ["bamboohr.com", "source"],
  ["mailchi.mp", "e"],
  ["narvar.com", "destination_country dzip order_number origin_country ozip service"],
  // Newspapers and magazines
  ["wsj.com barrons.com marketwatch.com mansionglobal.com fnlondon.com", "mod reflink st siteid dist"],
  [
    "nytimes.com",
    `
      smid smtyp smprod smvar ref referringsource sgrp ugrp partner emc nl te campaign_id instance_id
      segment_id user_id regi_id action pgtype clicksource contentcollection version contentplacement hp
      _r mtrref gwh gwt assettype login auth unlocked_article_code searchresultposition src rref kwp_0
      kwp_4 kwp_1 mwrsm hpw ei em_pos`,
  ],
  ["washingtonpost.com", "itid wprss wpisrc wpmk wpmm tid hpid pwapi_token nid carta-url ref"],
  ["theguardian.com", "cmp intcmp cmp_tu commentpage reload"],
  [
    "bbc.co.uk bbc.com",
    `
      ocid xtor ns_mchannel ns_source ns_campaign ns_linkname ns_fee intlink_from_url link_location
      piano-modal`,
  ],
  ["cnn.com", "eref hpt ref iref iid sr cid"],
  ["abcnews.go.com espn.com espn.co.uk", "cid ex_cid addata sf src ref"],
  ["cnbc.com nbcnews.com today.com msnbc.com", "__source par cid recirc ncid cmpid"],
  ["ft.com", "ftcamp sharetype segmentid shareid token accesstoken syn trk"],
  // Keys to a single gift of the article, and editions chosen by a switch.
  ["theatlantic.com", "gift preview"],
  ["businessinsider.com insider.com", "ir r op"],
  ["axios.com", "stream"],
  ["faz.net", "gepc"],
  ["sueddeutsche.de", "reduced"],
  ["economist.com", "fsrc etear giftid"],
  [
    "bloomberg.com bloomberglaw.com bloomberglinea.com",
    "srnd sref leadsource trk in_source cmpid embedded-checkout taid campaign_source",
  ],
  ["reuters.com", "taid rpc feedtype feedname il feedid edition-redirect src context"],
  ["apnews.com", "taid"],
  ["forbes.com", "sh ss ctpv partner fbclid cid"],
  ["hbr.org techcrunch.com fortune.com", "tpcc ab referral autocomplete"],
  [
    "huffpost.com huffingtonpost.com huffingtonpost.co.uk huffingtonpost.it engadget.com",
    "ncid ec_carp utm_hp_ref ref ir icid",
  ],
  [
    "dailymail.co.uk thisismoney.co.uk metro.co.uk inews.co.uk mailonsunday.co.uk dailymail.com newzit.com",
    "ito ci cvid",
  ],
  [
    "telegraph.co.uk thetimes.co.uk thetimes.com thesun.co.uk the-sun.com mirror.co.uk express.co.uk",
    "sharetoken ncid wgu wgexpiry int_source int_medium int_campaign icid li_source li_medium region shared",
  ],
  ["independent.co.uk standard.co.uk", "r regsourcemethod"],
  [
    `
      arstechnica.com pitchfork.com allure.com architecturaldigest.com bonappetit.com cntraveler.com
      epicurious.com glamour.com gq.com gq-magazine.co.uk gqitalia.it gqmagazine.fr newyorker.com
      self.com them.us teenvogue.com vanityfair.com vogue.com wired.com wired.co.uk`,
    "bxid cndid esrc hasha hashb hashc source mbid intcid verso comments-page",
  ],
  [
    `
      cbsnews.com cbssports.com cnet.com gamespot.com insideedition.com paramountplus.com zdnet.com
      techrepublic.com`,
    "ftag intcid linkid ref",
  ],
  ["npr.org", "ft f sc live"],
  [
    "huffpost.com latimes.com baltimoresun.com chicagotribune.com sun-sentinel.com orlandosentinel.com",
    "track ncid _amp int",
  ],
  ["seattletimes.com", "syndication"],
  ["politico.com politico.eu", "nname nid nrid nlid cid"],
  ["slate.com", "wpsrc via sid"],
  ["time.com", "xid iid pcd"],
  ["theverge.com vox.com polygon.com eater.com sbnation.com", "ref scrolla _ga"],
  ["theregister.com theregister.co.uk", "td"],
  [
    "lemonde.fr lefigaro.fr liberation.fr leparisien.fr lexpress.fr lepoint.fr",
    "xtor lmd_medium lmd_campaign lmd_creation lmd_id m_i _ga origine cmp share",
  ],
  ["bild.de welt.de", "t_ref wtrid wtmc icid wtor source origin ref cid"],
  ["spiegel.de manager-magazin.de bento.de", "sara_ref sara_ecid sara_icid ref cpid"],
  [
    "zeit.de sueddeutsche.de faz.net stern.de focus.de tagesspiegel.de",
    "wt_zmc wt_ref wt_t fbc ito gepcm sc_src freebie icid source cid",
  ],
  ["heise.de golem.de", "wt_mc hg wtmc xwkrnd"],
  ["dw.com", "maca"],
  ["nzz.ch tagesanzeiger.ch 20min.ch", "mktcid mktcval reduced ga gsid trco _ga idp"],
  [
    "elpais.com as.com cadenaser.com cincodias.com huffingtonpost.es caracol.com.co",
    `
      ssm id_externo_rsoc id_externo_portada id_externo_nwl id_externo_promo id_externo_noti prm rel
      prod event_log o event`,
  ],
  ["elmundo.es marca.com expansion.com", "cid intcmp s_kw cdguid emk"],
  ["lavanguardia.com abc.es elperiodico.com", "facet ref vli vca vso vmc vtm"],
  ["corriere.it gazzetta.it", "refresh_ce cmpid vclk"],
  ["repubblica.it lastampa.it gelocal.it limesonline.com ilsecoloxix.it lespresso.it", "ref rss fbclid"],
  ["nikkei.com", "n_cid i_cid bf waad"],
  ["asahi.com mainichi.jp yomiuri.co.jp", "ref iref cx_art cx_ref"],
  ["ndtv.com", "pfrom browserpush trending_now amp"],
  ["indiatimes.com", "from mailtofriend ref upcache intenttarget"],
  ["indiatoday.in hindustantimes.com", "ref onetap"],
  ["globo.com uol.com.br folha.uol.com.br", "origin cmpid aff_source"],
  ["jamaicaobserver.com", "profile template"],
  ["marketscreener.com zonebourse.com", "type_recherche mots noredirect rewritelast lien"],
  ["mozillazine.org", "sid"],
  ["radio-canada.ca cbc.ca", "partageapp depuisrecherche cmp ref vfp"],
  [
    "smh.com.au theage.com.au brisbanetimes.com.au watoday.com.au afr.com",
    "ref btis js-chunk-not-found-refresh",
  ],
  ["stuff.co.nz nzherald.co.nz", "rm ref cid fb"],
  ["scmp.com", "module pgtype campaign tpcc onboard"],
  ["straitstimes.com channelnewsasia.com", "cid close"],
  ["aljazeera.com", "traffic_source gb"],
  ["france24.com rfi.fr", "ref tk arena_mid arena_client aef_campaign_ref aef_campaign_date"],
  ["euronews.com", "ref"],
  ["yle.fi", "origin"],
  [
    "kommersant.ru rbc.ru lenta.ru ria.ru tass.ru gazeta.ru vedomosti.ru",
    "from from_rss from_core noredir erid",
  ],
  ["onet.pl wp.pl gazeta.pl", "srcc utm_v _ga disablerredirects"],
  ["livescience.com space.com techradar.com tomsguide.com tomshardware.com pcgamer.com", "lrh ftag"],
  // Science
  ["sciencedirect.com cell.com thelancet.com", "dgcid via via=ihub rss _rtd _returnurl cc fr rr origin zone"],
  [
    "nature.com springer.com springernature.com biomedcentral.com",
    `
      error code wt.ec_id wt.feed_name sap-outbound-id origin proof shared-article-renderer mkt-key
      elqtrackid`,
  ],
  [
    `
      science.org sciencemag.org pnas.org acs.org tandfonline.com wiley.com onlinelibrary.wiley.com
      sagepub.com`,
    "af rss cookieset mi ai ui needaccess rfr_dat rfr_id url_ver _ga et_rid feed",
  ],
  ["arxiv.org", "context"],
  ["mdpi.com", "feed"],
  [
    "nejm.org jamanetwork.com bmj.com",
    "query rss cid widget guestaccesskey linkid appid resultclick ssource emp",
  ],
  ["oup.com academic.oup.com", "rss login redirectedfrom"],
];

/** The rows, read. */
export const hostParameters: readonly {
  readonly hosts: readonly string[];
  readonly names: readonly string[];
}[] = rows.map(([hosts, names]) => ({
  hosts: hosts.trim().split(/\s+/),
  names: names.toLowerCase().trim().split(/\s+/),
}));

/** On a search page these are what was searched for. */
const searchNames: ReadonlySet<string> = new Set([
  "keywords",
  "refinements",
  "rnid",
  "from",
  "tag",
  "source",
  "query",
]);
const searchPath = /^\/(?:s|search|find|gp\/search)(?:\/|$)/;

/** On a search page the parameter is part of the question, whatever it is on the host's other pages. */
export function isSearchParameter(name: string, path: string): boolean {
  return searchNames.has(name) && searchPath.test(path);
}
