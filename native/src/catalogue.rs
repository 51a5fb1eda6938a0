//! The attribute catalogue: which keys and values of a batch have not been written yet.

use crate::batch::{schema_of, take, Batch};
use crate::column::{BoolCol, Column, Prim, StrCol, WordCol};
use crate::error::Result;
use crate::text::double;
use crate::view::{offsets, plain, Bools, Columns, Lists, Strs};
use arrow_data::ArrayData;
use arrow_schema::{DataType, Schema};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Longer strings are not offered as values.
const MAX_CHARS: usize = 128;
/// Values remembered at most before the memory starts again; the store merges what is then written twice.
const MAX_REMEMBERED: usize = 4 << 20;
const NAMES: [&str; 7] = ["tenant", "day", "level", "key", "type", "value", "more"];
const DAY_S: i64 = 86_400;

/// A key of a type on one level, of one tenant and day.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Place {
    tenant: Box<[u8]>,
    day: i32,
    level: Box<str>,
    key: Box<[u8]>,
    kind: &'static str,
}

#[derive(Default)]
struct Known {
    values: HashSet<u64>,
    /// Not every value is catalogued, and this has been said.
    more: bool,
    /// No more values are taken.
    full: bool,
}

enum Step {
    Value(u32, u64),
    More(u32),
    Full(u32),
}

pub struct Catalogue {
    max_values: usize,
    index: HashMap<Place, u32>,
    places: Vec<(Place, Known)>,
    remembered: usize,
    /// What was handed out since the last commit, newest last.
    pending: Vec<Step>,
    rows: Rows,
    schema: Arc<Schema>,
}

struct Rows {
    tenant: WordCol,
    day: Prim<i32>,
    level: WordCol,
    key: WordCol,
    kind: WordCol,
    value: StrCol,
    more: BoolCol,
}

impl Catalogue {
    pub fn new(max_values: usize) -> Self {
        let mut rows = Rows::new();
        Self {
            schema: schema_of(&rows.columns(), &NAMES),
            max_values,
            index: HashMap::new(),
            places: Vec::new(),
            remembered: 0,
            pending: Vec::new(),
            rows,
        }
    }

    /// The new keys and values of a level: `event` and `link` are read from the lists of spans, others from the rows.
    pub fn scan(&mut self, batch: &ArrayData, level: &str) -> Result<Batch> {
        let columns = Columns::new(batch)?;
        let owners = owners(&columns)?;
        match level {
            "event" | "link" => {
                let rows = columns.get(if level == "event" { "events" } else { "links" })?;
                let lists = Lists::new(rows)?;
                let items = Columns::new(lists.items)?;
                let spread: Vec<_> = owners
                    .iter()
                    .map(|(rows, tenant, day)| {
                        let from = lists.range(rows.start).start;
                        (from..lists.range(rows.end - 1).end, *tenant, *day)
                    })
                    .collect();
                self.maps(&items, level, &spread)?;
            }
            _ => self.maps(&columns, level, &owners)?,
        }
        Ok(take(self.rows.columns(), &self.schema))
    }

    /// What was handed out is written.
    pub fn commit(&mut self) {
        for step in self.pending.drain(..) {
            if let Step::Full(at) = step {
                let values = std::mem::take(&mut self.places[at as usize].1.values);
                self.remembered -= values.len().min(self.remembered);
            }
        }
        if self.remembered + 64 * self.places.len() > MAX_REMEMBERED {
            self.index.clear();
            self.places.clear();
            self.remembered = 0;
        }
    }

    /// What was handed out is not written: it will be handed out again.
    pub fn rollback(&mut self) {
        while let Some(step) = self.pending.pop() {
            match step {
                Step::Value(at, hash) => {
                    self.places[at as usize].1.values.remove(&hash);
                    self.remembered -= 1;
                }
                Step::More(at) => self.places[at as usize].1.more = false,
                Step::Full(at) => self.places[at as usize].1.full = false,
            }
        }
    }

    fn maps(&mut self, columns: &Columns, level: &str, owners: &[Owner<'_>]) -> Result<()> {
        for (name, kind) in [
            ("attr_str", "string"),
            ("attr_int", "int"),
            ("attr_float", "float"),
            ("attr_bool", "bool"),
            ("arr_str", "string"),
            ("arr_int", "int"),
            ("arr_float", "float"),
            ("arr_bool", "bool"),
            ("attr_any", "any"),
        ] {
            if let Some(map) = columns.find(name) {
                self.map(map, level, kind, owners)?;
            }
        }
        Ok(())
    }

    fn map(
        &mut self,
        map: &ArrayData,
        level: &str,
        kind: &'static str,
        owners: &[Owner<'_>],
    ) -> Result<()> {
        let lists = Lists::new(map)?;
        let entries = Columns::new(lists.items)?;
        let keys = entries.words("key")?;
        let values = Values::new(entries.get("value")?, kind)?;
        let mut text = Vec::new();
        for (rows, tenant, day) in owners.iter().filter(|(rows, ..)| !rows.is_empty()) {
            let mut known: Vec<u32> = Vec::new();
            for i in lists.range(rows.start).start..lists.range(rows.end - 1).end {
                let place = || Place {
                    tenant: (*tenant).into(),
                    day: *day,
                    level: level.into(),
                    key: keys.get(i).into(),
                    kind,
                };
                let at = match keys.id(i) {
                    None => self.place(place()),
                    Some(id) => {
                        if known.len() <= id {
                            known.resize(id + 1, u32::MAX);
                        }
                        if known[id] == u32::MAX {
                            known[id] = self.place(place());
                        }
                        known[id]
                    }
                };
                let state = &self.places[at as usize].1;
                if !(state.full && state.more) {
                    values.each(i, &mut text, &mut |value| self.see(at, value));
                }
            }
        }
        Ok(())
    }

    fn place(&mut self, place: Place) -> u32 {
        if let Some(&at) = self.index.get(&place) {
            return at;
        }
        let at = self.places.len() as u32;
        self.index.insert(place.clone(), at);
        self.places.push((place, Known::default()));
        at
    }

    /// Take a value, or `None` for one that cannot be offered.
    fn see(&mut self, at: u32, value: Option<&[u8]>) {
        let (place, known) = &mut self.places[at as usize];
        let fits = value.filter(|value| {
            value.len() <= MAX_CHARS
                || value.len() <= 4 * MAX_CHARS
                    && String::from_utf8_lossy(value).chars().count() <= MAX_CHARS
        });
        if let Some(value) = fits {
            let hash = xxh3_64(value);
            if known.values.contains(&hash) {
                return;
            }
            if !known.full && known.values.len() < self.max_values {
                known.values.insert(hash);
                self.remembered += 1;
                self.pending.push(Step::Value(at, hash));
                self.rows.push(place, value, false);
                return;
            }
            if !known.full {
                known.full = true;
                self.pending.push(Step::Full(at));
            }
        }
        if !known.more {
            known.more = true;
            self.pending.push(Step::More(at));
            self.rows.push(place, b"", true);
        }
    }
}

impl Rows {
    fn new() -> Self {
        Self {
            tenant: WordCol::default(),
            day: Prim::new(DataType::Date32),
            level: WordCol::default(),
            key: WordCol::default(),
            kind: WordCol::default(),
            value: StrCol::default(),
            more: BoolCol::default(),
        }
    }

    fn push(&mut self, place: &Place, value: &[u8], more: bool) {
        self.tenant.push(&place.tenant);
        self.day.push(place.day);
        self.level.push(place.level.as_bytes());
        self.key.push(&place.key);
        self.kind.push(place.kind.as_bytes());
        self.value.push(value);
        self.more.push(more);
    }

    fn columns(&mut self) -> Vec<&mut dyn Column> {
        vec![
            &mut self.tenant,
            &mut self.day,
            &mut self.level,
            &mut self.key,
            &mut self.kind,
            &mut self.value,
            &mut self.more,
        ]
    }
}

/// Rows in a row of one tenant and day.
type Owner<'a> = (Range<usize>, &'a [u8], i32);

fn owners(columns: &Columns) -> Result<Vec<Owner<'_>>> {
    let tenants = columns.words("tenant")?;
    let days: Option<&[i32]> = columns.find("day").map(plain).transpose()?;
    let buckets: &[i64] = match days {
        Some(_) => &[],
        None => columns.plain("bucket")?,
    };
    let mut owners: Vec<Owner<'_>> = Vec::new();
    for row in 0..columns.rows {
        let tenant = tenants.get(row);
        let day = days.map_or_else(|| buckets[row].div_euclid(DAY_S) as i32, |days| days[row]);
        match owners.last_mut() {
            Some((rows, t, d)) if *t == tenant && *d == day => rows.end = row + 1,
            _ => owners.push((row..row + 1, tenant, day)),
        }
    }
    Ok(owners)
}

/// The values of a map as texts; those of an array one by one.
enum Values<'a> {
    Str(Strs<'a>),
    Int(&'a [i64]),
    Float(&'a [f64]),
    Bool(Bools<'a>),
    Array(&'a [i32], Box<Values<'a>>),
    None,
}

impl<'a> Values<'a> {
    fn new(data: &'a ArrayData, kind: &str) -> Result<Self> {
        Ok(match data.data_type() {
            _ if kind == "any" => Self::None,
            DataType::List(_) => Self::Array(
                offsets(data),
                Box::new(Self::new(&data.child_data()[0], kind)?),
            ),
            DataType::Int64 => Self::Int(plain(data)?),
            DataType::Float64 => Self::Float(plain(data)?),
            DataType::Boolean => Self::Bool(Bools::new(data)?),
            _ => Self::Str(Strs::new(data)?),
        })
    }

    fn each(&self, i: usize, text: &mut Vec<u8>, see: &mut dyn FnMut(Option<&[u8]>)) {
        text.clear();
        match self {
            Self::Str(values) => return see(Some(values.get(i))),
            Self::Int(values) => text.extend_from_slice(values[i].to_string().as_bytes()),
            Self::Float(values) if values[i].is_finite() => double(text, values[i]),
            Self::Float(_) | Self::None => return see(None),
            Self::Bool(values) => {
                let value: &[u8] = if values.get(i) { b"true" } else { b"false" };
                text.extend_from_slice(value);
            }
            Self::Array(offsets, items) => {
                let range = offsets[i] as usize..offsets[i + 1] as usize;
                if range.is_empty() {
                    see(None);
                }
                return range.for_each(|at| items.each(at, text, see));
            }
        }
        see(Some(text));
    }
}
