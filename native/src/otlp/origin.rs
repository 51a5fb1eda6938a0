//! Resources and scopes: recognised by their raw bytes, parsed once, written once per batch, tenant and day.

use super::any::join;
use super::attrs::{names, AttrSet};
use super::canonical::Canonical;
use super::fields::{resource, scope};
use super::row::NS;
use crate::column::{hash_of, Column, Prim, StrCol, WordCol};
use crate::error::Result;
use crate::wire::Reader;
use arrow_schema::{DataType, TimeUnit};
use hashbrown::HashTable;
use std::borrow::Cow;
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Raw bytes kept at most before the cache starts again.
const CACHE_BYTES: usize = 32 << 20;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Resource,
    Scope,
}

/// A resource or scope as first seen.
pub struct Origin {
    pub id: u64,
    pub service: Box<[u8]>,
    pub env: Box<[u8]>,
    pub version: Box<[u8]>,
    /// Some of its text was no UTF-8.
    pub repaired: bool,
    raw: Box<[u8]>,
    schema_url: Box<[u8]>,
}

pub struct Origins {
    level: Level,
    cache: Vec<Origin>,
    table: HashTable<u32>,
    cached_bytes: usize,
    /// What the open request refers to: index in `cache`, day.
    pending: Vec<(u32, i32)>,
    /// Rows of the open batch by tenant, id and day.
    written: HashMap<(Box<[u8]>, u64, i32), usize>,
    columns: OriginColumns,
}

struct OriginColumns {
    tenant: WordCol,
    day: Prim<i32>,
    id: Prim<u64>,
    service: WordCol,
    name: StrCol,
    version: StrCol,
    attrs: AttrSet,
    schema_url: StrCol,
    dropped: Prim<u32>,
    first_seen: Prim<i64>,
    last_seen: Prim<i64>,
}

impl Origins {
    pub fn new(level: Level) -> Self {
        Self {
            level,
            cache: Vec::new(),
            table: HashTable::new(),
            cached_bytes: 0,
            pending: Vec::new(),
            written: HashMap::new(),
            columns: OriginColumns::new(),
        }
    }

    /// Begin a request: forget what the last one referred to, and a cache that has grown too large.
    pub fn begin(&mut self) {
        self.pending.clear();
        if self.cached_bytes > CACHE_BYTES {
            self.cache.clear();
            self.table.clear();
            self.cached_bytes = 0;
        }
    }

    /// The number of a message, known or new.
    pub fn look_up(&mut self, raw: &[u8], schema_url: &[u8]) -> Result<u32> {
        let key = xxh3_64_with_seed(raw, hash_of(schema_url));
        let same = |&at: &u32| {
            let known = &self.cache[at as usize];
            *known.raw == *raw && *known.schema_url == *schema_url
        };
        if let Some(&at) = self.table.find(key, same) {
            return Ok(at);
        }
        let origin = match self.level {
            Level::Resource => read_resource(raw, schema_url)?,
            Level::Scope => read_scope(raw, schema_url)?,
        };
        let at = self.cache.len() as u32;
        self.cached_bytes += raw.len() + schema_url.len() + 256;
        self.cache.push(origin);
        let cache = &self.cache;
        self.table.insert_unique(key, at, |&other| {
            let known = &cache[other as usize];
            xxh3_64_with_seed(&known.raw, hash_of(&known.schema_url))
        });
        Ok(at)
    }

    pub fn get(&self, at: u32) -> &Origin {
        &self.cache[at as usize]
    }

    /// Note that rows of these days refer to an origin.
    pub fn refer(&mut self, at: u32, days: &[i32]) {
        self.pending.extend(days.iter().map(|&day| (at, day)));
    }

    /// The request is kept: write what it refers to, unless the batch has it.
    pub fn commit(&mut self, tenant: &[u8], received_ns: i64) -> Result<()> {
        let seen = received_ns.div_euclid(NS);
        for (at, day) in std::mem::take(&mut self.pending) {
            let origin = &self.cache[at as usize];
            let key = (Box::from(tenant), origin.id, day);
            if let Some(&row) = self.written.get(&key) {
                let columns = &mut self.columns;
                columns.first_seen.data[row] = columns.first_seen.data[row].min(seen);
                columns.last_seen.data[row] = columns.last_seen.data[row].max(seen);
                continue;
            }
            self.written.insert(key, self.columns.id.len());
            self.columns.push(self.level, origin, tenant, day, seen)?;
        }
        Ok(())
    }

    pub fn names(&self) -> Vec<&'static str> {
        let mut all = vec!["tenant", "day"];
        match self.level {
            Level::Resource => all.extend(["resource_id", "service"]),
            Level::Scope => all.extend(["scope_id", "name", "version"]),
        }
        all.extend(names(true));
        all.extend(["schema_url", "dropped", "first_seen", "last_seen"]);
        all
    }

    /// The columns of the open batch, to be finished.
    pub fn columns(&mut self) -> Vec<&mut dyn Column> {
        self.written.clear();
        let own = &mut self.columns;
        let mut all: Vec<&mut dyn Column> = vec![&mut own.tenant, &mut own.day, &mut own.id];
        match self.level {
            Level::Resource => all.push(&mut own.service),
            Level::Scope => {
                all.push(&mut own.name);
                all.push(&mut own.version);
            }
        }
        own.attrs.each(&mut |column| all.push(column));
        all.push(&mut own.schema_url);
        all.push(&mut own.dropped);
        all.push(&mut own.first_seen);
        all.push(&mut own.last_seen);
        all
    }
}

impl OriginColumns {
    fn new() -> Self {
        let seconds = DataType::Timestamp(TimeUnit::Second, Some("UTC".into()));
        Self {
            tenant: WordCol::default(),
            day: Prim::new(DataType::Date32),
            id: Prim::new(DataType::UInt64),
            service: WordCol::default(),
            name: StrCol::default(),
            version: StrCol::default(),
            attrs: AttrSet::new(true, |_| 0),
            schema_url: StrCol::default(),
            dropped: Prim::new(DataType::UInt32),
            first_seen: Prim::new(seconds.clone()),
            last_seen: Prim::new(seconds),
        }
    }

    fn push(
        &mut self,
        level: Level,
        origin: &Origin,
        tenant: &[u8],
        day: i32,
        seen: i64,
    ) -> Result<()> {
        let fields = match level {
            Level::Resource => Fields::of_resource(&origin.raw)?,
            Level::Scope => Fields::of_scope(&origin.raw)?,
        };
        for attribute in &fields.attributes {
            self.attrs.push(attribute)?;
        }
        self.attrs.close_row();
        self.tenant.push(tenant);
        self.day.push(day);
        self.id.push(origin.id);
        match level {
            Level::Resource => self.service.push(&origin.service),
            Level::Scope => {
                self.name.push(fields.name);
                self.version.push(fields.version);
            }
        }
        self.schema_url.push(&origin.schema_url);
        self.dropped.push(fields.dropped);
        self.first_seen.push(seen);
        self.last_seen.push(seen);
        Ok(())
    }
}

/// The fields of a `Resource` or an `InstrumentationScope`.
#[derive(Default)]
struct Fields<'a> {
    attributes: Vec<&'a [u8]>,
    dropped: u32,
    name: &'a [u8],
    version: &'a [u8],
}

impl<'a> Fields<'a> {
    fn of_resource(raw: &'a [u8]) -> Result<Self> {
        let mut fields = Self::default();
        let mut reader = Reader::new(raw);
        while let Some(tag) = reader.tag()? {
            match tag {
                resource::ATTRIBUTE => fields.attributes.push(reader.bytes()?),
                resource::DROPPED => fields.dropped = reader.varint()? as u32,
                _ => reader.skip(tag)?,
            }
        }
        Ok(fields)
    }

    fn of_scope(raw: &'a [u8]) -> Result<Self> {
        let mut fields = Self::default();
        let mut reader = Reader::new(raw);
        while let Some(tag) = reader.tag()? {
            match tag {
                scope::NAME => fields.name = reader.bytes()?,
                scope::VERSION => fields.version = reader.bytes()?,
                scope::ATTRIBUTE => fields.attributes.push(reader.bytes()?),
                scope::DROPPED => fields.dropped = reader.varint()? as u32,
                _ => reader.skip(tag)?,
            }
        }
        Ok(fields)
    }

    fn canonical(&self) -> Result<Canonical> {
        let mut canonical = Canonical::default();
        for attribute in &self.attributes {
            canonical.push(attribute)?;
        }
        Ok(canonical)
    }
}

fn read_resource(raw: &[u8], schema_url: &[u8]) -> Result<Origin> {
    let fields = Fields::of_resource(raw)?;
    let mut canonical = fields.canonical()?;
    let first = |keys: &[&[u8]]| -> Box<[u8]> {
        keys.iter()
            .find_map(|key| canonical.string(key))
            .unwrap_or_default()
            .into()
    };
    let mut service = first(&[b"service.name"]);
    if service.is_empty() {
        service = Box::from(&b"unknown_service"[..]);
    }
    let env = first(&[b"deployment.environment.name", b"deployment.environment"]);
    let version = first(&[b"service.version"]);
    let url = canonical.text(schema_url);
    Ok(Origin {
        service,
        env,
        version,
        repaired: canonical.repaired,
        id: canonical.id(&[&url], fields.dropped),
        raw: raw.into(),
        schema_url: schema_url.into(),
    })
}

fn read_scope(raw: &[u8], schema_url: &[u8]) -> Result<Origin> {
    let fields = Fields::of_scope(raw)?;
    let mut canonical = fields.canonical()?;
    let url = canonical.text(schema_url);
    let name = canonical.text(fields.name);
    let version = canonical.text(fields.version);
    Ok(Origin {
        service: Box::default(),
        env: Box::default(),
        version: Box::default(),
        repaired: canonical.repaired,
        id: canonical.id(&[&url, &name, &version], fields.dropped),
        raw: raw.into(),
        schema_url: schema_url.into(),
    })
}

/// Collect the parts of an embedded message that came more than once.
pub fn gather<'a>(slot: &mut Cow<'a, [u8]>, more: &'a [u8]) {
    *slot = join(std::mem::take(slot), more);
}
