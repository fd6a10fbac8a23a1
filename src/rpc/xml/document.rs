//! An encoded message whose logs are read when it is sent. It is read twice: the first time for its
//! length, because clients of Supervisor rely on a `Content-Length`.

use super::super::log_text::LogText;
use super::escape::Escaper;
use std::rc::Rc;

/// How many bytes of a log are read at once; escaping may make five times as many of them.
const MAX_READ: usize = 6 * 1024;

/// The maximum length of a piece.
pub const MAX_PIECE: usize = 5 * MAX_READ;

/// A message: texts with logs between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// Each log, with the text before it.
    logs: Vec<(String, LogText)>,
    /// The text after the last log.
    text: String,
}

enum Part<'a> {
    Text(&'a str),
    Log(&'a LogText),
}

impl Document {
    /// The text at the end.
    pub(super) fn text(&mut self) -> &mut String {
        &mut self.text
    }

    pub(super) fn log(&mut self, log: LogText) {
        self.logs.push((std::mem::take(&mut self.text), log));
    }

    /// The bytes of the message, unless it contains a log.
    pub fn into_bytes(self) -> Result<Vec<u8>, Self> {
        if self.logs.is_empty() { Ok(self.text.into_bytes()) } else { Err(self) }
    }

    fn part(&self, index: usize) -> Option<Part<'_>> {
        match self.logs.get(index / 2) {
            Some((text, _)) if index % 2 == 0 => Some(Part::Text(text)),
            Some((_, log)) => Some(Part::Log(log)),
            None if index == 2 * self.logs.len() => Some(Part::Text(&self.text)),
            None => None,
        }
    }

    /// The bytes that it occupies.
    pub fn memory(&self) -> usize {
        let part = |(text, _): &(String, LogText)| text.capacity() + size_of::<(String, LogText)>();
        self.text.capacity() + self.logs.iter().map(part).sum::<usize>()
    }
}

/// Reads a document from its start to its end.
pub struct DocumentReader {
    document: Rc<Document>,
    part: usize,
    /// The offset in the part.
    at: u64,
    escaper: Escaper,
}

impl DocumentReader {
    pub fn new(document: Rc<Document>) -> Self {
        Self { document, part: 0, at: 0, escaper: Escaper::default() }
    }

    pub fn document(&self) -> &Rc<Document> {
        &self.document
    }

    /// The next piece; `None` at the end. A log that cannot be read, or has become shorter, ends
    /// early.
    pub fn next_piece(&mut self) -> Option<Vec<u8>> {
        let document = Rc::clone(&self.document);
        let mut piece = String::new();
        while piece.is_empty() {
            match document.part(self.part)? {
                Part::Text(text) => {
                    let from = usize::try_from(self.at).unwrap_or(usize::MAX);
                    let rest = text.as_bytes().get(from..).unwrap_or_default();
                    if !rest.is_empty() {
                        let bytes = &rest[..rest.len().min(MAX_PIECE)];
                        self.at += bytes.len() as u64;
                        return Some(bytes.to_vec());
                    }
                    self.next_part();
                }
                Part::Log(log) => self.read(log, &mut piece),
            }
        }
        Some(piece.into_bytes())
    }

    fn read(&mut self, log: &LogText, piece: &mut String) {
        let mut buffer = [0; MAX_READ];
        let left = usize::try_from(log.length - self.at).unwrap_or(MAX_READ).min(MAX_READ);
        let count = log.source.read_at(log.offset + self.at, &mut buffer[..left]).unwrap_or(0);
        self.escaper.feed(&buffer[..count], piece);
        self.at += count as u64;
        if count == 0 || self.at == log.length {
            self.escaper.finish(piece);
            self.next_part();
        }
    }

    fn next_part(&mut self) {
        self.part += 1;
        self.at = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::log_text::{FileFault, LogSource};
    use super::*;
    use std::sync::Arc;

    struct Memory(Vec<u8>);

    impl LogSource for Memory {
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, FileFault> {
            let rest = self.0.get(offset as usize..).unwrap_or_default();
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        }
    }

    fn all(document: &Rc<Document>) -> String {
        let mut reader = DocumentReader::new(Rc::clone(document));
        let mut out = Vec::new();
        while let Some(piece) = reader.next_piece() {
            assert!(piece.len() <= MAX_PIECE);
            out.extend(piece);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn logs_are_read_between_the_texts() {
        let source: Arc<dyn LogSource> = Arc::new(Memory("é<".repeat(50_000).into_bytes()));
        let mut document = Document::default();
        document.text().push_str(&"a".repeat(100_000));
        document.log(LogText { source: Arc::clone(&source), offset: 3, length: 149_997 });
        document.log(LogText { source: Arc::clone(&source), offset: 0, length: 1 });
        document.log(LogText { source, offset: 149_997, length: 99 });
        document.text().push('b');
        let document = Rc::new(document);
        let log = "é&lt;".repeat(49_999);
        assert_eq!(all(&document), format!("{}{log}\u{fffd}é&lt;b", "a".repeat(100_000)));
        assert!(document.memory() < 200_000);
    }

    #[test]
    fn a_message_without_logs_is_its_bytes() {
        let mut document = Document::default();
        document.text().push_str("abc");
        assert_eq!(document.into_bytes(), Ok(b"abc".to_vec()));
    }
}
