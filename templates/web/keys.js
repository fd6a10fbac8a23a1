// The keyboard. The rows of a long list are one stop of the Tab key: arrow keys, or j and k, move
// between them. Letters act on the row that has the focus.
const $ = (selector, inside = document) => inside.querySelector(selector);
const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
// Below this number of rows Tab visits all of them.
const LONG = 30;
const CONTROLS = "a[href], button, input";
const help = $("#help"), enabled = $("#shortcuts");
let current;

const rows = () => all("#list tr[id]:not([hidden])");

const setStops = (row, index) => all(CONTROLS, row).forEach((it) => { it.tabIndex = index; });

const enter = (row) => {
  if (!row || row === current) return;
  if (current) setStops(current, -1);
  current = row;
  setStops(row, 0);
};

const prepare = () => {
  const list = all("#list tr[id]");
  current = undefined;
  if (list.length <= LONG) return;
  list.forEach((row) => setStops(row, -1));
  enter(rows()[0]);
};

const focused = () => document.activeElement.closest("#list tr[id]");

const move = (step) => {
  const list = rows();
  const at = list.indexOf(focused());
  const row = list[at < 0 ? 0 : Math.min(Math.max(at + step, 0), list.length - 1)];
  if (!row) return;
  if (current) enter(row);
  ($(".name a", row) || $(CONTROLS, row))?.focus();
};

const press = (action) => {
  const button = $(`button[value=${action}]:not([hidden]):not(:disabled)`, focused() || help);
  if (button) button.click();
};

const KEYS = {
  j: () => move(1), ArrowDown: () => move(1),
  k: () => move(-1), ArrowUp: () => move(-1),
  s: () => press("start"), r: () => press("restart"), x: () => press("stop"),
  l: () => $(".log-of", focused() || help)?.click(),
  m: () => $(".select input", focused() || help)?.click(),
};
// Those that work everywhere on the page.
const GLOBAL = { "/": () => $(".filter [name=q]").focus(), "?": () => help.showModal() };

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (target.closest("input, select, textarea, dialog") || !enabled.checked) return;
  const act = GLOBAL[key] || ((focused() || key === "j" || key === "k") && KEYS[key]);
  if (!act) return;
  event.preventDefault();
  act();
});
document.addEventListener("focusin", ({ target }) => {
  if (current) enter(target.closest("#list tr[id]"));
});
document.addEventListener("replaced", prepare);
document.addEventListener("updated", () => { if (current && current.hidden) enter(rows()[0]); });

$("#keys").hidden = false;
$("#keys").addEventListener("click", () => help.showModal());
$("[value=close]", help).addEventListener("click", () => help.close());
enabled.checked = localStorage.getItem("shortcuts") !== "off";
enabled.addEventListener("change", () => {
  localStorage.setItem("shortcuts", enabled.checked ? "on" : "off");
});
prepare();
