//! Growing Arrow columns: rows are written once, cut back on a rollback, and handed out without a copy.

mod list;
mod map;
mod plain;
mod text;
mod word;

pub use list::ListCol;
pub use map::MapCol;
pub use plain::{BoolCol, IdCol, Prim};
pub use text::StrCol;
pub use word::{hash_of, Dict, WordCol};

use arrow_buffer::{ArrowNativeType, Buffer};
use arrow_data::ArrayData;
use arrow_schema::{DataType, Field, FieldRef};
use std::sync::Arc;

pub trait Column {
    fn len(&self) -> usize;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Cut back to `n` rows; also drops what was begun after the last whole row.
    fn truncate(&mut self, n: usize);

    /// Remember the state of the dictionaries, so that `rollback` can forget words of a refused request.
    fn checkpoint(&mut self) {}

    /// Forget dictionary words added since `checkpoint`; the rows have been truncated before.
    fn rollback(&mut self) {}

    /// Replace bytes that are no UTF-8 and tell the rows that had them.
    fn repair(&mut self, _report: &mut dyn FnMut(usize)) {}

    fn data_type(&self) -> DataType;

    /// Hand out the rows and start again.
    fn finish(&mut self) -> ArrayData;
}

/// Move a vector into an Arrow buffer and leave an empty one, sized for as much again.
pub fn ship<T: ArrowNativeType>(from: &mut Vec<T>) -> Buffer {
    let next = Vec::with_capacity(from.len() + from.len() / 8);
    Buffer::from_vec(std::mem::replace(from, next))
}

/// The row that owns element `at`, for offsets that start at 0.
pub fn owner(offsets: &[i32], at: usize) -> usize {
    offsets.partition_point(|&o| o as usize <= at) - 1
}

pub fn required(name: &str, kind: DataType) -> FieldRef {
    Arc::new(Field::new(name, kind, false))
}

pub fn optional(name: &str, kind: DataType) -> FieldRef {
    Arc::new(Field::new(name, kind, true))
}

/// Put an array together from parts that fit by construction.
pub fn array(
    kind: DataType,
    len: usize,
    buffers: Vec<Buffer>,
    children: Vec<ArrayData>,
) -> ArrayData {
    let builder = ArrayData::builder(kind)
        .len(len)
        .buffers(buffers)
        .child_data(children);
    if cfg!(debug_assertions) {
        return builder.build().expect("columns fit together");
    }
    // SAFETY: lengths, offsets and types are those of the columns of this crate; checked by `build` in debug builds.
    unsafe { builder.build_unchecked() }
}
