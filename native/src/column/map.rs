//! Maps from repeating keys to values of any column; duplicate keys are kept in their order.

use super::word::{word_type, words};
use super::{array, optional, owner, required, ship, Column, Dict};
use arrow_data::ArrayData;
use arrow_schema::{DataType, Fields};

pub struct MapCol<C> {
    kind: DataType,
    entries: DataType,
    offsets: Vec<i32>,
    keys: Vec<i32>,
    dict: Dict,
    /// The key that followed each key last time (index 0: the first key of a row): compared before anything is hashed.
    follows: Vec<u32>,
    previous: usize,
    repaired: Vec<usize>,
    pub values: C,
}

impl<C: Column> MapCol<C> {
    pub fn new(values: C, classify: fn(&[u8]) -> u8) -> Self {
        let entries = DataType::Struct(Fields::from(vec![
            required("key", word_type()),
            optional("value", values.data_type()),
        ]));
        Self {
            kind: DataType::Map(required("entries", entries.clone()), false),
            entries,
            offsets: vec![0],
            keys: Vec::new(),
            dict: Dict::new(classify),
            follows: vec![0],
            previous: 0,
            repaired: Vec::new(),
            values,
        }
    }

    /// Append a key, its value is pushed to `values` by the caller. Returns the key's class.
    #[inline]
    pub fn key(&mut self, key: &[u8]) -> u8 {
        let guess = self.follows[self.previous];
        let id = if (guess as usize) < self.dict.len() && self.dict.word(guess) == key {
            guess
        } else {
            self.look_up(key)
        };
        self.keys.push(id as i32);
        self.previous = id as usize + 1;
        self.dict.class(id)
    }

    #[inline(never)]
    fn look_up(&mut self, key: &[u8]) -> u32 {
        let (id, valid) = self.dict.intern(key);
        if !valid {
            self.repaired.push(self.keys.len());
        }
        if self.follows.len() <= self.dict.len() {
            self.follows.resize(self.dict.len() + 1, 0);
        }
        self.follows[self.previous] = id;
        id
    }

    /// End the row.
    #[inline]
    pub fn close(&mut self) {
        self.offsets.push(self.keys.len() as i32);
        self.previous = 0;
    }
}

impl<C: Column> Column for MapCol<C> {
    fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    fn truncate(&mut self, n: usize) {
        self.offsets.truncate(n + 1);
        let keys = self.offsets[self.offsets.len() - 1] as usize;
        if self.keys.len() > keys {
            self.keys.truncate(keys);
            self.repaired.retain(|&at| at < keys);
        }
        self.values.truncate(keys);
        self.previous = 0;
    }

    fn checkpoint(&mut self) {
        self.dict.checkpoint();
        self.values.checkpoint();
    }

    fn rollback(&mut self) {
        self.dict.rollback();
        self.values.rollback();
    }

    fn repair(&mut self, report: &mut dyn FnMut(usize)) {
        let offsets = &self.offsets;
        self.repaired
            .drain(..)
            .for_each(|at| report(owner(offsets, at)));
        self.values.repair(&mut |at| report(owner(offsets, at)));
    }

    fn data_type(&self) -> DataType {
        self.kind.clone()
    }

    fn finish(&mut self) -> ArrayData {
        let (kind, entries) = (self.kind.clone(), self.entries.clone());
        let (rows, pairs) = (self.len(), self.keys.len());
        let offsets = ship(&mut self.offsets);
        self.offsets.push(0);
        self.follows.clear();
        self.follows.push(0);
        self.previous = 0;
        let keys = words(&mut self.keys, &mut self.dict);
        let pairs = array(entries, pairs, Vec::new(), vec![keys, self.values.finish()]);
        array(kind, rows, vec![offsets], vec![pairs])
    }
}
