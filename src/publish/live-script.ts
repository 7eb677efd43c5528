/**
 * The one script of the pages. They work without it; with it, an open page follows what the server tells it (SSE): it fetches
 * itself and takes over the part that lives. It is a file of ours under a strict CSP, and reads nothing but our own pages.
 */
import { hash } from "node:crypto";

export const LIVE_SCRIPT = `"use strict";
(() => {
  const region = document.getElementById("live");
  const events = document.currentScript && document.currentScript.dataset.events;
  if (!region || !events || !window.EventSource) return;
  const note = document.getElementById("live-note");
  let source = null;
  let fresh = null;
  let isFetching = false;
  let isStale = false;

  const newCount = (page) =>
    [...page.querySelectorAll("article[id]")].filter(({ id }) => !document.getElementById(id)).length;

  // What a reader is busy with stays where it is.
  const isBusy = () =>
    region.querySelector("details[open]") !== null ||
    (region.contains(document.activeElement) && document.activeElement !== region) ||
    (region.querySelector("article") !== null && window.scrollY > 400) ||
    String(window.getSelection()).length > 0;

  const take = () => {
    region.replaceChildren(...fresh.childNodes);
    fresh = null;
    note.replaceChildren();
  };

  const offer = (count) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = count === 0 ? "Show what changed" : count === 1 ? "Show 1 new story" : "Show " + count + " new stories";
    button.addEventListener("click", () => {
      take();
      window.scrollTo(0, 0);
      document.getElementById("content").focus();
    });
    note.replaceChildren(button);
  };

  const look = async () => {
    if (isFetching) {
      isStale = true;
      return;
    }
    isFetching = true;
    try {
      const response = await fetch(location.href, { cache: "no-cache", headers: { Accept: "text/html" } });
      if (response.ok) {
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const found = page.getElementById("live");
        if (found && found.innerHTML !== region.innerHTML) {
          fresh = found;
          const count = newCount(page);
          if (!isBusy()) {
            take();
            if (count > 0) note.textContent = count === 1 ? "1 new story" : count + " new stories";
          } else if (count > 0 || region.querySelector("article") === null) offer(count);
        }
      }
    } catch {
      // The server is away for a moment; the next event tries again.
    }
    isFetching = false;
    if (isStale) {
      isStale = false;
      look();
    }
  };

  // A page that nobody sees holds no connection, and catches up when it is seen again.
  const follow = () => {
    if (document.hidden) {
      if (source) source.close();
      source = null;
    } else if (!source) {
      source = new EventSource(events);
      source.addEventListener("change", look);
    }
  };
  document.addEventListener("visibilitychange", () => {
    follow();
    if (!document.hidden) look();
  });
  follow();
})();
`;

/** Changes with the content, so that caches may keep what they have for good. */
export const LIVE_SCRIPT_PATH: string = `/assets/live-${hash("sha256", LIVE_SCRIPT).slice(0, 10)}.js`;

/** Where the river's pages and the status page hear of changes. */
export const RIVER_EVENTS_PATH = "/events";
export const STATUS_EVENTS_PATH = "/status/events";
