// Lines of a log with the colour sequences of terminals, as elements with classes. Nothing in a line
// becomes markup: other control characters are shown as ^X.
const SEQUENCE = /\x1b\[([\d;:]*)m|\x1b\[[\d;]*K|\r$|[\0-\x08\x0b-\x1f\x7f-\x9f]/g;
const FLAGS = { 1: "bold", 2: "faint", 3: "italic", 4: "underline", 7: "reverse", 9: "strike" };
const ENDS = { 22: ["bold", "faint"], 23: ["italic"], 24: ["underline"], 27: ["reverse"], 29: ["strike"] };

// The style at the start of a log.
export const initial = () => ({ colour: undefined, ground: undefined, flags: [] });

// The nearest of the sixteen colours that every theme has.
const nearest = (red, green, blue) => {
  const most = Math.max(red, green, blue), least = Math.min(red, green, blue);
  if (most - least < 32) return most < 64 ? 0 : most < 144 ? 8 : most < 220 ? 7 : 15;
  const bit = (value) => (value - least > (most - least) / 2 ? 1 : 0);
  return bit(red) + 2 * bit(green) + 4 * bit(blue) + (most > 200 ? 8 : 0);
};

const indexed = (number) => {
  if (number < 16) return number;
  if (number > 231) return nearest(...Array(3).fill(8 + 10 * (number - 232)));
  const level = (value) => value && 55 + 40 * value;
  const cube = number - 16;
  return nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
};

// Reads `5;N` or `2;R;G;B` behind 38 or 48, also with colons, from the codes that follow.
const extended = (parts, codes) => {
  const more = parts.length ? parts : codes;
  const kind = more.shift();
  if (kind === 5) return indexed(more.shift() || 0);
  if (kind !== 2) return undefined;
  // With colons there may be an empty colour space.
  const rgb = parts.length > 3 ? more.splice(1, 3) : more.splice(0, 3);
  return nearest(...[0, 1, 2].map((at) => rgb[at] || 0));
};

const apply = (style, sequence) => {
  const codes = sequence.split(";");
  while (codes.length) {
    const [code, ...parts] = codes.shift().split(":").map(Number);
    if (!code) Object.assign(style, initial());
    else if (code in FLAGS) style.flags = [...new Set([...style.flags, FLAGS[code]])];
    else if (code in ENDS) style.flags = style.flags.filter((flag) => !ENDS[code].includes(flag));
    else if (code === 38 || code === 48) {
      const rest = codes.map(Number), before = rest.length;
      const colour = extended(parts, rest);
      codes.splice(0, before - rest.length);
      style[code === 38 ? "colour" : "ground"] = colour;
    } else if (code === 39) style.colour = undefined;
    else if (code === 49) style.ground = undefined;
    else if (code >= 30 && code < 38) style.colour = code - 30;
    else if (code >= 40 && code < 48) style.ground = code - 40;
    else if (code >= 90 && code < 98) style.colour = code - 82;
    else if (code >= 100 && code < 108) style.ground = code - 92;
  }
};

const classes = ({ colour, ground, flags }) => [
  ...(colour === undefined ? [] : [`c${colour}`]), ...(ground === undefined ? [] : [`g${ground}`]), ...flags,
].join(" ");

// Appends a line to an element, from a style on, which changes with it. Returns the text without
// sequences.
export const render = (line, style, element) => {
  let shown = "", pending = "", at = 0;
  const flush = () => {
    if (!pending) return;
    const names = classes(style);
    const part = names ? document.createElement("span") : document.createTextNode(pending);
    if (names) {
      part.className = names;
      part.textContent = pending;
    }
    element.append(part);
    shown += pending;
    pending = "";
  };
  for (const found of line.matchAll(SEQUENCE)) {
    pending += line.slice(at, found.index);
    at = found.index + found[0].length;
    if (found[1] !== undefined) {
      flush();
      apply(style, found[1]);
    } else if (found[0].length === 1 && found[0] !== "\r") {
      pending += caret(found[0]);
    } else if (found[0] === "\r" && at < line.length) {
      pending += "^M";
    }
  }
  pending += line.slice(at);
  flush();
  return shown;
};

// The text of one or more lines without sequences.
export const plain = (text) => text.replace(SEQUENCE, (found, codes) =>
  codes !== undefined || found.length > 1 || found === "\r" ? "" : caret(found));

const caret = (char) => {
  const code = char.charCodeAt(0);
  return code < 32 || code === 127 ? "^" + String.fromCharCode(code ^ 64) : "\ufffd";
};
