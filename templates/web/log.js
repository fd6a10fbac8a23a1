// Follows a log: fetches what is new, keeps the last lines of it, and searches in all of it. A place in the
// log is a file and an offset, as the server names them, so it survives rotation and restarts.
import { initial, render } from "./ansi.js";
import { makeMatches } from "./matches.js";

// How much is requested at once; what is more is skipped. How much is kept, and the length at which a
// line is divided.
const LENGTH = 64 * 1024, CONTEXT = 16 * 1024;
const MAX_ENTRIES = 10000, MAX_BYTES = 2e6, MAX_LINE = 8 * 1024, MAX_RANGES = 5000;
// Milliseconds: between requests, while nothing answers, and until a request has failed.
const INTERVAL = 300, PATIENCE = 5000;
const RETRIES = [500, 1000, 2000, 5000];
// The width of the margin in which a click links to a line.
const MARGIN = 20;
// Pixels of a line that count as in view.
const HALF_LINE = 8;

const $ = (id) => document.getElementById(id);
const log = $("log"), state = $("log-state");
const { query } = log.dataset;
const decoder = new TextDecoder();

// Lines and notices, from the top. `rest` is an incomplete last line, with the style before it.
let entries = [], size = 0, rest, style = initial();
// The place behind the last byte that was received.
let file = "", next = 0;
let isPaused = false, isBusy = false, isStopped = false, timer, failures = 0, lostAt;
let pattern, current, target;
const entryOf = new WeakMap();

const bytesText = (count) => {
  const [value, unit] = count < 1e6 ? [count / 1e3, "kB"] : [count / 1e6, "MB"];
  return `${value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })} ${unit}`;
};
const clock = (time) => time.toLocaleTimeString(document.documentElement.lang);
const setState = (value) => { if (state.textContent !== value) state.textContent = value; };
const isAtEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 8;
const isFull = () => entries.length >= MAX_ENTRIES || size >= MAX_BYTES;

// What is shown.

const element = (name) => {
  const line = document.createElement("span");
  line.className = name;
  return line;
};

const makeNotice = (value) => {
  const line = element("notice");
  line.textContent = value;
  return { element: line, length: 0, isNotice: true, text: "", hits: [] };
};

const makeLine = ({ at, bytes, length }, styleNow, of) => {
  const line = element("line");
  const entry = { element: line, at, file: of, length, hits: [] };
  entry.text = render(decoder.decode(bytes), styleNow, line);
  entryOf.set(line, entry);
  search(entry);
  return entry;
};

// Divides bytes at the ends of lines; only the last one may lack its end. A very long line is divided
// between characters.
const split = (bytes, at) => {
  const lines = [];
  let from = 0;
  while (from < bytes.length) {
    let to = bytes.indexOf(10, from), end;
    if (to < 0 || to - from > MAX_LINE) {
      const isLong = (to < 0 ? bytes.length : to) - from > MAX_LINE;
      end = to = isLong ? from + MAX_LINE : bytes.length;
      while (isLong && to > from + 1 && (bytes[to] & 0xc0) === 0x80) end = --to;
      if (!isLong) lines.rest = true;
    } else {
      end = to + 1;
    }
    lines.push({ at: at + from, bytes: bytes.subarray(from, to), length: end - from });
    from = end;
  }
  return lines;
};

const insert = (added, isBefore) => {
  const fragment = document.createDocumentFragment();
  added.forEach((entry) => fragment.append(entry.element));
  if (isBefore) {
    log.prepend(fragment);
    entries = added.concat(entries);
  } else {
    log.append(fragment);
    entries.push(...added);
  }
  size += added.reduce((sum, entry) => sum + entry.length, 0);
};

const remove = (from, count) => {
  const removed = entries.splice(from, count);
  if (!removed.length) return removed;
  const range = document.createRange();
  range.setStartBefore(removed[0].element);
  range.setEndAfter(removed.at(-1).element);
  range.deleteContents();
  removed.forEach((entry) => {
    size -= entry.length;
    forget(entry);
  });
  return removed;
};

// How many entries at one end are too many.
const excess = (isAtStart) => {
  let count = Math.max(0, entries.length - MAX_ENTRIES), left = size;
  const entry = (at) => entries[isAtStart ? at : entries.length - 1 - at];
  for (let at = 0; at < count; at++) left -= entry(at).length;
  while (left > MAX_BYTES && count < entries.length - 1) left -= entry(count++).length;
  return count;
};

const notice = (value) => {
  rest = undefined;
  style = initial();
  insert([makeNotice(value)]);
};

// Appends a part. The view follows if it was at the end.
const append = (part, wasAtEnd = isAtEnd()) => {
  let bytes = part.bytes, at = part.start;
  if (rest && bytes.length) {
    bytes = new Uint8Array(rest.bytes.length + part.bytes.length);
    bytes.set(rest.bytes);
    bytes.set(part.bytes, rest.bytes.length);
    at = rest.at;
    style = rest.style;
    remove(entries.length - 1, 1);
  }
  const lines = split(bytes, at);
  if (bytes.length) rest = undefined;
  const added = lines.map((line, index) => {
    if (lines.rest && index === lines.length - 1) {
      rest = { at: line.at, bytes: line.bytes.slice(), style: structuredClone(style) };
    }
    return makeLine(line, style, part.file);
  });
  insert(added);
  added.forEach((entry) => matches.extend(entry, entry === added.at(-1) && rest !== undefined));
  file = part.file;
  next = part.start + part.bytes.length;
  if (wasAtEnd || entries.length > 2 * MAX_ENTRIES) remove(0, excess(true));
  if (wasAtEnd) log.scrollTop = log.scrollHeight;
  showFound();
  setPlaces();
};

// What is requested.

const load = async (place) => {
  // Without the credentials that the address of the page may contain.
  const url = new URL(`log.part?${query}&${place}`, location.href);
  url.username = url.password = "";
  const answer = await fetch(url, {
    cache: "no-store", signal: AbortSignal.timeout(PATIENCE),
  });
  if (!answer.ok) throw answer.status;
  const head = (name) => answer.headers.get(`Log-${name}`);
  return {
    bytes: new Uint8Array(await answer.arrayBuffer()), file: head("File"), relation: head("Relation"),
    start: Number(head("Start")), size: Number(head("Size")), skipped: Number(head("Skipped")),
  };
};

// Everything that arrived is shown with the next frame. A window that is covered has none.
const frame = () => new Promise((resolve) => {
  requestAnimationFrame(resolve);
  setTimeout(resolve, INTERVAL);
});

const schedule = (wait) => {
  clearTimeout(timer);
  if (!isStopped && !isPaused && !document.hidden) timer = setTimeout(poll, wait);
};

const poll = async () => {
  if (isBusy) return;
  if (isFull() && !isAtEnd()) {
    setState(text("log.held"));
    return schedule(INTERVAL);
  }
  isBusy = true;
  try {
    const part = await load(`${file && `since=${next}&id=${file}&`}limit=${LENGTH}`);
    await frame();
    if (!isPaused) receive(part);
    succeeded();
  } catch (problem) {
    failed(problem);
  }
  isBusy = false;
  schedule(failures ? RETRIES[Math.min(failures, RETRIES.length) - 1] : INTERVAL);
};

const receive = (part) => {
  const wasAtEnd = !file || isAtEnd();
  if (!file) show();
  if (lostAt) notice(text("log.again", { time: clock(new Date()) }));
  else if (part.relation === "rotated") notice(text("log.rotated"));
  else if (part.relation === "replaced") notice(text("log.replaced"));
  if (part.relation === "replaced") matches.forget(part.file);
  if (file && part.skipped) notice(text("log.skipped", { size: bytesText(part.skipped) }));
  append(part, wasAtEnd);
};

const show = () => {
  log.classList.add("followed");
  entries.forEach(forget);
  log.replaceChildren();
  [entries, size, rest, style] = [[], 0, undefined, initial()];
};

const succeeded = () => {
  failures = 0;
  lostAt = undefined;
  setState(isPaused ? text("log.paused") : text("log.live"));
};

const failed = (problem) => {
  failures++;
  if (problem === 401 || problem === 403) {
    isStopped = true;
    return setState(text("log.refused"));
  }
  if (problem === 404) return setState(text("log.missing"));
  lostAt ??= new Date();
  setState(text("log.lost", { time: clock(lostAt) }));
};

const setPaused = (value) => {
  isPaused = value;
  $("pause").textContent = isPaused ? text("log.resume") : text("log.pause");
  if (isPaused) {
    clearTimeout(timer);
    setState(text("log.paused"));
  } else {
    log.scrollTop = log.scrollHeight;
    setState(text("log.live"));
    poll();
  }
  setPlaces();
};

// Earlier and later lines.

const first = () => entries.find((entry) => !entry.isNotice);

const setPlaces = () => {
  const top = first();
  $("earlier").disabled = !top || top.at === 0;
  $("later").hidden = !isPaused;
};

const browse = async (place, receiveIt) => {
  if (isBusy) return;
  isBusy = true;
  try {
    receiveIt(await load(`${place}&limit=${LENGTH}`));
    succeeded();
  } catch (problem) {
    failed(problem);
  }
  isBusy = false;
  schedule(INTERVAL);
};

const showEarlier = () => {
  const top = first();
  browse(`before=${top.at}&id=${top.file}`, (part) => {
    if (part.relation !== "same") return notice(text("log.gone"));
    const [height, before] = [log.scrollHeight, log.scrollTop], past = initial();
    insert(split(part.bytes, part.start).map((line) => makeLine(line, past, part.file)), true);
    log.scrollTop = before + log.scrollHeight - height;
    const count = excess(false);
    const cut = remove(entries.length - count, count).find((entry) => !entry.isNotice);
    if (cut) {
      [file, next, rest] = [cut.file, cut.at, undefined];
      setPaused(true);
    }
    showFound();
    setPlaces();
  });
};

const showLater = () => browse(`behind=${next}&id=${file}`, (part) => {
  if (part.relation !== "same") return notice(text("log.gone"));
  append(part);
  remove(0, excess(true));
  if (!part.bytes.length) setPaused(false);
});

// Search.

const ranges = () => globalThis.CSS?.highlights;
const found = globalThis.Highlight && new Highlight(), chosen = globalThis.Highlight && new Highlight();
if (found && ranges()) {
  ranges().set("found", found);
  ranges().set("chosen", chosen);
}

const search = (entry) => {
  forget(entry);
  entry.hits = pattern ? [...entry.text.matchAll(pattern)].map((it) => [it.index, it[0].length]) : [];
  entry.element.classList.toggle("hit", entry.hits.length > 0);
  if (!found || !entry.hits.length) return;
  entry.ranges = entry.hits.slice(0, MAX_RANGES - found.size).map((hit) => rangeOf(entry, hit));
  entry.ranges.forEach((range) => found.add(range));
};

const forget = (entry) => {
  entry.ranges?.forEach((range) => found.delete(range));
  entry.ranges = undefined;
  if (current?.entry === entry) choose();
  if (target === entry) target = undefined;
};

// A part of the text of a line, which may cross its colours.
const rangeOf = (entry, [at, length]) => {
  const walker = document.createTreeWalker(entry.element, NodeFilter.SHOW_TEXT);
  const place = (offset, isEnd) => {
    while (walker.currentNode.nodeType !== Node.TEXT_NODE
      || passed + walker.currentNode.length < offset + (isEnd ? 0 : 1)) {
      if (walker.currentNode.nodeType === Node.TEXT_NODE) passed += walker.currentNode.length;
      if (!walker.nextNode()) break;
    }
    return [walker.currentNode, offset - passed];
  };
  let passed = 0;
  const [startContainer, startOffset] = place(at, false);
  const [endContainer, endOffset] = place(at + length, true);
  return new StaticRange({ startContainer, startOffset, endContainer, endOffset });
};

const choose = (entry, index) => {
  current?.entry.element.classList.remove("current");
  chosen?.clear();
  current = entry && { entry, index };
  if (!entry) return;
  entry.element.classList.add("current");
  chosen?.add(rangeOf(entry, entry.hits[index]));
  entry.element.scrollIntoView({ block: "center" });
};

// Counts the matches in the whole log.
const matches = makeMatches((place) => load(place), split, () => showFound());

const showFound = () => {
  if (!pattern) return void ($("found").textContent = "");
  const { total, progress } = matches;
  const at = current && matches.numberOf(current.entry, current.index);
  let value = at ? text("log.found-at", { at, total }) : count("log.found", total);
  if (progress !== undefined) value = text("log.searching", { found: value, percent: progress });
  if ($("found").textContent !== value) $("found").textContent = value;
};

const setPattern = (value) => {
  pattern = value ? new RegExp(value.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "giu") : undefined;
  choose();
  entries.forEach((entry) => { if (!entry.isNotice) search(entry); });
  matches.start(pattern, file);
  showFound();
};

// The next or previous match in the whole log; at first, the first one that is in view or below. What
// is around it is fetched if it is not there.
const step = async (direction) => {
  const from = current ? current.entry : firstInView();
  const find = () => from && matches.neighbour(from, current?.index, direction);
  let next = find();
  while (!next && matches.progress !== undefined) {
    await frame();
    next = find();
  }
  if (!next) return;
  const { line: { file: of, at }, index: number } = next;
  const isThere = (entry) => !entry.isNotice && entry.file === of && entry.at === at;
  const entry = entries.find(isThere) || await showAround(of, at);
  if (entry?.hits[number]) choose(entry, number);
  showFound();
};

const firstInView = () => {
  const { top } = log.getBoundingClientRect();
  return entries.find((entry) => !entry.isNotice && entry.element.getBoundingClientRect().bottom > top + HALF_LINE);
};

// Links to lines, and copies.

const mark = (entry) => {
  target?.element.classList.remove("linked");
  target = entry;
  entry.element.classList.add("linked");
};

const link = async (entry) => {
  if (!entry || entry.isNotice) return;
  mark(entry);
  history.replaceState(null, "", `#line=${entry.at}&id=${entry.file}`);
  await copy(location.href);
  setState(text("log.linked"));
};

const copy = async (value) => {
  try {
    await navigator.clipboard.writeText(value);
  } catch {
    // The clipboard requires a secure connection, or the permission of the user.
    const area = document.createElement("textarea");
    const focused = document.activeElement;
    area.className = "for-readers";
    area.value = value;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    focused.focus();
  }
};

const copyLines = async () => {
  const selection = getSelection();
  const isInside = !selection.isCollapsed && log.contains(selection.anchorNode);
  const lines = entries.filter((entry) => !entry.isNotice).map((entry) => entry.text);
  await copy(isInside ? String(selection) : lines.join("\n"));
  setState(text("log.copied"));
};

// Shows the line of the address.
const openLink = async ([, offset, of]) => {
  const entry = await showAround(of, Number(offset));
  if (!entry) return;
  mark(entry);
  entry.element.scrollIntoView({ block: "center" });
};

// Shows a line with what is around it instead of the end, and pauses; returns it if it still exists.
const showAround = async (of, offset) => {
  while (isBusy) await frame();
  isBusy = true;
  let entry;
  try {
    const part = await load(`behind=${Math.max(0, offset - CONTEXT)}&id=${of}&limit=${LENGTH}`);
    show();
    if (part.relation !== "same") notice(text("log.link-gone"));
    append(part);
    entry = part.relation === "same"
      ? entries.find((it) => it.at <= offset && offset < it.at + it.length) : undefined;
    if (entry) setPaused(true);
    succeeded();
  } catch (problem) {
    failed(problem);
  }
  isBusy = false;
  schedule(INTERVAL);
  return entry;
};

const setWrap = (isWrapped) => {
  log.classList.toggle("unwrapped", !isWrapped);
  $("wrap").setAttribute("aria-pressed", isWrapped);
};

$("log-plain").hidden = true;
$("log-tools").hidden = false;
setWrap(localStorage.getItem("wrap") !== "off");
$("wrap").addEventListener("click", () => {
  const isWrapped = log.classList.contains("unwrapped");
  localStorage.setItem("wrap", isWrapped ? "on" : "off");
  setWrap(isWrapped);
});
$("pause").addEventListener("click", () => setPaused(!isPaused));
$("earlier").addEventListener("click", showEarlier);
$("later").addEventListener("click", showLater);
$("copy").addEventListener("click", copyLines);
$("link").addEventListener("click", () => link(current?.entry || firstInView()));
log.addEventListener("click", ({ target: clicked, clientX }) => {
  const line = clicked.closest(".line");
  if (line && clientX - line.getBoundingClientRect().left < MARGIN) link(entryOf.get(line));
});
const form = $("log-search");
form.addEventListener("submit", (event) => {
  event.preventDefault();
  step(event.submitter?.value === "previous" ? -1 : 1);
});
form.elements.text.addEventListener("input", (event) => setPattern(event.target.value));
form.elements.text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.shiftKey) return;
  event.preventDefault();
  step(-1);
});
document.addEventListener("visibilitychange", () => schedule(0));
addEventListener("hashchange", () => location.reload());
const place = /^#line=(\d+)&id=([\da-f-]+)$/.exec(location.hash);
if (place) openLink(place);
else poll();
