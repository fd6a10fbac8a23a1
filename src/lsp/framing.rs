//! The frames of messages: header fields, an empty line, and a JSON text of the announced length.

use std::fmt;

use serde_json::Value;

/// The largest message; the whole text of a file is in one.
const MAX_LENGTH: usize = 64 << 20;
/// The largest header.
const MAX_HEADER: usize = 4096;

/// Why the bytes are no frames. What follows cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    NoLength,
    TooLong,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoLength => "a message without a valid Content-Length",
            Self::TooLong => "a message or its header is too long",
        })
    }
}

/// Collects bytes and takes messages from them.
#[derive(Debug, Default)]
pub struct Frames {
    bytes: Vec<u8>,
}

impl Frames {
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether bytes of an incomplete message are left.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next complete message.
    pub fn next_message(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let Some(end) = find(&self.bytes, b"\r\n\r\n") else {
            let is_too_long = self.bytes.len() > MAX_HEADER;
            return if is_too_long { Err(FrameError::TooLong) } else { Ok(None) };
        };
        let length = content_length(&self.bytes[..end]).ok_or(FrameError::NoLength)?;
        if length > MAX_LENGTH {
            return Err(FrameError::TooLong);
        }
        let start = end + 4;
        if self.bytes.len() < start + length {
            return Ok(None);
        }
        let rest = self.bytes.split_off(start + length);
        let mut message = std::mem::replace(&mut self.bytes, rest);
        Ok(Some(message.split_off(start)))
    }
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    let searched = &bytes[..bytes.len().min(MAX_HEADER + pattern.len())];
    searched.windows(pattern.len()).position(|window| window == pattern)
}

fn content_length(header: &[u8]) -> Option<usize> {
    let header = std::str::from_utf8(header).ok()?;
    let fields = header.split("\r\n").filter_map(|line| line.split_once(':'));
    let mut lengths = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.next()?.1.trim().parse().ok()
}

/// A message in its frame.
pub fn frame(message: &Value) -> Vec<u8> {
    let text = message.to_string();
    format!("Content-Length: {}\r\n\r\n{text}", text.len()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_in_any_pieces() {
        let ü = frame(&serde_json::json!({"ü": 1}));
        let both = [ü.as_slice(), b"content-length: 2\r\nContent-Type: x\r\n\r\n{}"].concat();
        for size in 1..both.len() {
            let mut frames = Frames::default();
            let mut found = Vec::new();
            for piece in both.chunks(size) {
                frames.add(piece);
                while let Some(message) = frames.next_message().unwrap() {
                    found.push(String::from_utf8(message).unwrap());
                }
            }
            assert_eq!(found, ["{\"ü\":1}", "{}"], "pieces of {size}");
            assert!(frames.is_empty());
        }
    }

    #[test]
    fn bytes_without_a_length_are_refused() {
        let next = |bytes: &[u8]| {
            let mut frames = Frames::default();
            frames.add(bytes);
            frames.next_message()
        };
        assert_eq!(next(b"Content-Length: -1\r\n\r\n"), Err(FrameError::NoLength));
        assert_eq!(next(b"GET / HTTP/1.1\r\n\r\n"), Err(FrameError::NoLength));
        assert_eq!(next(b"Content-Length: 99999999999\r\n\r\n"), Err(FrameError::TooLong));
        assert_eq!(next(&[b'x'; 5000]), Err(FrameError::TooLong));
        assert_eq!(next(b"Content-Len"), Ok(None));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(0_u8.., 0..200)) {
            let mut frames = Frames::default();
            frames.add(b"Content-Length: 3\r\n");
            frames.add(&bytes);
            while let Ok(Some(_)) = frames.next_message() {}
        }
    }
}
