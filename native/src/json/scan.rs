//! A scanner over JSON text: never recursive, never outside the text.

use crate::error::{Error, Result};

/// How deep objects and arrays may be nested.
pub const MAX_NESTING: u32 = 256;

pub struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    #[cold]
    pub fn error(&self, what: &str) -> Error {
        Error::Malformed(format!("JSON: {what} at byte {}", self.at))
    }

    /// The next byte that is no white space; 0 at the end.
    #[inline]
    pub fn peek(&mut self) -> u8 {
        while let Some(&byte) = self.text.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return byte;
            }
            self.at += 1;
        }
        0
    }

    /// Step over `byte` if it comes next.
    #[inline]
    pub fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte && self.at < self.text.len();
        self.at += usize::from(found);
        found
    }

    #[inline]
    pub fn expect(&mut self, byte: u8) -> Result<()> {
        if self.eat(byte) {
            return Ok(());
        }
        Err(self.error(&format!("expected {:?}", byte as char)))
    }

    /// Step over `null` if it comes next.
    pub fn eat_null(&mut self) -> Result<bool> {
        if self.peek() != b'n' {
            return Ok(false);
        }
        self.word(b"null").map(|()| true)
    }

    pub fn boolean(&mut self) -> Result<bool> {
        match self.peek() {
            b't' => self.word(b"true").map(|()| true),
            b'f' => self.word(b"false").map(|()| false),
            _ => Err(self.error("expected true or false")),
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<()> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        Err(self.error("an unknown word"))
    }

    pub fn end(&mut self) -> Result<()> {
        self.peek();
        if self.at == self.text.len() {
            return Ok(());
        }
        Err(self.error("more text after the end"))
    }

    /// The text of a string between its quotes, and whether it has escapes.
    #[inline]
    pub fn raw_string(&mut self) -> Result<(&'a [u8], bool)> {
        self.expect(b'"')?;
        let from = self.at;
        let mut escaped = false;
        loop {
            self.at += plain_prefix(&self.text[self.at..]);
            match self.text.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok((&self.text[from..self.at - 1], escaped));
                }
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                    if self.at > self.text.len() {
                        self.at = self.text.len();
                        return Err(self.error("a string has no end"));
                    }
                }
                Some(_) => return Err(self.error("a control character in a string")),
                None => return Err(self.error("a string has no end")),
            }
        }
    }

    /// The text of a number.
    pub fn number(&mut self) -> Result<&'a [u8]> {
        self.peek();
        let rest = &self.text[self.at..];
        let len = rest
            .iter()
            .position(|b| !matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .unwrap_or(rest.len());
        if !is_number(&rest[..len]) {
            return Err(self.error("expected a number"));
        }
        self.at += len;
        Ok(&rest[..len])
    }

    /// Step over a value of any kind.
    pub fn skip(&mut self, depth: u32) -> Result<()> {
        // One bit for each open bracket: set for an object.
        let mut open: Vec<bool> = Vec::new();
        loop {
            match self.peek() {
                b'{' | b'[' => {
                    let object = self.text[self.at] == b'{';
                    self.at += 1;
                    if !self.eat(if object { b'}' } else { b']' }) {
                        open.push(object);
                        if depth as usize + open.len() > MAX_NESTING as usize {
                            return Err(self.error("nested too deeply"));
                        }
                        self.key_if(object)?;
                        continue;
                    }
                }
                _ => self.scalar()?,
            }
            if !self.close(&mut open)? {
                return Ok(());
            }
        }
    }

    /// After a value: close what ends here; true when another value follows.
    fn close(&mut self, open: &mut Vec<bool>) -> Result<bool> {
        while let Some(&object) = open.last() {
            if self.eat(b',') {
                self.key_if(object)?;
                return Ok(true);
            }
            self.expect(if object { b'}' } else { b']' })?;
            open.pop();
        }
        Ok(false)
    }

    fn key_if(&mut self, object: bool) -> Result<()> {
        if object {
            let (key, escaped) = self.raw_string()?;
            if escaped {
                unescape(key, &mut Vec::new()).ok_or_else(|| self.error("a broken escape"))?;
            }
            self.expect(b':')?;
        }
        Ok(())
    }

    fn scalar(&mut self) -> Result<()> {
        match self.peek() {
            b'"' => {
                let (text, escaped) = self.raw_string()?;
                if escaped {
                    unescape(text, &mut Vec::new()).ok_or_else(|| self.error("a broken escape"))?;
                }
                Ok(())
            }
            b't' | b'f' => self.boolean().map(|_| ()),
            b'n' => self.word(b"null"),
            _ => self.number().map(|_| ()),
        }
    }
}

/// How many bytes stand before the first quote, backslash or control character; eight at a time.
#[inline]
fn plain_prefix(text: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut at = 0;
    while let Some(chunk) = text.get(at..at + 8) {
        let word = u64::from_le_bytes(chunk.try_into().unwrap_or_default());
        let quote = word ^ (ONES * u64::from(b'"'));
        let slash = word ^ (ONES * u64::from(b'\\'));
        let found = (quote.wrapping_sub(ONES) & !quote
            | slash.wrapping_sub(ONES) & !slash
            | word.wrapping_sub(ONES * 0x20) & !word)
            & HIGH;
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = &text[at..];
    at + rest
        .iter()
        .position(|&b| b < 0x20 || b == b'"' || b == b'\\')
        .unwrap_or(rest.len())
}

/// The grammar of JSON numbers.
pub fn is_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text[0] == b'0') {
        return false;
    }
    let mut rest = &text[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let n = digits(fraction);
        if n == 0 {
            return false;
        }
        rest = &fraction[n..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = match exponent {
            [b'+' | b'-', exponent @ ..] => exponent,
            exponent => exponent,
        };
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

/// Replace the escapes of a string; `None` when one is broken. Half a surrogate pair becomes a byte that is no UTF-8.
pub fn unescape(mut text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    while let Some(at) = text.iter().position(|&b| b == b'\\') {
        out.extend_from_slice(&text[..at]);
        let letter = *text.get(at + 1)?;
        text = &text[at + 2..];
        let byte = match letter {
            b'"' | b'\\' | b'/' => letter,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                text = unicode(text, out)?;
                continue;
            }
            _ => return None,
        };
        out.push(byte);
    }
    out.extend_from_slice(text);
    Some(())
}

fn unicode<'a>(text: &'a [u8], out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (high, rest) = four(text)?;
    if let (0xd800..0xdc00, [b'\\', b'u', tail @ ..]) = (high, rest) {
        let (low, tail) = four(tail)?;
        if let 0xdc00..0xe000 = low {
            put(out, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
            return Some(tail);
        }
    }
    put(out, high);
    Some(rest)
}

fn put(out: &mut Vec<u8>, code: u32) {
    match char::from_u32(code) {
        Some(letter) => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.push(0xff),
    }
}

fn four(text: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_first_chunk::<4>()?;
    let mut code = 0;
    for &digit in digits {
        code = code << 4 | (digit as char).to_digit(16)?;
    }
    Some((code, rest))
}
