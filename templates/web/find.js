// Search and filter while typing, pages, groups that collapse, and a selection of processes. Without
// this script the same forms and links are sent to the server.
const $ = (selector, inside = document) => inside.querySelector(selector);
const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
// Milliseconds: what is typed quickly is searched for at once.
const PAUSE = 100;
// An account that may only watch has no form for a selection.
const form = $(".filter"), actions = $("#selection");
const { q, state } = form.elements;
const collapsed = new Set(JSON.parse(sessionStorage.getItem("collapsed") || "[]"));
// Names, across pages and searches.
const selected = new Set();
let page = new URLSearchParams(location.search).get("page") || "", planned;
// The newest list.
let processes = [];
$("button", form).hidden = true;

const isSearch = () => q.value.trim() !== "" || state.value !== "";
const heading = (group) => $(".heading", group)?.textContent;
const name = (row) => row.id.slice(2);
const rows = () => all("#list tr[id]");

const matches = (process) =>
  process.name.toLowerCase().includes(q.value.trim().toLowerCase()) &&
  (!state.value || process.state === state.value);

const setHidden = (element, hidden) => {
  if (element.hidden !== hidden) element.hidden = hidden;
};

const setText = (element, content) => {
  if (element.textContent !== content) element.textContent = content;
};

const collapse = () => {
  for (const group of all("#list tbody")) {
    const isClosed = !isSearch() && collapsed.has(heading(group));
    for (const row of all("tr[id]", group)) setHidden(row, isClosed);
    $(".heading", group)?.setAttribute("aria-expanded", String(!isClosed));
  }
};

// What the buttons of the selection act on.
const scope = () => {
  if (selected.size) return [...selected];
  return isSearch() ? processes.filter((it) => matches(it) && it.actions.length).map((process) => process.name) : [];
};

const showSelection = () => {
  if (!actions) return;
  const n = scope().length;
  setText($(".scope", actions), selected.size ? count("selection.some", n) : count("selection.all-found", n));
  setHidden(actions, n === 0);
  const boxes = all("#list tr[id] .select input");
  boxes.forEach((box) => { box.checked = selected.has(box.value); });
  const box = $("#list thead .select input");
  if (!box) return;
  const checked = boxes.filter((other) => other.checked).length;
  box.checked = checked > 0 && checked === boxes.length;
  box.indeterminate = checked > 0 && !box.checked;
};

// A heading becomes a button, which works by keyboard and is announced as such.
const prepare = () => {
  for (const heading of all("#list span.heading")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "heading";
    button.textContent = heading.textContent;
    heading.replaceWith(button);
  }
  all("#list thead .select input").forEach((box) => { box.hidden = false; });
  collapse();
  showSelection();
};

// The view is part of the address, so that it can be a bookmark.
const show = () => {
  const url = new URL(location.href);
  const fields = [["q", q.value.trim()], ["state", state.value], ["page", page]];
  url.search = new URLSearchParams(fields.filter(([, value]) => value));
  history.replaceState(null, "", url);
  document.dispatchEvent(new Event("view"));
};

const search = () => {
  page = "";
  clearTimeout(planned);
  planned = setTimeout(show, PAUSE);
};

// Whether other processes match than those that are shown.
const isObsolete = () => {
  const length = Number($("#list").dataset.pageLength);
  const found = processes.filter(matches);
  const last = Math.max(1, Math.ceil(found.length / length));
  const first = (Math.min(Math.max(Number(page) || 1, 1), last) - 1) * length;
  const shown = rows();
  const wanted = found.slice(first, first + length);
  return shown.length !== wanted.length || wanted.some((process, at) => process.name !== name(shown[at]));
};

document.addEventListener("click", (event) => {
  const { target } = event;
  if (target.matches("button.heading")) {
    const group = target.textContent;
    if (!collapsed.delete(group)) collapsed.add(group);
    sessionStorage.setItem("collapsed", JSON.stringify([...collapsed]));
    collapse();
  }
  if (target.matches(".pages a") && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    page = new URL(target.href).searchParams.get("page");
    show();
  }
});
document.addEventListener("change", ({ target }) => {
  if (!target.matches("#list .select input")) return;
  const boxes = target.value === "on" ? all("#list tr[id] .select input") : [target];
  boxes.forEach((box) => selected[target.checked ? "add" : "delete"](box.value));
  showSelection();
});
form.addEventListener("input", search);
form.addEventListener("submit", (event) => event.preventDefault());
q.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { q.value = ""; search(); }
  if (event.key === "Enter" || event.key === "ArrowDown") {
    event.preventDefault();
    $("#list tr[id]:not([hidden]) .name a")?.focus();
  }
});
actions?.addEventListener("submit", () => {
  const shown = new Set(rows().map(name));
  const field = (value) => Object.assign(document.createElement("input"), {
    type: "hidden", name: "processname", value,
  });
  // The boxes of this page are part of the form already.
  const names = scope().filter((it) => !(selected.has(it) && shown.has(it)));
  $(".names", actions).replaceChildren(...names.map(field));
});
document.addEventListener("replaced", prepare);
document.addEventListener("updated", ({ detail }) => {
  processes = detail.processes;
  const known = new Set(processes.map((process) => process.name));
  selected.forEach((it) => { if (!known.has(it)) selected.delete(it); });
  if (isObsolete()) document.dispatchEvent(new Event("view"));
  else showSelection();
});
prepare();
