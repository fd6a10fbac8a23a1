// The texts of the page for its scripts, in the language of the page. TEXTS is written before this by
// the server, from the same catalogue as the page. See CONTRIBUTING.md, "Texts of the web interface".
// A text with its placeholders filled: text("result.state", { name, state }).
globalThis.text = (key, values = {}) =>
  (TEXTS[key] ?? key).replace(/\{([a-z_]+)\}/g, (all, name) => name in values ? values[name] : all);
// KEY.one or KEY.other, with the number as {n}.
globalThis.count = (key, n, values = {}) => text(`${key}.${n === 1 ? "one" : "other"}`, { n, ...values });
// The text of a member of a family, such as a state. If there is none, the member itself.
globalThis.word = (family, member, values) => {
  const key = `${family}.${member}`;
  return key in TEXTS ? text(key, values) : member;
};
