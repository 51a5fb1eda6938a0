//! The texts of JSON: strings, numbers, base64 and hex.

const HEX: &[u8; 16] = b"0123456789abcdef";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// For each byte: 0 to copy it, `u` for `\u00XX`, else the letter after the backslash.
static ESCAPES: [u8; 256] = escapes();

const fn escapes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 0x20 {
        table[i] = b'u';
        i += 1;
    }
    table[8] = b'b';
    table[9] = b't';
    table[10] = b'n';
    table[12] = b'f';
    table[13] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
}

/// A JSON string with quotes; bytes beyond ASCII are copied as they are.
pub fn quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    let mut from = 0;
    for (i, &byte) in text.iter().enumerate() {
        let escape = ESCAPES[byte as usize];
        if escape == 0 {
            continue;
        }
        out.extend_from_slice(&text[from..i]);
        from = i + 1;
        out.extend_from_slice(&[b'\\', escape]);
        if escape == b'u' {
            out.extend_from_slice(b"00");
            hex(out, &[byte]);
        }
    }
    out.extend_from_slice(&text[from..]);
    out.push(b'"');
}

/// A number of JSON, or the string that stands for it where JSON has none.
pub fn double(out: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 {
            b"\"Infinity\""
        } else {
            b"\"-Infinity\""
        });
    } else {
        use std::io::Write;
        let _ = write!(out, "{value:?}");
    }
}

pub fn hex(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        out.push(HEX[usize::from(byte >> 4)]);
        out.push(HEX[usize::from(byte & 15)]);
    }
}

/// Standard alphabet with padding.
pub fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .fold(0u32, |word, &byte| word << 8 | u32::from(byte))
            << (8 * (3 - chunk.len()));
        for i in 0..4 {
            out.push(if i <= chunk.len() {
                BASE64[(word >> (18 - 6 * i) & 63) as usize]
            } else {
                b'='
            });
        }
    }
}

/// Standard or URL-safe alphabet, padding optional; `None` when it is neither.
pub fn unbase64(out: &mut Vec<u8>, text: &[u8]) -> Option<()> {
    let text = match text {
        [rest @ .., b'=', b'='] if text.len().is_multiple_of(4) => rest,
        [rest @ .., b'='] if text.len().is_multiple_of(4) => rest,
        _ => text,
    };
    for chunk in text.chunks(4) {
        if chunk.len() == 1 {
            return None;
        }
        let mut word = 0u32;
        for &letter in chunk {
            word = word << 6 | sextet(letter)?;
        }
        word <<= 6 * (4 - chunk.len());
        out.extend_from_slice(&word.to_be_bytes()[1..chunk.len()]);
    }
    Some(())
}

fn sextet(letter: u8) -> Option<u32> {
    Some(u32::from(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

/// Hex of any case; `None` when it is none.
pub fn unhex(out: &mut Vec<u8>, text: &[u8]) -> Option<()> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    for pair in text.chunks_exact(2) {
        let high = (pair[0] as char).to_digit(16)?;
        let low = (pair[1] as char).to_digit(16)?;
        out.push((high << 4 | low) as u8);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_comes_back_with_and_without_padding() {
        for len in 0..20u8 {
            let bytes: Vec<u8> = (0..len).map(|i| i.wrapping_mul(83) ^ 0xe7).collect();
            let mut text = Vec::new();
            base64(&mut text, &bytes);
            let bare: Vec<u8> = text.iter().copied().filter(|&c| c != b'=').collect();
            let safe: Vec<u8> = bare
                .iter()
                .map(|&c| match c {
                    b'+' => b'-',
                    b'/' => b'_',
                    c => c,
                })
                .collect();
            for form in [text, bare, safe] {
                let mut back = Vec::new();
                unbase64(&mut back, &form).unwrap();
                assert_eq!(back, bytes);
            }
        }
        assert!(unbase64(&mut Vec::new(), b"A").is_none());
        assert!(unbase64(&mut Vec::new(), b"AA=A").is_none());
    }

    #[test]
    fn control_characters_are_escaped() {
        let mut out = Vec::new();
        quoted(&mut out, b"a\"b\\c\n\x01\xc3\xa9");
        assert_eq!(out, b"\"a\\\"b\\\\c\\n\\u0001\xc3\xa9\"");
    }
}
