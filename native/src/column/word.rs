//! Strings that repeat: an interner, and a dictionary-encoded column on top of it.

use super::{array, ship, Column, StrCol};
use arrow_data::ArrayData;
use arrow_schema::DataType;
use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Another one in each process, so that nobody can send words that all collide.
static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0));

#[inline]
pub fn hash_of(word: &[u8]) -> u64 {
    xxh3_64_with_seed(word, *SEED)
}

/// Words by number and number by word; every stored word is UTF-8.
pub struct Dict {
    words: StrCol,
    /// What `classify` says of each word.
    classes: Vec<u8>,
    table: HashTable<u32>,
    classify: fn(&[u8]) -> u8,
    mark: usize,
}

impl Dict {
    pub fn new(classify: fn(&[u8]) -> u8) -> Self {
        Self {
            words: StrCol::default(),
            classes: Vec::new(),
            table: HashTable::new(),
            classify,
            mark: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.classes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    #[inline]
    pub fn word(&self, id: u32) -> &[u8] {
        self.words.get(id as usize)
    }

    #[inline]
    pub fn class(&self, id: u32) -> u8 {
        self.classes[id as usize]
    }

    /// The number of a word, and whether its bytes were UTF-8 (if not, it is the number of the repaired word).
    #[inline]
    pub fn intern(&mut self, word: &[u8]) -> (u32, bool) {
        let hash = hash_of(word);
        match self
            .table
            .find(hash, |&id| self.words.get(id as usize) == word)
        {
            Some(&id) => (id, true),
            None => self.add(hash, word),
        }
    }

    #[inline(never)]
    fn add(&mut self, hash: u64, word: &[u8]) -> (u32, bool) {
        if simdutf8::basic::from_utf8(word).is_err() {
            let repaired = String::from_utf8_lossy(word).into_owned();
            return (self.intern(repaired.as_bytes()).0, false);
        }
        let id = self.classes.len() as u32;
        self.words.push(word);
        self.classes.push((self.classify)(word));
        let words = &self.words;
        self.table
            .insert_unique(hash, id, |&other| hash_of(words.get(other as usize)));
        (id, true)
    }

    pub fn checkpoint(&mut self) {
        self.mark = self.len();
    }

    pub fn rollback(&mut self) {
        for id in (self.mark..self.len()).rev() {
            let hash = hash_of(self.words.get(id));
            if let Ok(entry) = self.table.find_entry(hash, |&other| other as usize == id) {
                entry.remove();
            }
        }
        self.classes.truncate(self.mark);
        self.words.truncate(self.mark);
    }

    pub fn finish(&mut self) -> ArrayData {
        if self.table.capacity() > 1024 && self.table.capacity() > 8 * self.len() {
            self.table = HashTable::new();
        } else {
            self.table.clear();
        }
        self.classes.clear();
        self.mark = 0;
        self.words.finish()
    }
}

pub fn word_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// Put numbers and words together to a dictionary array.
pub fn words(ids: &mut Vec<i32>, dict: &mut Dict) -> ArrayData {
    let len = ids.len();
    array(word_type(), len, vec![ship(ids)], vec![dict.finish()])
}

/// A dictionary-encoded column of a row each.
pub struct WordCol {
    pub ids: Vec<i32>,
    dict: Dict,
    last: u32,
    repaired: Vec<usize>,
}

impl Default for WordCol {
    fn default() -> Self {
        Self {
            ids: Vec::new(),
            dict: Dict::new(|_| 0),
            last: 0,
            repaired: Vec::new(),
        }
    }
}

impl WordCol {
    #[inline]
    pub fn push(&mut self, word: &[u8]) {
        let id = self.id(word);
        self.ids.push(id);
    }

    /// Repeat a word until there are `rows` rows.
    pub fn fill(&mut self, rows: usize, word: &[u8]) {
        if self.ids.len() < rows {
            let id = self.id(word);
            self.ids.resize(rows, id);
        }
    }

    #[inline]
    fn id(&mut self, word: &[u8]) -> i32 {
        if (self.last as usize) < self.dict.len() && self.dict.word(self.last) == word {
            return self.last as i32;
        }
        let (id, valid) = self.dict.intern(word);
        if !valid {
            self.repaired.push(self.ids.len());
        }
        self.last = id;
        id as i32
    }
}

impl Column for WordCol {
    fn len(&self) -> usize {
        self.ids.len()
    }

    fn truncate(&mut self, n: usize) {
        self.ids.truncate(n);
        self.repaired.retain(|&row| row < n);
    }

    fn checkpoint(&mut self) {
        self.dict.checkpoint();
    }

    fn rollback(&mut self) {
        self.dict.rollback();
    }

    fn repair(&mut self, report: &mut dyn FnMut(usize)) {
        self.repaired.drain(..).for_each(report);
    }

    fn data_type(&self) -> DataType {
        word_type()
    }

    fn finish(&mut self) -> ArrayData {
        self.last = 0;
        words(&mut self.ids, &mut self.dict)
    }
}
