//! Keys, read from the bytes that a terminal sends.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::top) enum Key {
    Char(char),
    Ctrl(char),
    Enter,
    Escape,
    Tab,
    Backspace,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    /// A key without a meaning here.
    Other,
}

const ESCAPE: u8 = 0x1b;
/// No sequence of a key is longer; a longer one is noise.
const LONGEST: usize = 32;

/// Reads keys from a stream that may be cut anywhere.
#[derive(Debug, Default)]
pub(in crate::top) struct KeyReader {
    partial: Vec<u8>,
}

impl KeyReader {
    /// The complete keys.
    pub(in crate::top) fn feed(&mut self, bytes: &[u8]) -> Vec<Key> {
        self.partial.extend_from_slice(bytes);
        let mut keys = Vec::new();
        while let Some((key, length)) = next(&self.partial) {
            keys.push(key);
            self.partial.drain(..length);
        }
        keys
    }

    /// Whether a sequence has begun. If nothing follows for a moment, it was the escape key.
    pub(in crate::top) fn is_partial(&self) -> bool {
        !self.partial.is_empty()
    }

    /// Nothing followed.
    pub(in crate::top) fn give_up(&mut self) -> Option<Key> {
        let partial = std::mem::take(&mut self.partial);
        match partial.as_slice() {
            [] => None,
            [ESCAPE] => Some(Key::Escape),
            _ => Some(Key::Other),
        }
    }
}

/// The first key and its length; `None` if more bytes are needed.
fn next(bytes: &[u8]) -> Option<(Key, usize)> {
    let key = match *bytes.first()? {
        b'\r' | b'\n' => Key::Enter,
        b'\t' => Key::Tab,
        0x7f | 0x08 => Key::Backspace,
        ESCAPE => return sequence(bytes),
        0 => Key::Other,
        code @ 1..=0x1f => Key::Ctrl(char::from(code | 0x60)),
        _ => return character(bytes),
    };
    Some((key, 1))
}

fn character(bytes: &[u8]) -> Option<(Key, usize)> {
    let start = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(error) if error.error_len().is_none() => return None,
        Err(_) => return Some((Key::Other, 1)),
    };
    let character = valid.chars().next()?;
    Some((Key::Char(character), character.len_utf8()))
}

fn sequence(bytes: &[u8]) -> Option<(Key, usize)> {
    match bytes.get(1)? {
        b'O' => Some((named(*bytes.get(2)?), 3)),
        b'[' => control_sequence(bytes),
        // A key that was pressed together with Alt.
        &ESCAPE => Some((Key::Escape, 1)),
        _ => character(&bytes[1..]).map(|(_, length)| (Key::Other, length + 1)),
    }
}

/// `ESC [ parameters letter`
fn control_sequence(bytes: &[u8]) -> Option<(Key, usize)> {
    // The function keys of the Linux console.
    if bytes.get(2) == Some(&b'[') {
        return bytes.get(3).map(|_| (Key::Other, 4));
    }
    let parameters = bytes[2..].iter().take_while(|byte| (0x20..0x40).contains(*byte)).count();
    if parameters > LONGEST {
        return Some((Key::Other, 2 + parameters));
    }
    let last = *bytes.get(2 + parameters)?;
    let key = match (&bytes[2..2 + parameters], last) {
        (b"1" | b"7", b'~') => Key::Home,
        (b"4" | b"8", b'~') => Key::End,
        (b"5", b'~') => Key::PageUp,
        (b"6", b'~') => Key::PageDown,
        (b"", letter) => named(letter),
        _ => Key::Other,
    };
    Some((key, 3 + parameters))
}

fn named(letter: u8) -> Key {
    match letter {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        b'M' => Key::Enter,
        _ => Key::Other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut reader = KeyReader::default();
        let mut keys = reader.feed(bytes);
        keys.extend(reader.give_up());
        keys
    }

    #[test]
    fn keys_are_read_from_their_sequences() {
        assert_eq!(keys(b"q\r"), [Key::Char('q'), Key::Enter]);
        assert_eq!(keys("é\x1b".as_bytes()), [Key::Char('é'), Key::Escape]);
        assert_eq!(keys(b"\x1b[A\x1bOB\x1b[5~"), [Key::Up, Key::Down, Key::PageUp]);
        assert_eq!(keys(b"\x1b[H\x1b[4~\x03"), [Key::Home, Key::End, Key::Ctrl('c')]);
        assert_eq!(
            keys(b"\x1b[1;5A\x1b[[A\x1bxj"),
            [Key::Other, Key::Other, Key::Other, Key::Char('j')]
        );
        assert_eq!(keys(b"\xff\x7f"), [Key::Other, Key::Backspace]);
    }

    #[test]
    fn a_sequence_may_arrive_in_parts() {
        let mut reader = KeyReader::default();
        assert_eq!(reader.feed(b"\x1b["), []);
        assert!(reader.is_partial());
        assert_eq!(reader.feed(b"B"), [Key::Down]);
        assert!(!reader.is_partial());
        assert_eq!(reader.give_up(), None);
    }

    proptest! {
        #[test]
        fn no_bytes_are_kept_forever(bytes in vec(any::<u8>(), 0..80)) {
            let mut reader = KeyReader::default();
            reader.feed(&bytes);
            prop_assert!(reader.partial.len() <= LONGEST + 3);
            reader.give_up();
            prop_assert!(!reader.is_partial());
        }
    }
}
