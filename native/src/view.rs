//! Typed views of Arrow columns as they come from Python: words as dictionaries or plain, offsets of any slice.

use crate::error::{Error, Result};
use arrow_data::ArrayData;
use arrow_schema::DataType;

/// The columns of a record batch or of the structs in a list, by name.
pub struct Columns {
    names: Vec<String>,
    data: Vec<ArrayData>,
    pub rows: usize,
}

impl Columns {
    pub fn new(data: &ArrayData) -> Result<Self> {
        let DataType::Struct(fields) = data.data_type() else {
            return Err(wrong("a struct", data));
        };
        let (from, rows) = (data.offset(), data.len());
        Ok(Self {
            names: fields.iter().map(|field| field.name().clone()).collect(),
            data: data
                .child_data()
                .iter()
                .map(|child| child.slice(from, rows))
                .collect(),
            rows,
        })
    }

    pub fn get(&self, name: &str) -> Result<&ArrayData> {
        let at = self.names.iter().position(|n| n == name);
        at.map(|at| &self.data[at])
            .ok_or_else(|| Error::Malformed(format!("the batch has no column {name}")))
    }

    pub fn find(&self, name: &str) -> Option<&ArrayData> {
        self.get(name).ok()
    }

    pub fn plain<T: arrow_buffer::ArrowNativeType>(&self, name: &str) -> Result<&[T]> {
        plain(self.get(name)?)
    }

    pub fn words(&self, name: &str) -> Result<Words<'_>> {
        Words::new(self.get(name)?)
    }

    pub fn ids(&self, name: &str) -> Result<&[[u8; 16]]> {
        let data = self.get(name)?;
        if *data.data_type() != DataType::FixedSizeBinary(16) {
            return Err(wrong("16 bytes", data));
        }
        let bytes = &data.buffers()[0].as_slice()[data.offset() * 16..];
        Ok(&bytes.as_chunks::<16>().0[..data.len()])
    }
}

#[cold]
fn wrong(expected: &str, data: &ArrayData) -> Error {
    Error::Malformed(format!("expected {expected}, got {}", data.data_type()))
}

/// The values of a column of fixed width.
pub fn plain<T: arrow_buffer::ArrowNativeType>(data: &ArrayData) -> Result<&[T]> {
    if data.data_type().primitive_width() != Some(size_of::<T>()) {
        return Err(wrong(std::any::type_name::<T>(), data));
    }
    Ok(&data.buffer::<T>(0)[..data.len()])
}

#[derive(Clone, Copy)]
pub struct Strs<'a> {
    offsets: &'a [i32],
    bytes: &'a [u8],
}

impl<'a> Strs<'a> {
    pub fn new(data: &'a ArrayData) -> Result<Self> {
        match data.data_type() {
            DataType::Utf8 | DataType::Binary => Ok(Self {
                offsets: offsets(data),
                bytes: data.buffers()[1].as_slice(),
            }),
            _ => Err(wrong("strings", data)),
        }
    }

    #[inline]
    pub fn get(&self, i: usize) -> &'a [u8] {
        &self.bytes[self.offsets[i] as usize..self.offsets[i + 1] as usize]
    }
}

/// Strings that repeat; as a dictionary, or plain as an engine may give them back.
#[derive(Clone, Copy)]
pub enum Words<'a> {
    Dict(&'a [i32], Strs<'a>),
    Plain(Strs<'a>),
}

impl<'a> Words<'a> {
    pub fn new(data: &'a ArrayData) -> Result<Self> {
        match data.data_type() {
            DataType::Dictionary(key, _) if **key == DataType::Int32 => Ok(Self::Dict(
                &data.buffer::<i32>(0)[..data.len()],
                Strs::new(&data.child_data()[0])?,
            )),
            _ => Strs::new(data).map(Self::Plain),
        }
    }

    #[inline]
    pub fn get(&self, i: usize) -> &'a [u8] {
        match self {
            Self::Dict(keys, words) => words.get(keys[i] as usize),
            Self::Plain(words) => words.get(i),
        }
    }

    /// The number of the word in its dictionary.
    pub fn id(&self, i: usize) -> Option<usize> {
        match self {
            Self::Dict(keys, _) => Some(keys[i] as usize),
            Self::Plain(_) => None,
        }
    }
}

/// The offsets of a list, map or string column; a single 0 where it has no rows.
pub fn offsets(data: &ArrayData) -> &[i32] {
    if data.is_empty() {
        return &[0];
    }
    &data.buffer::<i32>(0)[..=data.len()]
}

/// The rows of a list or map, and what is inside.
pub struct Lists<'a> {
    offsets: &'a [i32],
    pub items: &'a ArrayData,
}

impl<'a> Lists<'a> {
    pub fn new(data: &'a ArrayData) -> Result<Self> {
        match data.data_type() {
            DataType::List(_) | DataType::Map(_, _) => Ok(Self {
                offsets: offsets(data),
                items: &data.child_data()[0],
            }),
            _ => Err(wrong("lists", data)),
        }
    }

    #[inline]
    pub fn range(&self, row: usize) -> std::ops::Range<usize> {
        self.offsets[row] as usize..self.offsets[row + 1] as usize
    }
}

/// Booleans, a bit each.
pub struct Bools<'a> {
    data: &'a ArrayData,
}

impl<'a> Bools<'a> {
    pub fn new(data: &'a ArrayData) -> Result<Self> {
        match data.data_type() {
            DataType::Boolean => Ok(Self { data }),
            _ => Err(wrong("booleans", data)),
        }
    }

    pub fn get(&self, i: usize) -> bool {
        let at = self.data.offset() + i;
        self.data.buffers()[0].as_slice()[at / 8] >> (at % 8) & 1 == 1
    }
}
