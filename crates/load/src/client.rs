//! One keep-alive HTTP/1.1 connection that costs as little as it can.
//!
//! Goal: the generator shares the cores with the server, so a request is bytes made beforehand
//! and an answer is scanned, not parsed.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::limits::ANSWER_BYTES_MAX;

/// A connection with its buffer.
pub struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
    /// The server said with its last answer that it closes this connection.
    closes: bool,
}

/// An answer, as it lies in the connection's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The HTTP status.
    pub status: u16,
    head: &'a [u8],
    /// The body's bytes.
    pub body: &'a [u8],
}

impl<'a> Answer<'a> {
    /// An answer without headers.
    #[must_use]
    pub const fn of(status: u16, body: &'a [u8]) -> Self {
        Self { status, head: b"", body }
    }

    /// The value of a header, by its name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        header(self.head, name)
    }
}

impl Connection {
    /// Connects; answers are small, so nothing waits to be filled up.
    ///
    /// # Errors
    /// As the system says.
    pub async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = connect(address).await?;
        Ok(Self { address, stream, buffer: Vec::with_capacity(16 * 1024), closes: false })
    }

    /// Sends a whole request and reads the whole answer; over a new connection when the answer
    /// before asked for this one to be closed (RFC 9112 9.6).
    ///
    /// # Errors
    /// As the system says; [`ErrorKind::InvalidData`] when the answer has no length or one
    /// beyond [`ANSWER_BYTES_MAX`].
    pub async fn exchange(&mut self, request: &[u8]) -> std::io::Result<Answer<'_>> {
        self.buffer.clear();
        if self.closes {
            self.stream = connect(self.address).await?;
            self.closes = false;
        }
        self.stream.write_all(request).await?;
        let bounds = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(Error::new(ErrorKind::UnexpectedEof, "the server hung up"));
            }
            if let Some(bounds) = bounds(&self.buffer)? {
                break bounds;
            }
        };
        let (head, body) = self.buffer.split_at(bounds.body_from);
        self.closes = header(head, "connection").is_some_and(|it| it.eq_ignore_ascii_case("close"));
        Ok(Answer { status: bounds.status, head, body })
    }
}

async fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[derive(Debug, PartialEq, Eq)]
struct Bounds {
    status: u16,
    body_from: usize,
}

/// Where the body begins, once the whole answer is there.
fn bounds(bytes: &[u8]) -> std::io::Result<Option<Bounds>> {
    let wrong = |text: &'static str| Error::new(ErrorKind::InvalidData, text);
    if bytes.len() > ANSWER_BYTES_MAX {
        return Err(wrong("the answer is too long"));
    }
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let body_from = end + 4;
    let head = bytes.get(..body_from).unwrap_or_default();
    let status = head.get(9..12).and_then(|text| std::str::from_utf8(text).ok());
    let status = status.and_then(|text| text.parse().ok()).ok_or_else(|| wrong("no status"))?;
    let length = header(head, "content-length").and_then(|text| text.parse::<usize>().ok());
    let length = length.ok_or_else(|| wrong("the answer has no content-length"))?;
    let whole = bytes.len().saturating_sub(body_from) >= length;
    Ok(whole.then_some(Bounds { status, body_from }))
}

fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    head.split(|byte| *byte == b'\n').find_map(|line| {
        let (found, rest) = line.split_at_checked(name.len())?;
        let value = rest.strip_prefix(b":")?;
        let same = found.eq_ignore_ascii_case(name.as_bytes());
        same.then(|| std::str::from_utf8(value).ok().map(str::trim)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &[u8] =
        b"HTTP/1.1 401 Unauthorized\r\ncontent-type: a\r\nContent-Length: 2\r\n\r\n{}";

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let body_from = WHOLE.len() - 2;
        assert_eq!(bounds(WHOLE).unwrap(), Some(Bounds { status: 401, body_from }));
        for cut in [10, WHOLE.len() - 4, WHOLE.len() - 1] {
            assert_eq!(bounds(&WHOLE[..cut]).unwrap(), None, "{cut}");
        }
    }

    #[test]
    fn headers_are_found_in_any_case_and_by_their_whole_name() {
        assert_eq!(header(WHOLE, "content-length"), Some("2"));
        assert_eq!(header(WHOLE, "Content-Type"), Some("a"));
        assert_eq!(header(WHOLE, "length"), None);
        assert_eq!(header(WHOLE, "content"), None);
    }

    #[test]
    fn an_answer_without_a_length_is_refused() {
        assert!(bounds(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(bounds(b"HTTP/1.1 2\r\ncontent-length: 0\r\n\r\n").is_err());
    }
}
