//! Decodes the body of an HTTP response, delimited by length, chunks or the end of the connection.
//! Knows no socket.

/// The maximum length of a chunk-size line.
const MAX_LINE: usize = 1024;

/// The decoding state of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// The number of remaining bytes.
    Length(usize),
    Chunked(Chunk),
    UntilClose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk {
    Size,
    Data(usize),
    /// The line end after the data of a chunk.
    DataEnd,
    /// Trailer lines, up to an empty line.
    Trailer,
    End,
}

impl Framing {
    pub fn is_over(self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunk::End))
    }

    /// Moves available body bytes from `input` to `output`.
    pub fn take(&mut self, input: &mut Vec<u8>, output: &mut Vec<u8>) -> Result<(), String> {
        match self {
            Self::Length(left) => {
                *left -= shift(input, *left, output);
                Ok(())
            }
            Self::UntilClose => {
                output.append(input);
                Ok(())
            }
            Self::Chunked(chunk) => {
                while let Some(next) = chunk.step(input, output)? {
                    *chunk = next;
                }
                Ok(())
            }
        }
    }
}

impl Chunk {
    /// One decoding step; `None` if more input is needed.
    fn step(self, input: &mut Vec<u8>, output: &mut Vec<u8>) -> Result<Option<Self>, String> {
        Ok(match self {
            Self::Size => take_line(input)?.map(|line| read_size(&line)).transpose()?,
            Self::Data(_) if input.is_empty() => None,
            Self::Data(left) => match left - shift(input, left, output) {
                0 => Some(Self::DataEnd),
                left => Some(Self::Data(left)),
            },
            Self::DataEnd => take_line(input)?.map(|_| Self::Size),
            Self::Trailer => take_line(input)?
                .map(|line| if line.is_empty() { Self::End } else { Self::Trailer }),
            Self::End => None,
        })
    }
}

/// Moves up to `count` bytes; returns how many were moved.
fn shift(input: &mut Vec<u8>, count: usize, output: &mut Vec<u8>) -> usize {
    let count = count.min(input.len());
    output.extend(input.drain(..count));
    count
}

fn take_line(input: &mut Vec<u8>) -> Result<Option<Vec<u8>>, String> {
    match input.iter().position(|&byte| byte == b'\n') {
        Some(end) if end <= MAX_LINE => {
            let mut line: Vec<u8> = input.drain(..=end).collect();
            line.truncate(end);
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            Ok(Some(line))
        }
        None if input.len() <= MAX_LINE => Ok(None),
        _ => Err("a chunk has no size".to_owned()),
    }
}

fn read_size(line: &[u8]) -> Result<Chunk, String> {
    let text = String::from_utf8_lossy(line);
    let digits = text.split(';').next().unwrap_or_default().trim();
    match usize::from_str_radix(digits, 16) {
        Ok(0) => Ok(Chunk::Trailer),
        Ok(size) => Ok(Chunk::Data(size)),
        Err(_) => Err(format!("`{}` is not a valid chunk size", digits.escape_debug())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut framing: Framing, pieces: &[&str]) -> (String, bool) {
        let (mut input, mut output) = (Vec::new(), Vec::new());
        for read_available in pieces {
            input.extend_from_slice(read_available.as_bytes());
            framing.take(&mut input, &mut output).expect("well framed");
        }
        (String::from_utf8(output).expect("text"), framing.is_over())
    }

    #[test]
    fn a_length_delimits_the_body() {
        assert_eq!(read(Framing::Length(5), &["he", "llo", "HTTP"]), ("hello".to_owned(), true));
        assert_eq!(read(Framing::Length(5), &["he"]), ("he".to_owned(), false));
    }

    #[test]
    fn chunks_may_be_split_anywhere() {
        let whole = "5\r\nhello\r\n1;x=y\r\n \r\nA\r\nwide world\r\n0\r\n\r\n";
        for cut in 0..whole.len() {
            let got = read(Framing::Chunked(Chunk::Size), &[&whole[..cut], &whole[cut..]]);
            assert_eq!(got, ("hello wide world".to_owned(), true), "cut at {cut}");
        }
    }

    #[test]
    fn an_invalid_chunk_size_is_an_error() {
        let (mut input, mut output) = (b"zz\r\n".to_vec(), Vec::new());
        let error = Framing::Chunked(Chunk::Size).take(&mut input, &mut output);
        assert_eq!(error, Err("`zz` is not a valid chunk size".to_owned()));
    }

    #[test]
    fn a_line_that_is_too_long_is_an_error_in_one_piece_too() {
        let line = format!("{}5\r\n", " ".repeat(MAX_LINE));
        let chunked = || Framing::Chunked(Chunk::Size);
        for size in [1, 100, line.len()] {
            let (mut framing, mut input, mut output) = (chunked(), Vec::new(), Vec::new());
            let mut take = |piece: &[u8]| {
                input.extend_from_slice(piece);
                framing.take(&mut input, &mut output)
            };
            assert!(line.as_bytes().chunks(size).any(|piece| take(piece).is_err()), "{size}");
        }
    }
}
