// Keeps the page of a process up to date: the list of all tabs shows when it has changed, and then its
// page is fetched again.
const $ = (selector, inside = document) => inside.querySelector(selector);
// Milliseconds: until the page is obsolete without a list, and between signs of life to the worker.
const LIMIT = 3500, PRESENCE = 10000, CHECK = 500;
const { name, version } = $("#program").dataset;
let shown, updated = Date.now(), isReplacing = false;

const address = (path) => {
  const url = new URL(path, location.href);
  url.username = url.password = "";
  return url.href;
};

const connect = () => {
  if (!window.SharedWorker) return new Worker(address("feed.js"), { name: `supkit ${version}` });
  return new SharedWorker(address("feed.js"), `supkit ${version}`).port;
};

// What of a row makes the page obsolete: all but the times in its description.
const key = (row) => row && `${row.state} ${row.description.replace(/(\d+ \p{L}+, )?\d+:\d\d:\d\d|\d+ s\b/gu, "")}`;

const replace = async () => {
  if (isReplacing) return;
  isReplacing = true;
  try {
    const answer = await fetch(address(`program.html?processname=${encodeURIComponent(name)}`), { cache: "no-store" });
    if (!answer.ok) return location.reload();
    const fresh = $("#program", new DOMParser().parseFromString(await answer.text(), "text/html"));
    const old = $("#program"), focused = document.activeElement;
    const place = [...old.querySelectorAll("a, button, summary, [tabindex]")].indexOf(focused);
    const text = focused.textContent;
    const open = [...old.querySelectorAll("details")].map((it) => it.open);
    $("[role=status]", fresh).textContent = $("[role=status]", old).textContent;
    $("[role=status]", fresh).className = $("[role=status]", old).className;
    if (open.length === fresh.querySelectorAll("details").length) {
      fresh.querySelectorAll("details").forEach((it, at) => { it.open = open[at]; });
    }
    const { state } = old.dataset;
    old.replaceWith(fresh);
    if (place >= 0) {
      const all = [...fresh.querySelectorAll("a, button, summary, [tabindex]")];
      (all.find((it) => it.textContent === text) || all[Math.min(place, all.length - 1)])?.focus();
    }
    if (fresh.dataset.state !== state) {
      $("#changes").textContent = globalThis.text("program.changed", { name, state: word("state", fresh.dataset.state) });
    }
  } catch {
    shown = undefined;
  }
  isReplacing = false;
};

const check = () => {
  const isStale = !document.hidden && Date.now() - updated > LIMIT;
  const time = new Date(updated).toLocaleTimeString(document.documentElement.lang);
  const value = isStale ? text("connection.lost", { time, why: text("connection.silent") }) : "";
  if ($("#stale").textContent !== value) $("#stale").textContent = value;
};

const feed = connect();
feed.onmessage = ({ data }) => {
  if ("problem" in data) return;
  updated = Date.now();
  if (data.list) {
    const fresh = key(data.list.processes.find((row) => row.name === name));
    if (shown !== undefined ? shown !== fresh : isObsolete(data.list)) replace();
    shown = fresh;
  }
  check();
};
const isObsolete = ({ processes }) => processes.find((row) => row.name === name)?.state !== $("#program").dataset.state;

const present = () => {
  updated = Date.now();
  feed.postMessage(document.hidden ? "hidden" : "visible");
};
document.addEventListener("visibilitychange", present);
addEventListener("pagehide", () => feed.postMessage("hidden"));
addEventListener("pageshow", (event) => { if (event.persisted) present(); });
setInterval(() => { if (!document.hidden) feed.postMessage("present"); }, PRESENCE);
setInterval(check, CHECK);
present();
$("#resources").hidden = false;
import(address("chart.js"));
