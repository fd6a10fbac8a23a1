//! The part of a long text that is visible.

use super::key::Key;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::top) struct Scroll {
    /// The first visible line.
    pub(in crate::top) top: usize,
    /// The first visible column.
    pub(in crate::top) left: usize,
    /// The height of the view when it was last shown.
    pub(in crate::top) height: usize,
}

impl Scroll {
    /// Moves; `false` if the key does not move anything.
    pub(in crate::top) fn on_key(&mut self, key: Key, count: usize) -> bool {
        let page = self.height.saturating_sub(1).max(1);
        match key {
            Key::Up | Key::Char('k') => self.top = self.top.saturating_sub(1),
            Key::Down | Key::Char('j') => self.top += 1,
            Key::PageUp | Key::Ctrl('b') => self.top = self.top.saturating_sub(page),
            Key::PageDown | Key::Ctrl('f') | Key::Char(' ') => self.top += page,
            Key::Home => self.top = 0,
            Key::End => self.go_to_end(count),
            Key::Left => self.left = self.left.saturating_sub(8),
            Key::Right => self.left += 8,
            _ => return false,
        }
        self.fit(count);
        true
    }

    pub(in crate::top) fn go_to_end(&mut self, count: usize) {
        self.top = self.last(count);
    }

    pub(in crate::top) fn is_at_end(&self, count: usize) -> bool {
        self.top >= self.last(count)
    }

    /// No blank lines below the text.
    pub(in crate::top) fn fit(&mut self, count: usize) {
        self.top = self.top.min(self.last(count));
    }

    fn last(&self, count: usize) -> usize {
        count.saturating_sub(self.height)
    }
}
