// Counts the matches in a whole log, and where they are: fetches it in pieces, from the start to the end
// that it has then; lines that arrive later are counted as the page gets them. What the page has skipped
// is fetched. A rotated file is not forgotten.
import { plain } from "./ansi.js";

// How much is fetched at once, and how many lines with matches can be gone to.
const PIECE = 256 * 1024, MAX_LINES = 100000;
const decoder = new TextDecoder();

// `load` fetches a part, `split` divides bytes into lines, and `changed` is called after each step.
export const makeMatches = (load, split, changed) => {
  // `lines` have a file, an offset, their number of matches and that of all before.
  let pattern, lines = [], total = 0, file, end = 0, size = 0, run = 0, isRunning = false;

  const record = (of, at, n) => {
    const last = lines.at(-1);
    if (last?.file === of && last.at === at) {
      lines.pop();
      total -= last.n;
    }
    if (n && lines.length < MAX_LINES) lines.push({ file: of, at, n, before: total });
    total += n;
  };

  const number = (line) => [...line.matchAll(pattern)].length;

  // The last line may lack its end, and come again with more.
  const examine = (part) => {
    const pieces = split(part.bytes, part.start);
    const isWanted = plain(decoder.decode(part.bytes)).search(pattern) >= 0;
    pieces.forEach(({ at, bytes, length }, index) => {
      const isRest = pieces.rest && index === pieces.length - 1;
      if (isWanted) record(file, at, number(plain(decoder.decode(bytes))));
      end = isRest && (isLast(part) || at > part.start) ? at : at + length;
    });
  };

  const isLast = (part) => part.start + part.bytes.length >= part.size;

  const scan = async (mine) => {
    isRunning = true;
    for (;;) {
      let part;
      try {
        part = await load(`behind=${end}&id=${file}&limit=${PIECE}`);
      } catch {
        break;
      }
      if (mine !== run) return;
      if (part.relation !== "same") break;
      size = part.size;
      examine(part);
      if (isLast(part)) break;
      changed();
    }
    isRunning = false;
    changed();
  };

  return {
    // Another text, or none, is searched in a file.
    start(value, of) {
      run++;
      [pattern, lines, total, file, end, size, isRunning] = [value, [], 0, of, 0, 0, false];
      if (pattern && file) scan(run);
    },
    // A line that the page shows, and whether its end is missing.
    extend(entry, isRest) {
      if (!pattern || isRunning) return;
      if (entry.file !== file) {
        [file, end, size] = [entry.file, 0, 0];
        return void scan(++run);
      }
      if (entry.at > end) return void scan(++run);
      if (entry.at < end) return;
      record(file, entry.at, entry.hits.length);
      end = isRest ? entry.at : entry.at + entry.length;
    },
    // The log was cleared: what was found is gone.
    forget(of) {
      this.start(pattern, of);
    },
    get total() { return total; },
    // Percent; nothing at the end.
    get progress() { return isRunning ? Math.floor(100 * end / Math.max(size, 1)) : undefined; },
    // The number of a match among all.
    numberOf(entry, index) {
      const at = lines.findIndex((it) => it.file === entry.file && it.at === entry.at);
      return at < 0 ? 0 : lines[at].before + index + 1;
    },
    // The match after or before one, or at first the one at a line or behind it: its line and its number
    // in that.
    neighbour(entry, index, direction) {
      if (!lines.length) return undefined;
      const files = lines.map((it) => it.file);
      const rank = (of) => files.indexOf(of) < 0 ? files.length : files.indexOf(of);
      let at = lines.findIndex((it) => it.file === entry.file ? it.at >= entry.at : rank(it.file) > rank(entry.file));
      if (at < 0) at = lines.length;
      if (index !== undefined && lines[at]?.at === entry.at && lines[at].file === entry.file) {
        const next = index + direction;
        if (next >= 0 && next < lines[at].n) return { line: lines[at], index: next };
        at += direction;
      } else if (direction < 0) {
        at--;
      }
      const line = lines[(at + lines.length) % lines.length];
      return { line, index: direction > 0 ? 0 : line.n - 1 };
    },
  };
};
