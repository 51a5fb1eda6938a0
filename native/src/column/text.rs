//! Plain UTF-8 strings: bytes are appended unchecked and checked once per batch.

use super::{array, ship, Column};
use arrow_data::ArrayData;
use arrow_schema::DataType;

pub struct StrCol {
    pub offsets: Vec<i32>,
    pub data: Vec<u8>,
}

impl Default for StrCol {
    fn default() -> Self {
        Self {
            offsets: vec![0],
            data: Vec::new(),
        }
    }
}

impl StrCol {
    #[inline]
    pub fn push(&mut self, value: &[u8]) {
        self.data.extend_from_slice(value);
        self.offsets.push(self.data.len() as i32);
    }

    /// Append bytes that were written into `data` directly as the next value.
    pub fn close(&mut self) {
        self.offsets.push(self.data.len() as i32);
    }

    pub fn get(&self, i: usize) -> &[u8] {
        &self.data[self.offsets[i] as usize..self.offsets[i + 1] as usize]
    }

    /// All of the bytes are UTF-8 and every value begins at a character.
    fn is_valid(&self) -> bool {
        if self.data.is_ascii() {
            return true;
        }
        if simdutf8::basic::from_utf8(&self.data).is_err() {
            return false;
        }
        self.offsets
            .iter()
            .all(|&o| self.data.get(o as usize).is_none_or(|b| b & 0xc0 != 0x80))
    }
}

impl Column for StrCol {
    fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    fn truncate(&mut self, n: usize) {
        self.offsets.truncate(n + 1);
        self.data
            .truncate(self.offsets[self.offsets.len() - 1] as usize);
    }

    fn repair(&mut self, report: &mut dyn FnMut(usize)) {
        if self.is_valid() {
            return;
        }
        let mut fixed = Self::default();
        for i in 0..self.len() {
            let value = self.get(i);
            match simdutf8::basic::from_utf8(value) {
                Ok(_) => fixed.push(value),
                Err(_) => {
                    fixed.push(String::from_utf8_lossy(value).as_bytes());
                    report(i);
                }
            }
        }
        *self = fixed;
    }

    fn data_type(&self) -> DataType {
        DataType::Utf8
    }

    fn finish(&mut self) -> ArrayData {
        let len = self.len();
        let buffers = vec![ship(&mut self.offsets), ship(&mut self.data)];
        self.offsets.push(0);
        array(DataType::Utf8, len, buffers, Vec::new())
    }
}
