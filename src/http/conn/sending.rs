//! The replies of a connection: their format, the chunks of streams, and the bytes to write.

use super::{Conn, HIGH_WATER, IDLE_TIMEOUT, LINGER_TIMEOUT, Phase, REQUEST_TIMEOUT, Remaining};
use super::{ReplyFormat, STALL_TIMEOUT};
use crate::http::memory::append;
use crate::http::reply::Body;
use crate::http::{Moment, Reply, Version};

impl Conn {
    /// Starts the reply to the taken request. After [`Body::Stream`], chunks follow.
    pub fn reply(&mut self, mut reply: Reply, now: Moment) {
        let Phase::AwaitingReply(mut format) = self.phase else { return };
        reply = (format.reword)(reply);
        let remaining = match reply.body {
            Body::Full(_) => None,
            _ if format.is_head => None,
            Body::Stream => Some(Remaining::Unknown),
            Body::Sized(length) => Some(Remaining::Bytes(length)),
        };
        let chunked = format.version == Version::Http11;
        let is_endless = matches!(remaining, Some(Remaining::Unknown));
        format.keep &= !reply.close && (chunked || !is_endless);
        self.set_timeout(STALL_TIMEOUT, now);
        let head = reply.head(format.version, format.keep, chunked, now.wall);
        self.output.extend_from_slice(head.as_bytes());
        if let Some(remaining) = remaining {
            self.phase = Phase::Streaming(format, remaining);
            return;
        }
        if let (Body::Full(body), false) = (&mut reply.body, format.is_head) {
            if append(&mut self.output, body).is_err() {
                return self.close();
            }
        }
        self.finish(format, now);
    }

    /// Sends a chunk of a stream. The reply ends when all bytes of an announced length were sent.
    pub fn chunk(&mut self, bytes: &[u8], now: Moment) {
        let Phase::Streaming(format, remaining) = self.phase else { return };
        if bytes.is_empty() {
            return;
        }
        if self.output().is_empty() {
            self.set_timeout(STALL_TIMEOUT, now);
        }
        let is_chunked =
            matches!(remaining, Remaining::Unknown) && format.version != Version::Http10;
        let appended = if is_chunked {
            let length = format!("{:x}\r\n", bytes.len());
            append(&mut self.output, &[length.as_bytes(), bytes, b"\r\n"].concat())
        } else {
            append(&mut self.output, bytes)
        };
        if appended.is_err() {
            return self.close();
        }
        if let Remaining::Bytes(before) = remaining {
            match before.checked_sub(bytes.len() as u64) {
                Some(0) => self.finish(format, now),
                Some(left) => self.phase = Phase::Streaming(format, Remaining::Bytes(left)),
                // more than was announced would be read as the next reply
                None => self.close(),
            }
        }
    }

    fn finish(&mut self, format: ReplyFormat, now: Moment) {
        if format.keep {
            self.phase = Phase::Head;
            self.set_timeout(
                if self.input.is_empty() { IDLE_TIMEOUT } else { REQUEST_TIMEOUT },
                now,
            );
        } else {
            self.phase = Phase::Closing;
            self.input = Vec::new();
        }
    }

    /// How many bytes a stream may send now.
    pub fn stream_capacity(&self) -> usize {
        match self.phase {
            Phase::Streaming(..) => HIGH_WATER.saturating_sub(self.output().len()),
            _ => 0,
        }
    }

    /// The bytes to write to the client.
    pub fn output(&self) -> &[u8] {
        &self.output[self.sent..]
    }

    /// Confirms that `count` bytes were written.
    pub fn on_written(&mut self, count: usize, now: Moment) {
        self.sent += count;
        if self.sent < self.output.len() {
            self.since = now.mono;
            return;
        }
        self.sent = 0;
        // an idle connection holds no buffers
        self.output = Vec::new();
        if self.input.is_empty() {
            self.input = Vec::new();
        }
        match self.phase {
            Phase::Closing => {
                self.phase = Phase::Lingering;
                self.input = Vec::new();
                self.set_timeout(LINGER_TIMEOUT, now);
            }
            // Neither a request nor another event would come.
            Phase::Head if self.has_input_ended && self.input.is_empty() => {
                self.phase = Phase::Closed;
            }
            _ => {}
        }
    }
}
