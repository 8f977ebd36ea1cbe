// Keeps a page up to date: listens to `/live`, fetches the page again when what it watches has changed, and puts the
// parts that differ in their place. Without it a page is what it was when it was loaded.
"use strict";

const watches = document.body.dataset.watches;
const pause = 300; // ms from a change to the fetch, in which more may come
const least = 1000; // ms between two fetches
const many = 40; // so many changed cases are as good as all

// ── Times in the reader's own zone; UTC where one points at them. ──

function localise(root) {
  const today = new Date().toDateString();
  for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    time.title = time.textContent;
    const date = moment.toDateString() === today ? undefined : "medium";
    time.textContent = moment.toLocaleString(undefined, { dateStyle: date, timeStyle: "medium" });
  }
  for (const run of root.querySelectorAll(".strip a")) run.title = run.getAttribute("aria-label");
}

// ── Putting new parts in the place of old ones. ──

const said = document.getElementById("said");

function say(text) {
  if (text) said.textContent = text;
}

/** Where the reader is within an element, such as on a link; and which details are open. */
function place(element) {
  const active = document.activeElement;
  const selector = element.contains(active) && (active.id ? `#${CSS.escape(active.id)}` : active.getAttribute("href") && `a[href="${CSS.escape(active.getAttribute("href"))}"]`);
  const open = [...element.querySelectorAll("details[open][id]")].map((details) => details.id);
  return (fresh) => {
    for (const id of open) fresh.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
    if (selector) fresh.querySelector(selector)?.focus({ preventScroll: true });
  };
}

function swap(old, fresh) {
  // As it came, before its times were made local.
  const text = fresh.outerHTML;
  if (old.source === text) return;
  const restore = place(old);
  if (fresh.dataset.say !== old.dataset.say) say(fresh.dataset.say);
  fresh.source = text;
  localise(fresh);
  old.replaceWith(fresh);
  restore(fresh);
}

function insert(list, fresh) {
  fresh.source = fresh.outerHTML;
  localise(fresh);
  const after = [...list.children].find((row) => row.dataset.order > fresh.dataset.order);
  list.insertBefore(fresh, after ?? null);
}

/** Takes over rows of a list that are sorted by `data-order`; `ids` are those that were asked for, or none for all. */
function merge(list, fresh, ids) {
  const found = new Map([...fresh.children].map((row) => [row.dataset.id, row]));
  for (const old of [...list.children]) {
    const id = old.dataset.id;
    if (ids && !ids.has(id)) continue;
    const row = found.get(id);
    if (row && row.dataset.order === old.dataset.order) {
      swap(old, row);
      found.delete(id);
    } else if (row) {
      say(row.dataset.say);
      const restore = place(old);
      old.remove();
      insert(list, row);
      restore(row);
      found.delete(id);
    } else {
      old.remove();
    }
  }
  for (const row of found.values()) insert(list, row);
}

function take(fresh, ids) {
  const parts = new Set([...fresh.querySelectorAll("[data-part]")].map((part) => part.id));
  for (const old of document.querySelectorAll("[data-part]")) {
    const part = fresh.getElementById(old.id);
    if (!part) {
      old.replaceChildren();
      continue;
    }
    if (old.dataset.part === "rows") merge(old, part, ids);
    else swap(old, part);
    parts.delete(old.id);
  }
  // What the page has now and had not before.
  if (parts.size > 0) location.reload();
}

// ── Fetching. ──

let everything = false;
let cases = new Set();
let timer;
let last = -Infinity;

function changed(id) {
  if (id) cases.add(id);
  else everything = true;
  if (timer || document.hidden) return;
  timer = setTimeout(refresh, Math.max(pause, last + least - performance.now()));
}

async function refresh() {
  const ids = everything || cases.size > many || watches !== "cases" ? undefined : cases;
  const url = new URL(location.href);
  url.hash = "";
  if (ids) url.searchParams.set("only", [...ids].join(","));
  everything = false;
  cases = new Set();
  try {
    const answer = await fetch(url, { headers: { accept: "text/html" } });
    if (answer.redirected) return location.reload();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    take(fresh, ids);
  } catch {
    // The host is not there; the stream says when it is again, and then everything is looked at.
  } finally {
    last = performance.now();
    timer = undefined;
    if (everything || cases.size > 0) changed([...cases][0]);
  }
}

// ── Listening. ──

const connection = document.getElementById("connection");

function connected(is) {
  connection.hidden = false;
  connection.className = is ? "live" : "lost";
  connection.textContent = is ? "● live" : "○ not connected";
}

let stream;

// A browser has six connections for all pages of a host, and keeps pages that one comes back to: who is not looked at
// takes none.
function listen() {
  if (stream || document.hidden) return;
  stream = new EventSource("/live");
  stream.addEventListener("open", () => {
    connected(true);
    changed(); // What changed since the page was made.
  });
  stream.addEventListener("error", ({ target }) => {
    connected(false);
    // A browser tries again by itself, unless it was refused.
    if (target.readyState !== EventSource.CLOSED) return;
    hush();
    setTimeout(listen, 30_000);
  });
  stream.addEventListener("all", () => changed());
  stream.addEventListener("deliveries", () => watches === "deliveries" && changed());
  stream.addEventListener("case", ({ data }) => {
    const [id, run] = data.split(" ");
    if (watches === "cases") changed(id);
    else if (watches === "runs" && run) changed();
    else if (watches === `case ${id}` || watches === `run ${run}`) changed();
  });
}

function hush() {
  stream?.close();
  stream = undefined;
}

for (const part of document.querySelectorAll("[data-part]")) {
  if (part.dataset.part === "rows") for (const row of part.children) row.source = row.outerHTML;
  else part.source = part.outerHTML;
}
localise(document);
if (watches) {
  listen();
  document.addEventListener("visibilitychange", () => (document.hidden ? hush() : listen()));
  addEventListener("pagehide", hush);
  addEventListener("pageshow", listen);
}
