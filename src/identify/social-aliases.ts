import { at, type HostAlias, only, pair, rehost } from "./host-alias.ts";
import { findParameter, type UrlParts } from "./url-parts.ts";
import { words } from "./word-set.ts";

const videoId = /^[\w-]{6,24}$/;

function youtube(parts: UrlParts): UrlParts {
  const { host, path } = parts;
  if (host.endsWith("youtu.be")) {
    const id = path.slice(1);
    return videoId.test(id) ? at(parts, "www.youtube.com", "/watch", [pair("v", id)]) : parts;
  }
  const embedded = /^\/(?:embed|shorts|live|v|e)\/([\w-]{6,24})\/?$/.exec(path)?.[1];
  if (embedded !== undefined && embedded !== "videoseries" && embedded !== "live_stream") {
    return at(parts, "www.youtube.com", "/watch", [pair("v", embedded)]);
  }
  const home = host.endsWith("youtube.com") && !host.startsWith("music.") ? "www.youtube.com" : host;
  if (path === "/watch" || path === "/watch/") {
    const kept = only(parts.query, ["v"]);
    if (kept.length === 1)
      return at(parts, home === host && host === "youtube.com" ? "www.youtube.com" : home, "/watch", kept);
  }
  if (path === "/playlist" && findParameter(parts.query, "list") !== null) {
    return at(parts, home, path, only(parts.query, ["list"]));
  }
  return /^(?:m|mobile)\.youtube\.com$/.test(host) ? rehost(parts, "www.youtube.com") : parts;
}

function twitter(parts: UrlParts): UrlParts {
  const status = /^\/(?:#!\/)?(\w{1,30}|i\/web)\/status(?:es)?\/(\d+)/.exec(parts.path);
  if (status === null) return rehost(parts, "twitter.com");
  const [, user = "i", id = ""] = status;
  const isWeb = user === "i/web";
  const path = `/${isWeb ? "i" : user}/status/${id}`;
  return { ...at(parts, "twitter.com", path), fragment: "" };
}

function reddit(parts: UrlParts): UrlParts {
  if (/(?:^|\.)redd\.it$/.test(parts.host)) {
    const id = /^\/([a-z0-9]{4,10})\/?$/.exec(parts.path)?.[1];
    return id === undefined || parts.host !== "redd.it"
      ? parts
      : at(parts, "www.reddit.com", `/comments/${id}/`);
  }
  if (!/^(?:(?:www|old|new|np|m|i|amp|sh|ssl|[a-z]{2})\.)?reddit\.com$/.test(parts.host)) return parts;
  // The title in the path is free: the post's id names it, and the comment's id behind the title.
  const post =
    /^(?:\/(?:r|user|u)\/[\w-]{1,40})?\/comments\/([a-z0-9]{2,12})(?:\/[^/]*(?:\/([a-z0-9]{2,12}))?)?\/?$/.exec(
      parts.path,
    );
  if (post === null) return rehost(parts, "www.reddit.com");
  const [, id = "", comment] = post;
  return at(parts, "www.reddit.com", `/comments/${id}/${comment === undefined ? "" : `_/${comment}/`}`);
}

/** Paths of one word that are pages of Tumblr's own, and no blog's name. */
const tumblrsOwnPages = words(`
    about account activity ads app apps blog business buttons changes chat communities community
    copyright customize dashboard developers docs edit embed events explore following gifs help home
    impressum inbox jobs legal likes live login logo logout mega-editor messages messaging network new
    new_user notifications oauth oauth2 patio photos policy press privacy queue radar reblog redirect
    register registration search security settings share shop spotlight staff-picks submit support svc
    switch tagged terms themes theme_garden tips tv upload video videos widgets`);

/** Rule 7: video platforms and networks. Each row is how the platform itself numbers its documents. */
export const socialAliases: readonly HostAlias[] = [
  {
    name: "youtube",
    reason:
      "a video is its `v`; shorts, embeds, live and youtu.be lead to it, a start time or a playlist around it does not change it",
    hosts: ["youtube.com", "youtu.be", "youtube-nocookie.com"],
    apply: youtube,
  },
  {
    name: "twitter",
    reason: "x.com is twitter.com renamed; a status is its number, mirrors keep the path",
    hosts: [
      "twitter.com",
      "x.com",
      "nitter.net",
      "nitter.it",
      "nitter.poast.org",
      "xcancel.com",
      "fxtwitter.com",
      "vxtwitter.com",
      "fixupx.com",
      "fixvx.com",
    ],
    apply: twitter,
  },
  {
    name: "tumblr",
    reason: "a blog is `name.tumblr.com` and `tumblr.com/name`; a post is its number",
    hosts: ["tumblr.com"],
    apply(parts) {
      const { host, path } = parts;
      const blog = /^\/(?:blog\/(?:view\/)?)?([a-z0-9-]{1,63})(?:\/(\d{6,})(?:\/[^/]*)?)?\/?$/.exec(path);
      if (/^(?:www\.)?tumblr\.com$/.test(host)) {
        const [, name = "", number] = blog ?? [];
        if (name === "" || tumblrsOwnPages.has(name)) return parts;
        if (number !== undefined) return at(parts, `${name}.tumblr.com`, `/post/${number}`);
        // A question that is left names something on the page: a blog's front page has none.
        return parts.query.length > 0 ? parts : at(parts, `${name}.tumblr.com`, "/");
      }
      const post = /^\/post\/(\d{6,})\/[^/]*\/?$/.exec(path)?.[1];
      return post === undefined ? parts : at(parts, host, `/post/${post}`);
    },
  },
  {
    name: "vimeo",
    reason: "the player's address of a video",
    hosts: ["vimeo.com"],
    apply(parts) {
      const id = /^\/video\/(\d+)\/?$/.exec(parts.path)?.[1];
      return id === undefined || parts.host !== "player.vimeo.com" ? parts : at(parts, "vimeo.com", `/${id}`);
    },
  },
  {
    name: "dailymotion",
    reason: "the short and the embedded address of a video",
    hosts: ["dai.ly", "dailymotion.com"],
    apply(parts) {
      const id =
        parts.host === "dai.ly"
          ? /^\/(\w+)$/.exec(parts.path)?.[1]
          : /^\/(?:embed\/)?video\/(\w+)(?:_[^/]*)?$/.exec(parts.path)?.[1];
      return id === undefined ? parts : at(parts, "www.dailymotion.com", `/video/${id}`);
    },
  },
  {
    name: "telegram",
    reason: "`t.me/s/name/1` is the preview page of `t.me/name/1`",
    hosts: ["t.me", "telegram.me"],
    apply: (parts) => {
      const path = parts.path.startsWith("/s/") ? parts.path.slice(2) : parts.path;
      return path === parts.path && parts.host === "t.me" ? parts : { ...parts, host: "t.me", path };
    },
  },
  {
    name: "reddit",
    reason: "old, new and short forms of one post; the title in the path is free",
    hosts: ["reddit.com", "redd.it"],
    apply: reddit,
  },
];
