//! The attribute columns back to `KeyValue` messages.

use super::message;
use crate::error::{Error, Result};
use crate::json::{transcode_value, ANY};
use crate::otlp::any::{ARRAY, BOOL, DOUBLE, INT, STRING};
use crate::view::{plain, Bools, Columns, Lists, Strs, Words};
use crate::wire::{put_bytes, put_varint, tag, varint_len, LEN};
use arrow_data::ArrayData;
use std::ops::Range;

const KEY: u32 = tag(1, LEN);
const VALUE: u32 = tag(2, LEN);
const ITEM: u32 = tag(1, LEN);

/// One map column: rows of keys, and its values.
struct Map {
    entries: Columns,
    rows: ArrayData,
}

impl Map {
    fn new(columns: &Columns, name: &str) -> Result<Self> {
        let rows = columns.get(name)?.clone();
        // Slicing keeps the offsets' base: entries are addressed from the start of the child.
        let entries = Columns::new(Lists::new(&rows)?.items)?;
        Ok(Self { entries, rows })
    }

    fn range(&self, row: usize) -> Range<usize> {
        Lists::new(&self.rows).map_or(0..0, |lists| lists.range(row))
    }

    fn keys(&self) -> Result<Words<'_>> {
        self.entries.words("key")
    }

    fn values(&self) -> Result<&ArrayData> {
        self.entries.get("value")
    }
}

/// The attribute columns of a level.
pub struct Maps {
    strs: Map,
    ints: Map,
    floats: Map,
    bools: Map,
    arrays: Option<[Map; 4]>,
    any: Map,
}

/// The same, opened for reading.
pub struct Attrs<'a> {
    maps: &'a Maps,
    strs: (Words<'a>, Strs<'a>),
    ints: (Words<'a>, &'a [i64]),
    floats: (Words<'a>, &'a [f64]),
    bools: (Words<'a>, Bools<'a>),
    any: (Words<'a>, Strs<'a>),
    scratch: std::cell::RefCell<Vec<u8>>,
}

impl Maps {
    pub fn new(columns: &Columns) -> Result<Self> {
        let arrays = columns.find("arr_str").is_some();
        let map = |name| Map::new(columns, name);
        Ok(Self {
            strs: map("attr_str")?,
            ints: map("attr_int")?,
            floats: map("attr_float")?,
            bools: map("attr_bool")?,
            arrays: if arrays {
                Some([
                    map("arr_str")?,
                    map("arr_int")?,
                    map("arr_float")?,
                    map("arr_bool")?,
                ])
            } else {
                None
            },
            any: map("attr_any")?,
        })
    }

    pub fn open(&self) -> Result<Attrs<'_>> {
        Ok(Attrs {
            maps: self,
            strs: (self.strs.keys()?, Strs::new(self.strs.values()?)?),
            ints: (self.ints.keys()?, plain(self.ints.values()?)?),
            floats: (self.floats.keys()?, plain(self.floats.values()?)?),
            bools: (self.bools.keys()?, Bools::new(self.bools.values()?)?),
            any: (self.any.keys()?, Strs::new(self.any.values()?)?),
            scratch: std::cell::RefCell::default(),
        })
    }
}

impl Attrs<'_> {
    /// Write the attributes of a row as fields of `tag`.
    pub fn write(&self, out: &mut Vec<u8>, tag: u32, row: usize) -> Result<()> {
        for i in self.maps.strs.range(row) {
            let text = self.strs.1.get(i);
            head(
                out,
                tag,
                self.strs.0.get(i),
                varint_len(text.len() as u64) + text.len() + 1,
            );
            put_bytes(out, STRING, text);
        }
        for i in self.maps.ints.range(row) {
            let value = self.ints.1[i] as u64;
            head(out, tag, self.ints.0.get(i), 1 + varint_len(value));
            put_varint(out, u64::from(INT));
            put_varint(out, value);
        }
        for i in self.maps.floats.range(row) {
            head(out, tag, self.floats.0.get(i), 9);
            put_double(out, self.floats.1[i]);
        }
        for i in self.maps.bools.range(row) {
            head(out, tag, self.bools.0.get(i), 2);
            put_bool(out, self.bools.1.get(i));
        }
        if let Some(arrays) = &self.maps.arrays {
            for map in arrays {
                self.write_arrays(out, tag, row, map)?;
            }
        }
        for i in self.maps.any.range(row) {
            let mut value = self.scratch.borrow_mut();
            value.clear();
            any_message(self.any.1.get(i), &mut value)?;
            head(out, tag, self.any.0.get(i), value.len());
            out.extend_from_slice(&value);
        }
        Ok(())
    }

    fn write_arrays(&self, out: &mut Vec<u8>, tag: u32, row: usize, map: &Map) -> Result<()> {
        let range = map.range(row);
        if range.is_empty() {
            return Ok(());
        }
        let (keys, lists) = (map.keys()?, Lists::new(map.values()?)?);
        for i in range {
            let mut items = Vec::new();
            write_items(&mut items, lists.items, lists.range(i))?;
            let mut value = Vec::new();
            message(&mut value, ARRAY, &items);
            head(out, tag, keys.get(i), value.len());
            out.extend_from_slice(&value);
        }
        Ok(())
    }
}

/// Write the `AnyValue` whose JSON `text` is.
pub fn any_message(text: &[u8], out: &mut Vec<u8>) -> Result<()> {
    transcode_value(&ANY, text, out, 2)
        .map_err(|error| Error::Malformed(format!("a stored attribute value is broken: {error}")))
}

/// Everything of a `KeyValue` up to the content of its value, which has `len` bytes.
fn head(out: &mut Vec<u8>, tag: u32, key: &[u8], len: usize) {
    let key_len = 1 + varint_len(key.len() as u64) + key.len();
    put_varint(out, u64::from(tag));
    put_varint(out, (key_len + 1 + varint_len(len as u64) + len) as u64);
    put_bytes(out, KEY, key);
    put_varint(out, u64::from(VALUE));
    put_varint(out, len as u64);
}

fn put_double(out: &mut Vec<u8>, value: f64) {
    put_varint(out, u64::from(DOUBLE));
    out.extend_from_slice(&value.to_bits().to_le_bytes());
}

fn put_bool(out: &mut Vec<u8>, value: bool) {
    put_varint(out, u64::from(BOOL));
    out.push(u8::from(value));
}

fn write_items(out: &mut Vec<u8>, items: &ArrayData, range: Range<usize>) -> Result<()> {
    let mut one = Vec::new();
    for i in range {
        one.clear();
        match items.data_type() {
            arrow_schema::DataType::Int64 => {
                put_varint(&mut one, u64::from(INT));
                put_varint(&mut one, plain::<i64>(items)?[i] as u64);
            }
            arrow_schema::DataType::Float64 => put_double(&mut one, plain::<f64>(items)?[i]),
            arrow_schema::DataType::Boolean => put_bool(&mut one, Bools::new(items)?.get(i)),
            _ => put_bytes(&mut one, STRING, Strs::new(items)?.get(i)),
        }
        message(out, ITEM, &one);
    }
    Ok(())
}
