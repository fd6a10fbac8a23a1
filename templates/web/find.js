// Search and filter while typing, groups that collapse, and actions on what was found. Without this
// script the form is sent to the server, which hides the same rows.
const $ = (selector, inside = document) => inside.querySelector(selector);
const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
const form = $(".filter"), found = $("#found"), actions = $("form.found");
const { q, state } = form.elements;
const collapsed = new Set(JSON.parse(sessionStorage.getItem("collapsed") || "[]"));
$("button", form).hidden = true;

const isActive = () => q.value.trim() !== "" || state.value !== "";

const matches = (row) =>
  $(".name", row).textContent.toLowerCase().includes(q.value.trim().toLowerCase()) &&
  (!state.value || $(".state", row).textContent === state.value);

const heading = (group) => $(".heading", group)?.textContent;

const apply = () => {
  const active = isActive();
  let count = 0;
  for (const group of all("#list tbody")) {
    const isClosed = !active && collapsed.has(heading(group));
    let shown = 0;
    for (const row of all("tr[id]", group)) {
      const isMatch = matches(row);
      shown += isMatch;
      const hidden = !isMatch || isClosed;
      if (row.hidden !== hidden) row.hidden = hidden;
    }
    count += shown;
    group.hidden = shown === 0;
    $(".heading", group)?.setAttribute("aria-expanded", String(!isClosed));
  }
  const text = active ? `${count} found` : "";
  if (found.textContent !== text) found.textContent = text;
  actions.hidden = !active || count === 0;
};

const remember = () => {
  const url = new URL(location.href);
  url.search = new URLSearchParams([["q", q.value], ["state", state.value]].filter(([, v]) => v));
  history.replaceState(null, "", url);
};

// A heading becomes a button, which works by keyboard and is announced as such.
const prepare = () => {
  for (const text of all("#list span.heading")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "heading";
    button.textContent = text.textContent;
    text.replaceWith(button);
  }
  apply();
};

document.addEventListener("click", ({ target }) => {
  if (!target.matches("button.heading")) return;
  const name = target.textContent;
  if (!collapsed.delete(name)) collapsed.add(name);
  sessionStorage.setItem("collapsed", JSON.stringify([...collapsed]));
  apply();
});
form.addEventListener("input", () => { apply(); remember(); });
form.addEventListener("submit", (event) => event.preventDefault());
q.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { q.value = ""; apply(); remember(); }
  if (event.key === "Enter" || event.key === "ArrowDown") {
    event.preventDefault();
    $("#list tr[id]:not([hidden]) .name a")?.focus();
  }
});
actions.addEventListener("submit", () => {
  const field = (name, value) => Object.assign(document.createElement("input"), {
    type: "hidden", name, value,
  });
  const names = all("#list tr[id]:not([hidden])").map((row) => row.id.slice(2));
  $(".names", actions).replaceChildren(
    field("token", $("#list [name=token]").value),
    ...names.map((name) => field("processname", name)),
  );
});
document.addEventListener("replaced", prepare);
document.addEventListener("updated", () => { if (state.value) apply(); });
prepare();
