//! Many requests into one open batch: a request that is malformed is rolled back alone.

use crate::batch::{schema_of, take, Batch};
use crate::error::{Error, Result};
use crate::inflate::{inflate, Compression};
use crate::json::{transcode, Shape};
use crate::otlp::fields::{group, REQUEST_GROUP};
use crate::otlp::origin::{gather, Level, Origins};
use crate::otlp::row::{Arrival, Signal, INVALID_UTF8, NS, REASONS};
use crate::wire::Reader;
use arrow_schema::Schema;
use std::borrow::Cow;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Arc;

/// Decoded bytes that one open batch takes at most: its 32-bit offsets hold six times as much.
const BATCH_BYTES: usize = 320 << 20;
/// A scratch buffer that is larger is given back after use.
const KEEP_SCRATCH: usize = 8 << 20;

pub struct Request<'a> {
    pub tenant: &'a [u8],
    pub body: &'a [u8],
    pub json: bool,
    pub compression: Compression,
    pub received_ns: i64,
}

/// How many rows of a request were kept, and how many were refused by `REASONS`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    pub accepted: u64,
    pub rejected: [u64; REASONS.len()],
}

pub struct Builder<S> {
    signal: S,
    resources: Origins,
    scopes: Origins,
    retention_ns: i64,
    max_decoded: usize,
    bytes: usize,
    inflated: Vec<u8>,
    transcoded: Vec<u8>,
    days: Vec<i32>,
    shape: &'static Shape,
    /// Of rows, resources and scopes.
    schemas: [Arc<Schema>; 3],
}

impl<S: Signal> Builder<S> {
    pub fn new(mut signal: S, shape: &'static Shape, retention_s: i64, max_decoded: usize) -> Self {
        let mut resources = Origins::new(Level::Resource);
        let mut scopes = Origins::new(Level::Scope);
        let (resource_names, scope_names) = (resources.names(), scopes.names());
        Self {
            schemas: [
                schema_of(&signal.columns(), S::NAMES),
                schema_of(&resources.columns(), &resource_names),
                schema_of(&scopes.columns(), &scope_names),
            ],
            signal,
            resources,
            scopes,
            retention_ns: retention_s.saturating_mul(NS),
            max_decoded: max_decoded.min(BATCH_BYTES / 2),
            bytes: 0,
            inflated: Vec::new(),
            transcoded: Vec::new(),
            days: Vec::new(),
            shape,
        }
    }

    pub fn rows(&self) -> usize {
        self.signal.rows()
    }

    /// Decoded bytes in the open batch.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Decode a request into the open batch; on an error the batch is as it was before.
    pub fn push(&mut self, request: &Request<'_>) -> Result<Pushed> {
        let rows = self.signal.rows();
        for column in self.signal.columns() {
            column.checkpoint();
        }
        self.resources.begin();
        self.scopes.begin();
        self.days.clear();
        let result = catch_unwind(AssertUnwindSafe(|| self.decode(request)))
            .unwrap_or_else(|_| Err(Error::malformed("the decoder could not read the body")));
        if result.is_err() {
            for column in self.signal.columns() {
                column.truncate(rows);
                column.rollback();
            }
        }
        for scratch in [&mut self.inflated, &mut self.transcoded] {
            if scratch.capacity() > KEEP_SCRATCH {
                *scratch = Vec::new();
            }
        }
        result
    }

    fn decode(&mut self, request: &Request<'_>) -> Result<Pushed> {
        let mut inflated = std::mem::take(&mut self.inflated);
        let mut transcoded = std::mem::take(&mut self.transcoded);
        let result = inflate(
            request.compression,
            request.body,
            self.max_decoded,
            &mut inflated,
        )
        .and_then(|body| {
            if self.bytes + body.len() > BATCH_BYTES {
                return Err(Error::BatchFull);
            }
            let pushed = if request.json {
                transcoded.clear();
                transcode(self.shape, body, &mut transcoded)?;
                self.messages(&transcoded, request)?
            } else {
                self.messages(body, request)?
            };
            self.resources.commit(request.tenant, request.received_ns)?;
            self.scopes.commit(request.tenant, request.received_ns)?;
            self.bytes += body.len();
            Ok(pushed)
        });
        self.inflated = inflated;
        self.transcoded = transcoded;
        result
    }

    fn messages(&mut self, body: &[u8], request: &Request<'_>) -> Result<Pushed> {
        let arrival = Arrival::new(request.received_ns, self.retention_ns);
        let mut pushed = Pushed::default();
        let mut reader = Reader::new(body);
        while let Some(tag) = reader.tag()? {
            match tag {
                REQUEST_GROUP => {
                    self.resource_group(reader.bytes()?, request.tenant, &arrival, &mut pushed)?;
                }
                _ => reader.skip(tag)?,
            }
        }
        Ok(pushed)
    }

    /// `ResourceSpans` or `ResourceLogs`; its resource may stand after its spans.
    fn resource_group(
        &mut self,
        bytes: &[u8],
        tenant: &[u8],
        arrival: &Arrival,
        pushed: &mut Pushed,
    ) -> Result<()> {
        let mut resource = Cow::Borrowed(&[][..]);
        let mut schema_url: &[u8] = &[];
        let mut reader = Reader::new(bytes);
        self.days.clear();
        while let Some(tag) = reader.tag()? {
            match tag {
                group::ORIGIN => gather(&mut resource, reader.bytes()?),
                group::ITEM => self.scope_group(reader.bytes()?, arrival, pushed)?,
                group::SCHEMA_URL => schema_url = reader.bytes()?,
                _ => reader.skip(tag)?,
            }
        }
        let at = self.resources.look_up(&resource, schema_url)?;
        self.signal
            .fill_resource(tenant, self.resources.get(at), arrival);
        self.days.sort_unstable();
        self.days.dedup();
        self.resources.refer(at, &self.days);
        Ok(())
    }

    /// `ScopeSpans` or `ScopeLogs`.
    fn scope_group(&mut self, bytes: &[u8], arrival: &Arrival, pushed: &mut Pushed) -> Result<()> {
        let mut scope = Cow::Borrowed(&[][..]);
        let mut schema_url: &[u8] = &[];
        let mut reader = Reader::new(bytes);
        let from = self.days.len();
        let mut last = i64::MIN;
        while let Some(tag) = reader.tag()? {
            match tag {
                group::ITEM => match self.signal.item(reader.bytes()?, arrival)? {
                    Ok(bucket) => {
                        pushed.accepted += 1;
                        if bucket != last {
                            last = bucket;
                            self.days.push(bucket.div_euclid(86_400) as i32);
                        }
                    }
                    Err(reason) => pushed.rejected[reason as usize] += 1,
                },
                group::ORIGIN => gather(&mut scope, reader.bytes()?),
                group::SCHEMA_URL => schema_url = reader.bytes()?,
                _ => reader.skip(tag)?,
            }
        }
        let at = self.scopes.look_up(&scope, schema_url)?;
        self.signal.fill_scope(self.scopes.get(at));
        let days = &mut self.days[from..];
        days.sort_unstable();
        let mut distinct = days.to_vec();
        distinct.dedup();
        self.scopes.refer(at, &distinct);
        Ok(())
    }

    /// Take the rows, the resources and the scopes of the open batch and start another.
    pub fn finish(&mut self) -> [Batch; 3] {
        let mut damaged = Vec::new();
        for column in self.signal.columns() {
            column.repair(&mut |row| damaged.push(row));
        }
        for row in damaged {
            self.signal.marks()[row] |= INVALID_UTF8;
        }
        self.bytes = 0;
        let [rows, resources, scopes] = &self.schemas;
        [
            take(self.signal.columns(), rows),
            origins(&mut self.resources, resources),
            origins(&mut self.scopes, scopes),
        ]
    }
}

fn origins(origins: &mut Origins, schema: &Arc<Schema>) -> Batch {
    let mut columns = origins.columns();
    for column in &mut columns {
        column.repair(&mut |_| ());
    }
    take(columns, schema)
}
