//! The stable 64-bit id of a resource or scope: a hash of its sorted content.

use super::any::{items, key_value, Any};
use super::attrs::{items_of, Items};
use super::json_text::write_any;
use crate::error::Result;
use xxhash_rust::xxh3::xxh3_64;

/// Attributes by (key, type, value) in their canonical bytes.
#[derive(Default)]
pub struct Canonical {
    entries: Vec<(Vec<u8>, u8, Vec<u8>)>,
    /// Some text was no UTF-8.
    pub repaired: bool,
}

impl Canonical {
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        let (key, value) = key_value(bytes)?;
        let mut out = Vec::new();
        let kind = self.value(&Any::read(&value)?, &mut out)?;
        let key = self.text(key);
        self.entries.push((key, kind, out));
        Ok(())
    }

    fn value(&mut self, value: &Any<'_>, out: &mut Vec<u8>) -> Result<u8> {
        Ok(match value {
            Any::Str(text) => {
                *out = self.text(text);
                1
            }
            Any::Int(number) => {
                out.extend_from_slice(&number.to_le_bytes());
                2
            }
            Any::Double(number) => {
                out.extend_from_slice(&number.to_bits().to_le_bytes());
                3
            }
            Any::Bool(flag) => {
                out.push(u8::from(*flag));
                4
            }
            Any::Array(bytes) if items_of(bytes)? != Items::Mixed => {
                let mut kind = 5;
                items(bytes, |item| {
                    let mut one = Vec::new();
                    kind = 4 + self.value(&Any::read(item)?, &mut one)?;
                    put(out, &one);
                    Ok(())
                })?;
                kind
            }
            other => {
                let mut text = Vec::new();
                write_any(&mut text, other, 0)?;
                *out = self.text(&text);
                9
            }
        })
    }

    pub fn text(&mut self, bytes: &[u8]) -> Vec<u8> {
        match String::from_utf8_lossy(bytes) {
            std::borrow::Cow::Borrowed(text) => text.as_bytes().to_vec(),
            std::borrow::Cow::Owned(text) => {
                self.repaired = true;
                text.into_bytes()
            }
        }
    }

    /// The first attribute of a key that is a string.
    pub fn string(&self, key: &[u8]) -> Option<&[u8]> {
        self.entries
            .iter()
            .find(|(k, kind, _)| *kind == 1 && k == key)
            .map(|(_, _, value)| value.as_slice())
    }

    /// Hash the sorted attributes, then `texts` (schema URL; name and version of a scope), then the dropped count.
    pub fn id(mut self, texts: &[&[u8]], dropped: u32) -> u64 {
        self.entries.sort();
        let mut all = Vec::new();
        for (key, kind, value) in &self.entries {
            put(&mut all, key);
            all.push(*kind);
            put(&mut all, value);
        }
        for text in texts {
            put(&mut all, text);
        }
        all.extend_from_slice(&dropped.to_le_bytes());
        xxh3_64(&all)
    }
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}
