//! A log that is shown: its last lines, where the reader is in them, and what is searched. The text is
//! made harmless as it arrives: only colours pass.

use std::collections::VecDeque;

use super::row::Target;
use super::scroll::Scroll;
use crate::ctl::Channel;
use crate::ctl::harmless_text::TerminalFilter;

/// The most lines and bytes that are kept.
const MAX_LINES: usize = 20_000;
const MAX_BYTES: usize = 8 << 20;
/// A longer line is split.
const MAX_LINE: usize = 8192;

/// The other stream of a process.
pub(super) fn other(channel: Channel) -> Channel {
    match channel {
        Channel::Stdout => Channel::Stderr,
        Channel::Stderr => Channel::Stdout,
    }
}

/// What became of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::top) enum Stream {
    Opening,
    Open,
    /// It cannot be read, or was interrupted; it is tried again.
    Failed(String),
}

#[derive(Debug)]
pub(in crate::top) struct Log {
    /// Distinguishes its bytes from those of an earlier log.
    pub(in crate::top) id: u64,
    pub(in crate::top) process: Target,
    pub(in crate::top) channel: Channel,
    pub(in crate::top) stream: Stream,
    /// Whether new lines move the view.
    pub(in crate::top) is_following: bool,
    pub(in crate::top) is_wrapped: bool,
    /// The lines that are kept, with their colours.
    lines: VecDeque<String>,
    bytes: usize,
    /// Whether the last line has no end yet.
    is_partial: bool,
    filter: TerminalFilter,
    pub(in crate::top) scroll: Scroll,
    /// In lower case; empty for no search.
    pub(in crate::top) search: String,
}

impl Log {
    pub(in crate::top) fn new(id: u64, process: Target, channel: Channel) -> Self {
        Self {
            id,
            process,
            channel,
            stream: Stream::Opening,
            is_following: true,
            is_wrapped: false,
            lines: VecDeque::new(),
            bytes: 0,
            is_partial: false,
            filter: TerminalFilter::default(),
            scroll: Scroll::default(),
            search: String::new(),
        }
    }

    /// The stream begins anew.
    pub(in crate::top) fn restart(&mut self) {
        self.stream = Stream::Open;
        self.lines.clear();
        (self.bytes, self.is_partial) = (0, false);
        self.filter = TerminalFilter::default();
    }

    pub(in crate::top) fn append(&mut self, bytes: &[u8]) {
        let text = self.filter.feed(bytes);
        let text = String::from_utf8_lossy(&text);
        for piece in text.split_inclusive('\n') {
            self.append_piece(piece);
        }
        self.drop_oldest();
        if self.is_following {
            self.scroll.go_to_end(self.lines.len());
        }
    }

    /// A piece contains at most one line end, the last character.
    fn append_piece(&mut self, piece: &str) {
        let line = piece.strip_suffix('\n').unwrap_or(piece);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let mut rest = line;
        loop {
            let room = match self.lines.back() {
                Some(last) if self.is_partial => MAX_LINE.saturating_sub(last.len()),
                _ => MAX_LINE,
            };
            let end = floor_char_boundary(rest, room);
            let (head, tail) = rest.split_at(end);
            match self.lines.back_mut() {
                Some(last) if self.is_partial => last.push_str(head),
                _ => self.lines.push_back(head.to_owned()),
            }
            self.bytes += head.len();
            self.is_partial = tail.is_empty() && !piece.ends_with('\n');
            rest = tail;
            if rest.is_empty() {
                return;
            }
        }
    }

    fn drop_oldest(&mut self) {
        while self.lines.len() > MAX_LINES || self.bytes > MAX_BYTES {
            let Some(line) = self.lines.pop_front() else { return };
            self.bytes -= line.len();
            self.scroll.top = self.scroll.top.saturating_sub(1);
        }
    }

    pub(in crate::top) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(in crate::top) fn line(&self, index: usize) -> Option<&str> {
        self.lines.get(index).map(String::as_str)
    }

    /// Whether a line contains what is searched.
    pub(in crate::top) fn is_match(&self, index: usize) -> bool {
        !self.search.is_empty()
            && self
                .line(index)
                .is_some_and(|line| plain(line).to_lowercase().contains(&self.search))
    }

    pub(in crate::top) fn match_count(&self) -> usize {
        (0..self.len()).filter(|index| self.is_match(*index)).count()
    }

    /// Moves to the next or previous match; false if there is none.
    pub(in crate::top) fn find(&mut self, is_backwards: bool) -> bool {
        let count = self.len();
        let start = self.scroll.top;
        let steps = 1..=count;
        let at = |step: usize| {
            let step = if is_backwards { count - step % count } else { step };
            (start + step) % count
        };
        let found = steps.map(at).find(|index| self.is_match(*index));
        if let Some(index) = found {
            self.is_following = false;
            self.scroll.top = index;
        }
        found.is_some()
    }

    /// Searches from the end of what is visible backwards, as the last lines matter most.
    pub(in crate::top) fn begin_search(&mut self, text: &str) -> bool {
        self.search = text.to_lowercase();
        if self.search.is_empty() {
            return true;
        }
        let last = (0..self.len()).rev().find(|index| self.is_match(*index));
        if let Some(index) = last {
            self.is_following = false;
            self.scroll.top = index;
        }
        last.is_some()
    }
}

/// The largest length up to `room` at which a text can be split.
fn floor_char_boundary(text: &str, room: usize) -> usize {
    if text.len() <= room {
        return text.len();
    }
    // A room that is smaller than the first character takes nothing.
    (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// A line without its colours.
pub(in crate::top) fn plain(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, sequence)) = rest.split_once('\x1b') {
        plain.push_str(before);
        rest = sequence.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> Log {
        let process = Target::Process { group: "web".to_owned(), name: "web".to_owned() };
        Log::new(1, process, Channel::Stdout)
    }

    fn lines(log: &Log) -> Vec<&str> {
        log.lines.iter().map(String::as_str).collect()
    }

    #[test]
    fn lines_may_arrive_in_parts() {
        let mut log = log();
        log.append(b"one\r\ntw");
        log.append(b"o\n\nfour");
        assert_eq!(lines(&log), ["one", "two", "", "four"]);
    }

    #[test]
    fn control_sequences_are_shown_and_colours_pass() {
        let mut log = log();
        log.append(b"\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b[2J\n");
        assert_eq!(lines(&log), ["\x1b[31mred\x1b[0m \\x1b]0;title\\x07\\x1b[2J"]);
        assert_eq!(plain(lines(&log)[0]), "red \\x1b]0;title\\x07\\x1b[2J");
    }

    #[test]
    fn memory_is_bounded() {
        let mut log = log();
        log.append("ü".repeat(MAX_LINE).as_bytes());
        assert_eq!(log.lines.iter().map(String::len).max(), Some(MAX_LINE));
        assert_eq!(log.len(), 2);
        for _ in 0..MAX_LINES {
            log.append(b"line\n");
        }
        assert_eq!(log.len(), MAX_LINES);
        log.append("x\n".repeat(MAX_LINES + 7).as_bytes());
        assert_eq!((log.len(), log.bytes), (MAX_LINES, MAX_LINES));
    }

    #[test]
    fn a_reader_who_does_not_follow_stays_at_a_line() {
        let mut log = log();
        log.append("line\n".repeat(MAX_LINES).as_bytes());
        log.is_following = false;
        log.scroll.top = 100;
        log.append(b"line\nline\n");
        assert_eq!(log.scroll.top, 98);
    }

    #[test]
    fn a_search_begins_at_the_end_and_wraps_around() {
        let mut log = log();
        log.append(b"ERROR one\nfine\nerror two\nfine\n");
        assert!(log.begin_search("Error"));
        assert_eq!((log.scroll.top, log.is_following, log.match_count()), (2, false, 2));
        assert!(log.find(false));
        assert_eq!(log.scroll.top, 0);
        assert!(log.find(true));
        assert_eq!(log.scroll.top, 2);
        assert!(!log.begin_search("nothing"));
        assert!(!log.find(false));
    }
}
