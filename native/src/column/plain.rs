//! Columns of fixed width.

use super::{array, ship, Column};
use arrow_buffer::{ArrowNativeType, BooleanBuffer};
use arrow_data::ArrayData;
use arrow_schema::DataType;

pub struct Prim<T> {
    pub data: Vec<T>,
    kind: DataType,
}

impl<T: ArrowNativeType> Prim<T> {
    pub fn new(kind: DataType) -> Self {
        Self {
            data: Vec::new(),
            kind,
        }
    }

    #[inline]
    pub fn push(&mut self, value: T) {
        self.data.push(value);
    }

    /// Repeat a value until there are `rows` rows.
    pub fn fill(&mut self, rows: usize, value: T) {
        self.data.resize(rows, value);
    }
}

impl<T: ArrowNativeType> Column for Prim<T> {
    fn len(&self) -> usize {
        self.data.len()
    }

    fn truncate(&mut self, n: usize) {
        self.data.truncate(n);
    }

    fn data_type(&self) -> DataType {
        self.kind.clone()
    }

    fn finish(&mut self) -> ArrayData {
        let len = self.data.len();
        array(
            self.kind.clone(),
            len,
            vec![ship(&mut self.data)],
            Vec::new(),
        )
    }
}

/// Booleans, a byte each until they are packed.
#[derive(Default)]
pub struct BoolCol {
    data: Vec<bool>,
}

impl BoolCol {
    #[inline]
    pub fn push(&mut self, value: bool) {
        self.data.push(value);
    }
}

impl Column for BoolCol {
    fn len(&self) -> usize {
        self.data.len()
    }

    fn truncate(&mut self, n: usize) {
        self.data.truncate(n);
    }

    fn data_type(&self) -> DataType {
        DataType::Boolean
    }

    fn finish(&mut self) -> ArrayData {
        let bits = BooleanBuffer::from(self.data.as_slice()).into_inner();
        let len = self.data.len();
        self.data.clear();
        array(DataType::Boolean, len, vec![bits], Vec::new())
    }
}

/// Trace ids: 16 bytes each.
#[derive(Default)]
pub struct IdCol {
    data: Vec<u8>,
}

impl IdCol {
    #[inline]
    pub fn push(&mut self, id: &[u8; 16]) {
        self.data.extend_from_slice(id);
    }
}

impl Column for IdCol {
    fn len(&self) -> usize {
        self.data.len() / 16
    }

    fn truncate(&mut self, n: usize) {
        self.data.truncate(n * 16);
    }

    fn data_type(&self) -> DataType {
        DataType::FixedSizeBinary(16)
    }

    fn finish(&mut self) -> ArrayData {
        let len = self.len();
        array(
            self.data_type(),
            len,
            vec![ship(&mut self.data)],
            Vec::new(),
        )
    }
}
