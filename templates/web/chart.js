// Draws the last day of a process into each `<div class="chart" data-processname="NAME">`: what it used
// minute by minute, with its starts and ends. Loaded by pages with such an element; drawn again every
// minute while the page is visible. The page also loads texts/LANGUAGE.js.
(() => {
  "use strict";
  const REFRESH = 60000;
  const WIDTH = 720, HEIGHT = 130, LEFT = 58, RIGHT = 8, TOP = 8, BOTTOM = 20;
  const SVG = "http://www.w3.org/2000/svg";
  const HOURS = 3600, LABELS = 6;

  const language = document.documentElement.lang;
  const rounded = (number, digits) => number.toLocaleString(language, {
    minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false,
  });
  const percent = (number) => `${rounded(number, number < 99.95 ? 1 : 0)} %`;
  const size = (kib) => {
    const mb = kib / 1024;
    if (mb < 99.95) return `${rounded(mb, 1)} MB`;
    return mb < 1023.5 ? `${rounded(mb, 0)} MB` : `${rounded(mb / 1024, 1)} GB`;
  };
  // The column of the data, the least number that fills the chart, and how a number is shown.
  const KINDS = [
    ["cpu_percent", 1, percent],
    ["memory_kib", 1024, size],
    ["descriptors", 10, String],
  ];

  // The password may be part of the address of the page; a script must not repeat it there.
  const address = (path) => {
    const url = new URL(path, location.href);
    url.username = url.password = "";
    return url.href;
  };

  const add = (parent, tag, attributes, content) => {
    const element = parent.namespaceURI === SVG || tag === "svg"
      ? document.createElementNS(SVG, tag) : document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    if (content !== undefined) element.textContent = content;
    parent.append(element);
    return element;
  };

  const clock = (seconds) =>
    new Date(seconds * 1000).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });

  const described = ({ time, kind, text: how }) => `${clock(time)} ${word("mark", kind)}${how ? `: ${how}` : ""}`;

  const draw = (place, data, [column, least, format]) => {
    const title = word("chart", column);
    const values = data[column], known = values.filter((it) => it !== null);
    const length = values.length * data.interval;
    const highest = Math.max(least, ...known);
    const x = (time) => LEFT + (time - data.begin) / length * (WIDTH - LEFT - RIGHT);
    const y = (value) => TOP + (1 - value / highest) * (HEIGHT - TOP - BOTTOM);
    const at = (index) => data.begin + (index + 0.5) * data.interval;

    const figure = add(place, "figure", {});
    const caption = add(figure, "figcaption", {});
    add(caption, "b", {}, title);
    const last = values.findLast((it) => it !== null);
    const summary = known.length
      ? text("chart.summary", { last: format(last), most: format(Math.max(...known)) })
      : text("chart.none");
    const shown = add(caption, "output", {}, summary);
    const failures = data.marks.filter(({ kind }) => kind === "failed").length;
    const label = text("chart.label", {
      title, name: data.name, summary, failures: count("chart.failures", failures),
    });
    const chart = add(figure, "svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });

    for (const part of [0, 0.5, 1]) {
      const line = y(highest * part);
      add(chart, "line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: line, y2: line });
      const amount = column === "descriptors" ? String(Math.round(highest * part)) : format(highest * part);
      add(chart, "text", { x: LEFT - 5, y: line + 4, "text-anchor": "end" }, amount);
    }
    const step = Math.max(data.interval, length / LABELS);
    const first = Math.ceil(data.begin / HOURS) * HOURS;
    for (let time = first; time < data.begin + length; time += step) {
      add(chart, "text", { x: x(time), y: HEIGHT - 5, "text-anchor": "middle" }, clock(time));
    }
    const path = values.map((value, index) => {
      if (value === null) return "";
      const point = `${x(at(index)).toFixed(1)} ${y(value).toFixed(1)}`;
      return index && values[index - 1] !== null ? `L${point}` : `M${point}h1`;
    });
    add(chart, "path", { class: "line", d: path.join("") });
    for (const mark of data.marks) {
      const where = x(Math.min(mark.time, data.begin + length));
      const line = { class: mark.kind, x1: where, x2: where, y1: TOP, y2: HEIGHT - BOTTOM };
      add(add(chart, "line", line), "title", {}, described(mark));
    }
    // The minute under the pointer.
    chart.onpointermove = (event) => {
      const box = chart.getBoundingClientRect();
      const within = (event.clientX - box.x) / box.width * WIDTH - LEFT;
      const index = Math.floor(within / (WIDTH - LEFT - RIGHT) * values.length);
      const value = values[index];
      if (value === undefined) return;
      shown.textContent = `${clock(at(index))}: ${value === null ? text("chart.not-measured") : format(value)}`;
    };
    chart.onpointerleave = () => { shown.textContent = summary; };
  };

  const load = async (place) => {
    const name = encodeURIComponent(place.dataset.processname);
    try {
      const answer = await fetch(address(`resources.json?processname=${name}`), { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      const data = await answer.json();
      place.replaceChildren();
      KINDS.forEach((kind) => draw(place, data, kind));
      delete place.dataset.stale;
    } catch {
      // What was drawn stays; the next minute tries again.
      place.dataset.stale = "yes";
    }
  };

  const refresh = () => {
    if (!document.hidden) document.querySelectorAll(".chart[data-processname]").forEach(load);
  };
  refresh();
  setInterval(refresh, REFRESH);
  document.addEventListener("visibilitychange", refresh);
})();
