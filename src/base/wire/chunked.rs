//! A body in chunks (RFC 9112, section 7.1), parsed as it comes in pieces.

use super::Fault;

/// The framing around the data may be this much longer than the data may be.
const MAX_OVERHEAD: usize = 16 << 10;

/// Hexadecimal digits of a size.
const MAX_DIGITS: u8 = 8;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Size,
    /// An extension, which is ignored.
    Extension,
    SizeEnd,
    Data,
    DataReturn,
    DataEnd,
    /// The start of a line after the last chunk: a trailer, or the end.
    Trailer,
    InTrailer,
    End,
    Done,
}

/// The state of the parser of a body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chunks {
    state: State,
    /// Bytes left of the current chunk.
    left: usize,
    digits: u8,
    overhead: usize,
}

impl Chunks {
    /// Parses what came; data goes to `body`, up to `limit` bytes. Returns how many bytes were consumed,
    /// and whether the body is whole.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        body: &mut Vec<u8>,
        limit: usize,
    ) -> Result<(usize, bool), Fault> {
        let mut rest = bytes;
        while let Some((byte, after)) = rest.split_first() {
            if self.state == State::Data {
                let (data, after) = rest.split_at(self.left.min(rest.len()));
                body.extend_from_slice(data);
                self.left -= data.len();
                if self.left == 0 {
                    self.state = State::DataReturn;
                }
                rest = after;
                continue;
            }
            rest = after;
            self.overhead += 1;
            self.step(*byte, body.len(), limit)?;
            if self.overhead > limit + MAX_OVERHEAD {
                return Err(Fault::TooLarge);
            }
            if self.state == State::Done {
                return Ok((bytes.len() - rest.len(), true));
            }
        }
        Ok((bytes.len(), false))
    }

    fn step(&mut self, byte: u8, had: usize, limit: usize) -> Result<(), Fault> {
        self.state = match (self.state, byte) {
            (State::Size, byte) if byte.is_ascii_hexdigit() => {
                // Leading zeros do not count.
                self.digits = if self.left == 0 { 1 } else { self.digits + 1 };
                if self.digits > MAX_DIGITS {
                    return Err(Fault::TooLarge);
                }
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                self.left = self.left << 4 | digit as usize;
                State::Size
            }
            (State::Size, b'\r') if self.digits > 0 => State::SizeEnd,
            (State::Size, b';' | b' ' | b'\t') if self.digits > 0 => State::Extension,
            (State::Extension, b'\r') => State::SizeEnd,
            (State::Extension, byte) if byte != b'\n' => State::Extension,
            (State::SizeEnd, b'\n') => {
                self.digits = 0;
                match self.left {
                    0 => State::Trailer,
                    more if more > limit.saturating_sub(had) => return Err(Fault::TooLarge),
                    _ => State::Data,
                }
            }
            (State::DataReturn, b'\r') => State::DataEnd,
            (State::DataEnd, b'\n') => State::Size,
            (State::Trailer, b'\r') => State::End,
            (State::Trailer | State::InTrailer, b'\n') if self.state == State::InTrailer => {
                State::Trailer
            }
            (State::Trailer | State::InTrailer, byte) if byte != b'\n' => State::InTrailer,
            (State::End, b'\n') => State::Done,
            _ => return Err(Fault::Malformed),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str, size: usize, limit: usize) -> Result<Option<(String, usize)>, Fault> {
        let (mut chunks, mut body, mut taken) = (Chunks::default(), Vec::new(), 0);
        for piece in text.as_bytes().chunks(size) {
            let (n, done) = chunks.feed(piece, &mut body, limit)?;
            taken += n;
            if done {
                return Ok(Some((String::from_utf8(body).unwrap(), taken)));
            }
        }
        Ok(None)
    }

    #[test]
    fn chunks_become_a_body_however_they_come() {
        let text = "5;x=y\r\nhello\r\n00a \r\n, world...\r\n0\r\nTrailer: x\r\n\r\nGET";
        for size in 1..=text.len() {
            let whole = ("hello, world...".to_owned(), text.len() - 3);
            assert_eq!(decode(text, size, 15), Ok(Some(whole)));
            assert_eq!(decode(text, size, 14), Err(Fault::TooLarge));
        }
        for bad in
            ["\r\n", "x\r\n", "5\nhello\r\n", "1\r\nab", "1\r\na\n", "-1\r\n", "0\r\n\n", "1;\n"]
        {
            assert_eq!(decode(bad, bad.len(), 100), Err(Fault::Malformed), "{bad:?}");
        }
        assert_eq!(decode("100000000\r\n", 3, 100), Err(Fault::TooLarge));
        let endless = format!("1;{}", "x".repeat(1 << 20));
        assert_eq!(decode(&endless, 4096, 100), Err(Fault::TooLarge));
        let endless = format!("0\r\n{}", "a: b\r\n".repeat(1 << 16));
        assert_eq!(decode(&endless, 4096, 100), Err(Fault::TooLarge));
    }
}
