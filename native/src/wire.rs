//! The protobuf wire format: a reader over a slice that never reads outside it, and the few writers that are needed.

use crate::error::{Error, Result};

pub const VARINT: u32 = 0;
pub const I64: u32 = 1;
pub const LEN: u32 = 2;
const GROUP: u32 = 3;
const END_GROUP: u32 = 4;
pub const I32: u32 = 5;

/// How deep messages, arrays and groups of unknown fields may be nested.
pub const MAX_DEPTH: u32 = 64;

/// The tag of a field: number and wire type as they stand on the wire.
pub const fn tag(field: u32, wire_type: u32) -> u32 {
    field << 3 | wire_type
}

#[derive(Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The tag of the next field, `None` at the end.
    #[inline]
    pub fn tag(&mut self) -> Result<Option<u32>> {
        match self.rest.first() {
            None => Ok(None),
            Some(&b) if (8..0x80).contains(&b) => {
                self.rest = &self.rest[1..];
                Ok(Some(u32::from(b)))
            }
            Some(_) => {
                let value = self.varint()?;
                if value < 8 || value > u64::from(u32::MAX) {
                    return Err(Error::malformed("a field number is out of range"));
                }
                Ok(Some(value as u32))
            }
        }
    }

    #[inline]
    pub fn varint(&mut self) -> Result<u64> {
        match *self.rest {
            [a, ..] if a < 0x80 => {
                self.rest = &self.rest[1..];
                Ok(u64::from(a))
            }
            [a, b, ..] if b < 0x80 => {
                self.rest = &self.rest[2..];
                Ok(u64::from(a & 0x7f) | u64::from(b) << 7)
            }
            _ => self.long_varint(),
        }
    }

    #[inline(never)]
    fn long_varint(&mut self) -> Result<u64> {
        let mut value = 0u64;
        for (i, &byte) in self.rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                if i == 9 && byte > 1 {
                    break;
                }
                self.rest = &self.rest[i + 1..];
                return Ok(value);
            }
        }
        Err(Error::malformed("a varint is cut or too long"))
    }

    #[inline]
    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let len = self.varint()?;
        if len > self.rest.len() as u64 {
            return Err(Error::malformed("a field is longer than its message"));
        }
        let (value, rest) = self.rest.split_at(len as usize);
        self.rest = rest;
        Ok(value)
    }

    #[inline]
    pub fn fixed64(&mut self) -> Result<u64> {
        let Some((value, rest)) = self.rest.split_first_chunk::<8>() else {
            return Err(Error::malformed("a fixed64 is cut"));
        };
        self.rest = rest;
        Ok(u64::from_le_bytes(*value))
    }

    #[inline]
    pub fn fixed32(&mut self) -> Result<u32> {
        let Some((value, rest)) = self.rest.split_first_chunk::<4>() else {
            return Err(Error::malformed("a fixed32 is cut"));
        };
        self.rest = rest;
        Ok(u32::from_le_bytes(*value))
    }

    /// Step over a field that is not known, or known with another wire type.
    #[inline(never)]
    pub fn skip(&mut self, tag: u32) -> Result<()> {
        self.skip_at(tag, 0)
    }

    fn skip_at(&mut self, tag: u32, depth: u32) -> Result<()> {
        match tag & 7 {
            VARINT => self.varint().map(|_| ()),
            I64 => self.fixed64().map(|_| ()),
            LEN => self.bytes().map(|_| ()),
            I32 => self.fixed32().map(|_| ()),
            GROUP => self.skip_group(tag >> 3, depth + 1),
            _ => Err(Error::malformed("an unknown wire type")),
        }
    }

    fn skip_group(&mut self, field: u32, depth: u32) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(Error::malformed("groups are nested too deeply"));
        }
        while let Some(inner) = self.tag()? {
            if inner & 7 == END_GROUP {
                if inner >> 3 == field {
                    return Ok(());
                }
                break;
            }
            self.skip_at(inner, depth)?;
        }
        Err(Error::malformed("a group has no end"))
    }
}

pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub const fn varint_len(value: u64) -> usize {
    (70 - (value | 1).leading_zeros() as usize) / 7
}

pub fn put_bytes(out: &mut Vec<u8>, tag: u32, value: &[u8]) {
    put_varint(out, u64::from(tag));
    put_varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_come_back() {
        for shift in 0..64 {
            for value in [1u64 << shift, (1u64 << shift) - 1, u64::MAX >> shift] {
                let mut out = Vec::new();
                put_varint(&mut out, value);
                assert_eq!(out.len(), varint_len(value));
                assert_eq!(Reader::new(&out).varint().unwrap(), value);
            }
        }
    }

    #[test]
    fn a_varint_of_more_than_64_bits_is_refused() {
        let mut bytes = vec![0xff; 9];
        bytes.push(2);
        assert!(Reader::new(&bytes).varint().is_err());
        assert!(Reader::new(&[0x80; 11]).varint().is_err());
        assert!(Reader::new(&[0x80]).varint().is_err());
    }

    #[test]
    fn a_length_beyond_the_end_is_refused() {
        assert!(Reader::new(&[0xff, 0xff, 0xff, 0xff, 0x0f, 1])
            .bytes()
            .is_err());
    }

    #[test]
    fn groups_are_skipped_and_bounded() {
        let mut reader = Reader::new(&[0x1b, 0x08, 1, 0x1c]);
        let first = reader.tag().unwrap().unwrap();
        reader.skip(first).unwrap();
        assert_eq!(reader.tag().unwrap(), None);
        let deep = vec![0x1b; 10_000];
        let mut reader = Reader::new(&deep);
        let first = reader.tag().unwrap().unwrap();
        assert!(reader.skip(first).is_err());
    }
}
