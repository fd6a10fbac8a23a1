// Keeps the list of processes up to date, and performs actions without leaving the page. Without
// this script the page is the same, but for its age.
(() => {
  "use strict";
  // Milliseconds: without an update for so long, the list is marked as obsolete.
  const LIMIT = 2500, CHECK = 250, PRESENCE = 10000, QUIET = 1000, SECOND = 1000;
  // The server accepts more fields in a form, but not many more.
  const MAX_NAMES = 100;
  // Milliseconds: the result of an action that is older is not awaited after the page was loaded again.
  const MEMORY = 600000;
  // The states in which an action has its result.
  const STARTED = ["running", "exited", "fatal"];
  const SETTLED = { start: STARTED, restart: STARTED, stop: ["stopped", "exited", "fatal"] };
  const $ = (selector, inside = document) => inside.querySelector(selector);
  const message = $("#message"), stale = $("#stale"), confirmation = $("#confirm");
  // The actions of this tab whose results are awaited, with the time of the answer, by process. They
  // outlive the page.
  const awaited = new Map(JSON.parse(sessionStorage.getItem("awaited") || "[]")
    .filter(([, { since }]) => Date.now() - since < MEMORY));
  const keep = () => sessionStorage.setItem("awaited", JSON.stringify([...awaited]));
  // The last known states, and the changes that are not announced yet, by process.
  const states = new Map(), changed = new Map();
  document.querySelectorAll("#list tr[id]").forEach((row) => {
    states.set(row.id.slice(2), $(".state span", row).className);
  });
  let updated = Date.now(), appeared = updated, problem = 0;
  // How many results of jobs were shown. A job may end before its request was answered.
  let results = 0;
  let isStale = false, isReplacing = false, isReplacedAgain = false, isNative = false;

  // The password may be part of the address of the page; a script must not repeat it there.
  const address = (path) => {
    const url = new URL(path, location.href);
    url.username = url.password = "";
    return url.href;
  };

  const setText = (element, content) => {
    if (element.textContent !== content) element.textContent = content;
  };

  const setMessage = (content, isError = false) => {
    message.classList.toggle("error", isError);
    setText(message, content);
  };

  const show = (row, asked, minutes) => {
    const line = document.getElementById("p-" + row.name);
    if (!line) return;
    const state = $(".state span", line);
    state.className = row.state;
    setText(state, word("state", row.state));
    showDescription(line, row, asked);
    showUsage(line, row.usage, minutes);
    showFailure($(".failure", line), row.failure);
    for (const button of line.querySelectorAll("button[name=action]")) {
      const hidden = !row.actions.includes(button.value);
      if (button.hidden === hidden) continue;
      const isFocused = button === document.activeElement;
      button.hidden = hidden;
      if (hidden && isFocused) line.dataset.focus = "lost";
    }
    // The keyboard stays in the row when its button disappears.
    if (line.dataset.focus === "lost") {
      delete line.dataset.focus;
      $("button:not([hidden])", line)?.focus();
    }
  };

  // The uptime counts on between two lists. It is set anew only if it would be off by a second.
  const UPTIME = /(\d+ \p{L}+, )?\d+:\d\d:\d\d/u;
  const showDescription = (line, row, asked) => {
    const place = $(".description > span", line);
    if (row.uptime === undefined) {
      delete line.dataset.since;
    } else {
      const since = asked - row.uptime * 1000;
      const known = Number(line.dataset.since);
      if (!(Math.abs(known - since) < 1500)) line.dataset.since = since;
    }
    setText(place, withUptime(row.description, line.dataset.since));
  };

  const withUptime = (description, since) => {
    if (since === undefined) return description;
    const seconds = Math.max(0, Math.floor((Date.now() - since) / 1000));
    const days = Math.floor(seconds / 86400);
    const two = (number) => String(number).padStart(2, "0");
    const clock = `${Math.floor(seconds / 3600) % 24}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
    return description.replace(UPTIME, (days ? `${count("uptime.days", days)}, ` : "") + clock);
  };

  const tick = () => {
    if (document.hidden || isStale) return;
    for (const line of document.querySelectorAll("#list tr[data-since]")) {
      const place = $(".description > span", line);
      setText(place, withUptime(place.textContent, line.dataset.since));
    }
  };

  const showFailure = (place, failure) => {
    const key = JSON.stringify(failure) || "";
    if (place.dataset.key === key || (!failure && !place.firstElementChild)) return;
    place.dataset.key = key;
    place.replaceChildren();
    if (!failure) return;
    const add = (tag, content) => {
      const element = document.createElement(tag);
      element.textContent = content;
      if (content) place.append(element);
      return element;
    };
    if (failure.cause) add("p", text("failure.last-run", failure));
    if (failure.lines) add("p", text("failure.last-lines", failure));
    add("pre", failure.lines);
  };

  // The least number that fills a small chart, as the server draws it.
  const FULL = { cpu: 10, memory: 1024 };
  const showUsage = (line, usage, minutes) => {
    ["cpu", "memory"].forEach((kind, at) => {
      const place = $(`.usage .${kind}`, line), chart = $("svg", place);
      place.hidden = !usage.now;
      setText($("b", place), usage[kind]);
      const values = chart.dataset.values.split(",");
      for (let passed = 0; passed < Math.min(minutes, values.length); passed++) {
        values.shift();
        values.push("");
      }
      values[values.length - 1] = usage.now ? String(usage.now[at]) : "";
      const all = values.join();
      if (chart.dataset.values === all) return;
      chart.dataset.values = all;
      $("path", chart).setAttribute("d", path(values, FULL[kind]));
    });
    setText($(".usage .more", line), usage.more);
  };

  const path = (values, full) => {
    const highest = Math.max(full, ...values.map(Number));
    return values.map((value, at) => {
      if (value === "") return "";
      const height = (15 - Number(value) / highest * 14).toFixed(1);
      return at && values[at - 1] !== "" ? `L${at} ${height}` : `M${at} ${height}h.5`;
    }).join("");
  };

  // The result of an action of this tab, from a list that is newer than the action. Other changes
  // are announced to screen readers.
  const report = (row, asked) => {
    const before = states.get(row.name);
    states.set(row.name, row.state);
    if (!awaited.has(row.name) && before && before !== row.state) announce(row);
    const { action, since, isQuiet } = awaited.get(row.name) || {};
    if (!action || asked < since || !SETTLED[action].includes(row.state)) return;
    awaited.delete(row.name);
    keep();
    const failed = row.failure !== undefined;
    if (isQuiet && !failed) return;
    const values = { name: row.name, state: word("state", row.state), why: row.failure?.cause };
    if (!failed) setMessage(text("result.state", values));
    else setMessage(values.why ? text("result.failed-why", values) : text("result.failed", values), true);
  };

  // Several changes within a second are one announcement; a state that does not last is none.
  const announce = (row) => {
    if (!STARTED.includes(row.state) && row.state !== "stopped") return;
    if (!changed.size) setTimeout(speak, QUIET);
    changed.set(row.name, row.state);
  };

  const speak = () => {
    const rows = [...changed];
    changed.clear();
    const number = (state) => rows.filter(([, other]) => other === state).length;
    const kinds = [...new Set(rows.map(([, state]) => state))];
    const sentence = rows.length <= 3
      ? rows.map(([name, state]) => text("result.state", { name, state: word("state", state) })).join(", ")
      : text("changes.many", { n: rows.length, states: kinds.map((state) => `${number(state)} ${word("state", state)}`).join(", ") });
    setText($("#changes"), sentence);
  };

  const version = (layout) => layout.slice(0, layout.lastIndexOf("-"));

  const update = (list, asked) => {
    const shown = $("#list");
    if (version(list.layout) !== version(shown.dataset.layout)) return location.reload();
    if (list.layout !== shown.dataset.layout) replace();
    const mood = $(".mood");
    mood.className = "mood " + list.mood;
    setText(mood, word("mood", list.mood));
    const counts = list.counts.map(({ number, state }) => {
      const element = document.createElement("span");
      element.className = state;
      element.textContent = `${number} ${word("state", state)}`;
      return element;
    });
    const place = $(".counts");
    const shownCounts = counts.map((element) => element.textContent).join(" ");
    if (place.textContent.trim() !== shownCounts) {
      place.replaceChildren(...counts.flatMap((element) => [element, " "]));
    }
    setText($("#machine"), list.machine);
    const current = $("#list");
    const minutes = Math.max(0, list.minute - Number(current.dataset.minute));
    current.dataset.minute = list.minute;
    list.processes.forEach((row) => {
      show(row, asked, minutes);
      report(row, asked);
    });
    document.dispatchEvent(new CustomEvent("updated", { detail: list }));
  };

  // Another view, other programs, or a daemon that was started again: its forms have another token.
  const replace = async () => {
    if (isReplacing) return void (isReplacedAgain = true);
    isReplacing = true;
    try {
      const answer = await fetch(address("index.html" + location.search));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = $("#list", page);
      if (answer.ok && fresh) {
        const label = document.activeElement.getAttribute("aria-label");
        $("#list").replaceWith(fresh);
        setText($("#found"), $("#found", page).textContent);
        $("#selection [name=token]").value = $("#selection [name=token]", page).value;
        document.dispatchEvent(new Event("replaced"));
        mark();
        if (label) $(`#list [aria-label="${CSS.escape(label)}"]`)?.focus();
        feed.postMessage("visible");
      }
    } catch {
      // The next list leads here again.
    }
    isReplacing = false;
    if (isReplacedAgain) replace();
    isReplacedAgain = false;
  };
  document.addEventListener("view", replace);

  const mark = () => {
    document.body.classList.toggle("stale", isStale);
    document.querySelectorAll("#list form button, #selection button, #confirm [value=yes]").forEach((button) => {
      button.disabled = isStale;
    });
  };

  const check = () => {
    const age = Date.now() - Math.max(updated, isStale ? 0 : appeared);
    if (document.hidden || age > LIMIT === isStale) return;
    isStale = !isStale;
    const time = new Date(updated).toLocaleTimeString(document.documentElement.lang);
    const why = problem ? text("connection.status", { status: problem }) : text("connection.silent");
    setText(stale, isStale ? text("connection.lost", { time, why }) : "");
    mark();
  };

  // Another name with another version, because tabs of the old one may still be open.
  const connect = () => {
    const url = address("feed.js");
    const name = "supkit " + version($("#list").dataset.layout);
    if (!window.SharedWorker) return new Worker(url, { name });
    const { port } = new SharedWorker(url, name);
    return port;
  };

  const feed = connect();
  ["find.js", "jobs.js", "keys.js"].forEach((name) => import(address(name)));
  feed.onmessage = ({ data }) => {
    if ("problem" in data) return void (problem = data.problem);
    updated = Date.now();
    problem = 0;
    if (data.list) update(data.list, data.asked);
    check();
  };
  const present = () => {
    appeared = Date.now();
    feed.postMessage(document.hidden ? "hidden" : "visible");
  };
  document.addEventListener("visibilitychange", present);
  addEventListener("pagehide", () => feed.postMessage("hidden"));
  addEventListener("pageshow", (event) => { if (event.persisted) present(); });
  setInterval(() => { if (!document.hidden) feed.postMessage("present"); }, PRESENCE);
  setInterval(check, CHECK);
  setInterval(tick, SECOND);
  present();

  // Sends a form. Any answer but the expected one is shown by submitting it as without a script.
  const act = async (form, button, fields) => {
    const names = fields.getAll("processname");
    if (names.length > MAX_NAMES) {
      fields.delete("processname");
      fields.set("names", names.join("\n"));
    }
    button.setAttribute("aria-busy", "true");
    const before = results;
    try {
      const answer = await fetch(address(form.getAttribute("action")), {
        method: "POST", body: fields, headers: { Accept: "application/json" },
      });
      const result = await answer.json();
      const action = button.value, since = Date.now(), isQuiet = names.length !== 1;
      if (!result.is_error && action in SETTLED) {
        members(names).forEach((name) => awaited.set(name, { action, since, isQuiet }));
        keep();
      }
      if (result.job) document.dispatchEvent(new CustomEvent("begun", { detail: result.job }));
      if (results === before || result.is_error) setMessage(result.message, result.is_error);
      feed.postMessage("visible");
    } catch {
      isNative = true;
      if (!isStale) form.requestSubmit(button);
      isNative = false;
    }
    button.removeAttribute("aria-busy");
  };
  document.addEventListener("result", ({ detail }) => {
    results++;
    setMessage(detail.result, detail.isError);
  });

  // The processes behind `group:*`.
  const members = (names) => names.flatMap((name) => {
    if (!name.endsWith(":*")) return [name];
    return [...states.keys()].filter((other) => other.startsWith(name.slice(0, -1)));
  });

  // Whether the user agrees; with a number, how many processes may be out of service.
  const ask = (question, label, hasNumber = false) => new Promise((resolve) => {
    const yes = $("[value=yes]", confirmation), number = $(".number", confirmation);
    setText($("#question"), question);
    setText(yes, label);
    number.hidden = !hasNumber;
    const input = $("input", number);
    const done = (agreed) => { confirmation.close(); resolve(agreed); };
    yes.onclick = () => {
      if (hasNumber && !input.reportValidity()) return;
      done(hasNumber ? input.value : true);
    };
    $("[value=no]", confirmation).onclick = () => done(false);
    confirmation.oncancel = () => resolve(false);
    confirmation.showModal();
    $("[value=no]", confirmation).focus();
  });

  document.addEventListener("submit", async (event) => {
    const { target: form, submitter: button } = event;
    if (isNative || !button || form.method !== "post") return;
    event.preventDefault();
    if (button.getAttribute("aria-busy")) return;
    const fields = new URLSearchParams(new FormData(form, button));
    const names = fields.getAll("processname");
    if (button.value === "restartrolling" && names.length) {
      const name = names.length === 1 ? names[0] : count("processes", names.length);
      const number = await ask(word("question", button.value, { name }), button.textContent, true);
      if (!number) return;
      fields.set("max_unavailable", number);
    }
    if (fields.get("confirm") === "ask") {
      const total = Number($("#list").dataset.total);
      if (!await ask(count(`ask-all.${button.value}`, total), button.textContent)) return;
      fields.delete("confirm");
    }
    act(form, button, fields);
  });
})();
