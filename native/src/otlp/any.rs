//! `AnyValue` and `KeyValue`.

use crate::error::{Error, Result};
use crate::wire::{tag, Reader, I64, LEN, MAX_DEPTH, VARINT};
use std::borrow::Cow;

pub const STRING: u32 = tag(1, LEN);
pub const BOOL: u32 = tag(2, VARINT);
pub const INT: u32 = tag(3, VARINT);
pub const DOUBLE: u32 = tag(4, I64);
pub const ARRAY: u32 = tag(5, LEN);
pub const KVLIST: u32 = tag(6, LEN);
pub const BYTES: u32 = tag(7, LEN);
/// An index into a table of strings that only profiles have: it counts as a value of no type.
const STRING_INDEX: u32 = tag(8, VARINT);
const KEY: u32 = tag(1, LEN);
const VALUE: u32 = tag(2, LEN);
const ITEM: u32 = tag(1, LEN);

#[derive(Clone, Debug, PartialEq)]
pub enum Any<'a> {
    Empty,
    Str(&'a [u8]),
    Bool(bool),
    Int(i64),
    Double(f64),
    Array(Cow<'a, [u8]>),
    KvList(Cow<'a, [u8]>),
    Bytes(&'a [u8]),
}

impl<'a> Any<'a> {
    /// Read the value; of several, the last one counts, and arrays or lists in a row are merged, as protobuf says.
    #[inline]
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        // The usual case is one field that fills the message.
        if let [0x0a, len, value @ ..] = bytes {
            if *len < 0x80 && usize::from(*len) == value.len() {
                return Ok(Any::Str(value));
            }
        }
        Self::read_fields(bytes)
    }

    fn read_fields(bytes: &'a [u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        let mut value = Any::Empty;
        while let Some(tag) = reader.tag()? {
            value = match tag {
                STRING => Any::Str(reader.bytes()?),
                BOOL => Any::Bool(reader.varint()? != 0),
                INT => Any::Int(reader.varint()? as i64),
                DOUBLE => Any::Double(f64::from_bits(reader.fixed64()?)),
                ARRAY => match value {
                    Any::Array(before) => Any::Array(join(before, reader.bytes()?)),
                    _ => Any::Array(Cow::Borrowed(reader.bytes()?)),
                },
                KVLIST => match value {
                    Any::KvList(before) => Any::KvList(join(before, reader.bytes()?)),
                    _ => Any::KvList(Cow::Borrowed(reader.bytes()?)),
                },
                BYTES => Any::Bytes(reader.bytes()?),
                STRING_INDEX => {
                    reader.varint()?;
                    Any::Empty
                }
                _ => {
                    reader.skip(tag)?;
                    value
                }
            };
        }
        Ok(value)
    }
}

/// Two occurrences of one embedded message are the message of both in a row.
pub fn join<'a>(before: Cow<'a, [u8]>, more: &'a [u8]) -> Cow<'a, [u8]> {
    if before.is_empty() {
        return Cow::Borrowed(more);
    }
    let mut both = before.into_owned();
    both.extend_from_slice(more);
    Cow::Owned(both)
}

/// The items of an `ArrayValue`, or the pairs of a `KeyValueList`.
pub fn items<'a>(bytes: &'a [u8], mut each: impl FnMut(&'a [u8]) -> Result<()>) -> Result<()> {
    let mut reader = Reader::new(bytes);
    while let Some(tag) = reader.tag()? {
        match tag {
            ITEM => each(reader.bytes()?)?,
            _ => reader.skip(tag)?,
        }
    }
    Ok(())
}

/// Read a `KeyValue`: the key, and the bytes of the value (none when absent).
#[inline]
pub fn key_value(bytes: &[u8]) -> Result<(&[u8], Cow<'_, [u8]>)> {
    let mut reader = Reader::new(bytes);
    let mut key: &[u8] = &[];
    let mut value: Cow<'_, [u8]> = Cow::Borrowed(&[]);
    while let Some(tag) = reader.tag()? {
        match tag {
            KEY => key = reader.bytes()?,
            VALUE => value = join(value, reader.bytes()?),
            _ => reader.skip(tag)?,
        }
    }
    Ok((key, value))
}

/// Refuse values nested more deeply than any program could mean.
pub fn deeper(depth: u32) -> Result<u32> {
    if depth >= MAX_DEPTH {
        return Err(Error::malformed("an attribute value is nested too deeply"));
    }
    Ok(depth + 1)
}
