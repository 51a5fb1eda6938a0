//! The attribute columns: one map per type, arrays of one type in maps of lists, the rest as JSON.

use super::any::{items, key_value, Any};
use super::json_text::write_any;
use crate::column::{BoolCol, Column, ListCol, MapCol, Prim, StrCol};
use crate::error::Result;
use arrow_schema::DataType;

pub struct AttrSet {
    pub strs: MapCol<StrCol>,
    pub ints: MapCol<Prim<i64>>,
    pub floats: MapCol<Prim<f64>>,
    pub bools: MapCol<BoolCol>,
    pub arrays: Option<Box<ArrayMaps>>,
    pub any: MapCol<StrCol>,
}

pub struct ArrayMaps {
    pub strs: MapCol<ListCol<StrCol>>,
    pub ints: MapCol<ListCol<Prim<i64>>>,
    pub floats: MapCol<ListCol<Prim<f64>>>,
    pub bools: MapCol<ListCol<BoolCol>>,
}

/// What kind of array can hold these items.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Items {
    Str,
    Int,
    Float,
    Bool,
    Mixed,
}

/// The class of a key, and its value when it is a string or an integer.
pub enum Seen<'a> {
    Other,
    Str(u8, &'a [u8]),
    Int(u8, i64),
}

impl AttrSet {
    /// With `arrays`, arrays of one scalar type have columns of their own; `classify` names the keys to be reported.
    pub fn new(arrays: bool, classify: fn(&[u8]) -> u8) -> Self {
        let none: fn(&[u8]) -> u8 = |_| 0;
        Self {
            strs: MapCol::new(StrCol::default(), classify),
            ints: MapCol::new(Prim::new(DataType::Int64), classify),
            floats: MapCol::new(Prim::new(DataType::Float64), none),
            bools: MapCol::new(BoolCol::default(), none),
            arrays: arrays.then(|| Box::new(ArrayMaps::new())),
            any: MapCol::new(StrCol::default(), none),
        }
    }

    /// Append the attribute of a `KeyValue` message to the open row.
    #[inline]
    pub fn push<'a>(&mut self, bytes: &'a [u8]) -> Result<Seen<'a>> {
        // The usual case, both lengths in one byte: key, then a string that fills the value.
        if let [0x0a, key_len, rest @ ..] = bytes {
            let key_len = usize::from(*key_len);
            if key_len < 0x80 && rest.len() > key_len + 4 {
                let (key, value) = rest.split_at(key_len);
                if let [0x12, len, 0x0a, text_len, text @ ..] = value {
                    let (len, text_len) = (usize::from(*len), usize::from(*text_len));
                    if len < 0x80 && text_len + 2 == len && text.len() == text_len {
                        let class = self.strs.key(key);
                        self.strs.values.push(text);
                        return Ok(Seen::Str(class, text));
                    }
                }
            }
        }
        self.push_any(bytes)
    }

    fn push_any<'a>(&mut self, bytes: &'a [u8]) -> Result<Seen<'a>> {
        let (key, value) = key_value(bytes)?;
        if let std::borrow::Cow::Borrowed(value) = value {
            return self.push_value(key, Any::read(value)?);
        }
        self.push_value(key, Any::read(&value)?)?;
        Ok(Seen::Other)
    }

    fn push_value<'a>(&mut self, key: &[u8], value: Any<'a>) -> Result<Seen<'a>> {
        match value {
            Any::Str(text) => {
                let class = self.strs.key(key);
                self.strs.values.push(text);
                return Ok(Seen::Str(class, text));
            }
            Any::Int(number) => {
                let class = self.ints.key(key);
                self.ints.values.push(number);
                return Ok(Seen::Int(class, number));
            }
            Any::Double(number) => {
                self.floats.key(key);
                self.floats.values.push(number);
            }
            Any::Bool(flag) => {
                self.bools.key(key);
                self.bools.values.push(flag);
            }
            Any::Array(ref bytes) => match (items_of(bytes)?, self.arrays.as_deref_mut()) {
                (Items::Mixed, _) | (_, None) => self.push_json(key, &value)?,
                (kind, Some(arrays)) => arrays.push(key, kind, bytes)?,
            },
            Any::Empty | Any::KvList(_) | Any::Bytes(_) => self.push_json(key, &value)?,
        }
        Ok(Seen::Other)
    }

    fn push_json(&mut self, key: &[u8], value: &Any<'_>) -> Result<()> {
        write_any(&mut self.any.values.data, value, 0)?;
        self.any.values.close();
        self.any.key(key);
        Ok(())
    }

    #[inline]
    pub fn close_row(&mut self) {
        self.strs.close();
        self.ints.close();
        self.floats.close();
        self.bools.close();
        if let Some(arrays) = self.arrays.as_deref_mut() {
            arrays.strs.close();
            arrays.ints.close();
            arrays.floats.close();
            arrays.bools.close();
        }
        self.any.close();
    }

    /// Forget what was pushed since the last `close_row`.
    pub fn abort_row(&mut self) {
        let rows = self.strs.len();
        self.each(&mut |column| column.truncate(rows));
    }

    /// All columns, in the order of the schema.
    pub fn each<'a>(&'a mut self, visit: &mut dyn FnMut(&'a mut dyn Column)) {
        visit(&mut self.strs);
        visit(&mut self.ints);
        visit(&mut self.floats);
        visit(&mut self.bools);
        if let Some(arrays) = self.arrays.as_deref_mut() {
            visit(&mut arrays.strs);
            visit(&mut arrays.ints);
            visit(&mut arrays.floats);
            visit(&mut arrays.bools);
        }
        visit(&mut self.any);
    }
}

impl AttrSet {
    pub fn types(&self) -> Vec<DataType> {
        let mut all = vec![
            self.strs.data_type(),
            self.ints.data_type(),
            self.floats.data_type(),
            self.bools.data_type(),
        ];
        if let Some(arrays) = self.arrays.as_deref() {
            all.push(arrays.strs.data_type());
            all.push(arrays.ints.data_type());
            all.push(arrays.floats.data_type());
            all.push(arrays.bools.data_type());
        }
        all.push(self.any.data_type());
        all
    }
}

/// The names of the columns, in the order of `AttrSet::each`.
pub fn names(arrays: bool) -> &'static [&'static str] {
    if arrays {
        &[
            "attr_str",
            "attr_int",
            "attr_float",
            "attr_bool",
            "arr_str",
            "arr_int",
            "arr_float",
            "arr_bool",
            "attr_any",
        ]
    } else {
        &[
            "attr_str",
            "attr_int",
            "attr_float",
            "attr_bool",
            "attr_any",
        ]
    }
}

impl ArrayMaps {
    fn new() -> Self {
        let none: fn(&[u8]) -> u8 = |_| 0;
        Self {
            strs: MapCol::new(ListCol::new(StrCol::default()), none),
            ints: MapCol::new(ListCol::new(Prim::new(DataType::Int64)), none),
            floats: MapCol::new(ListCol::new(Prim::new(DataType::Float64)), none),
            bools: MapCol::new(ListCol::new(BoolCol::default()), none),
        }
    }

    fn push(&mut self, key: &[u8], kind: Items, bytes: &[u8]) -> Result<()> {
        items(bytes, |item| {
            match Any::read(item)? {
                Any::Str(text) => self.strs.values.values.push(text),
                Any::Int(number) => self.ints.values.values.push(number),
                Any::Double(number) => self.floats.values.values.push(number),
                Any::Bool(flag) => self.bools.values.values.push(flag),
                _ => unreachable!("the items were looked at before"),
            }
            Ok(())
        })?;
        match kind {
            Items::Int => {
                self.ints.key(key);
                self.ints.values.close();
            }
            Items::Float => {
                self.floats.key(key);
                self.floats.values.close();
            }
            Items::Bool => {
                self.bools.key(key);
                self.bools.values.close();
            }
            Items::Str | Items::Mixed => {
                self.strs.key(key);
                self.strs.values.close();
            }
        }
        Ok(())
    }
}

/// The type that all items share; an empty array counts as one of strings.
pub fn items_of(bytes: &[u8]) -> Result<Items> {
    let mut kind = None;
    items(bytes, |item| {
        let this = match Any::read(item)? {
            Any::Str(_) => Items::Str,
            Any::Int(_) => Items::Int,
            Any::Double(_) => Items::Float,
            Any::Bool(_) => Items::Bool,
            _ => Items::Mixed,
        };
        kind = Some(match kind {
            None => this,
            Some(before) if before == this => this,
            Some(_) => Items::Mixed,
        });
        Ok(())
    })?;
    Ok(kind.unwrap_or(Items::Str))
}
