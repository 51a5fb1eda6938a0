//! `Span` messages into the columns of `SPANS`.

use super::attrs::AttrSet;
use super::fields::{span, status};
use super::origin::Origin;
use super::promoted::{classify, Promoted};
use super::row::{
    id128, id64, small, time, Arrival, Reason, Signal, INVALID_UTF8, NEGATIVE_DURATION,
};
use super::weight::weight;
use crate::column::{Column, IdCol, Prim, StrCol, WordCol};
use crate::error::Result;
use crate::otlp::nested::{Events, Links};
use crate::wire::Reader;
use arrow_schema::{DataType, TimeUnit};

pub struct Spans {
    tenant: WordCol,
    trace_id: IdCol,
    span_id: Prim<u64>,
    parent_id: Prim<u64>,
    start: Prim<i64>,
    bucket: Prim<i64>,
    duration: Prim<u64>,
    end_raw: Prim<u64>,
    service: WordCol,
    name: WordCol,
    kind: Prim<u8>,
    status: Prim<u8>,
    status_message: StrCol,
    trace_state: StrCol,
    flags: Prim<u32>,
    dropped_attributes: Prim<u32>,
    dropped_events: Prim<u32>,
    dropped_links: Prim<u32>,
    scope_id: Prim<u64>,
    resource_id: Prim<u64>,
    attrs: AttrSet,
    events: Events,
    links: Links,
    weight: Prim<f32>,
    marks: Prim<u32>,
    received: Prim<i64>,
    http_route: WordCol,
    http_status: Prim<u16>,
    db_system: WordCol,
    peer: WordCol,
    env: WordCol,
    version: WordCol,
}

/// The scalar fields of a span while it is read.
#[derive(Default)]
struct Fields<'a> {
    trace_id: &'a [u8],
    span_id: &'a [u8],
    parent_id: &'a [u8],
    trace_state: &'a [u8],
    name: &'a [u8],
    start: u64,
    end: u64,
    kind: u8,
    status: u8,
    status_message: &'a [u8],
    flags: u32,
    dropped_attributes: u32,
    dropped_events: u32,
    dropped_links: u32,
    promoted: Promoted<'a>,
    /// The first thing that is wrong with an event or a link.
    refused: Option<Reason>,
}

impl<'a> Fields<'a> {
    fn status(&mut self, bytes: &'a [u8]) -> Result<()> {
        let mut reader = Reader::new(bytes);
        while let Some(tag) = reader.tag()? {
            match tag {
                status::MESSAGE => self.status_message = reader.bytes()?,
                status::CODE => self.status = small(reader.varint()?),
                _ => reader.skip(tag)?,
            }
        }
        Ok(())
    }
}

impl Default for Spans {
    fn default() -> Self {
        let ns = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
        let seconds = DataType::Timestamp(TimeUnit::Second, Some("UTC".into()));
        let millis = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
        let u64s = || Prim::new(DataType::UInt64);
        let u32s = || Prim::new(DataType::UInt32);
        Self {
            tenant: WordCol::default(),
            trace_id: IdCol::default(),
            span_id: u64s(),
            parent_id: u64s(),
            start: Prim::new(ns),
            bucket: Prim::new(seconds),
            duration: u64s(),
            end_raw: u64s(),
            service: WordCol::default(),
            name: WordCol::default(),
            kind: Prim::new(DataType::UInt8),
            status: Prim::new(DataType::UInt8),
            status_message: StrCol::default(),
            trace_state: StrCol::default(),
            flags: u32s(),
            dropped_attributes: u32s(),
            dropped_events: u32s(),
            dropped_links: u32s(),
            scope_id: u64s(),
            resource_id: u64s(),
            attrs: AttrSet::new(true, classify),
            events: Events::default(),
            links: Links::default(),
            weight: Prim::new(DataType::Float32),
            marks: u32s(),
            received: Prim::new(millis),
            http_route: WordCol::default(),
            http_status: Prim::new(DataType::UInt16),
            db_system: WordCol::default(),
            peer: WordCol::default(),
            env: WordCol::default(),
            version: WordCol::default(),
        }
    }
}

impl Spans {
    /// Read the message: nested parts go into the open row, scalars are returned.
    #[inline]
    fn read<'a>(&mut self, bytes: &'a [u8]) -> Result<Fields<'a>> {
        let mut f = Fields::default();
        let mut reader = Reader::new(bytes);
        while let Some(tag) = reader.tag()? {
            match tag {
                span::ATTRIBUTE => f.promoted.see(self.attrs.push(reader.bytes()?)?),
                span::TRACE_ID => f.trace_id = reader.bytes()?,
                span::SPAN_ID => f.span_id = reader.bytes()?,
                span::TRACE_STATE => f.trace_state = reader.bytes()?,
                span::PARENT_ID => f.parent_id = reader.bytes()?,
                span::NAME => f.name = reader.bytes()?,
                span::KIND => f.kind = small(reader.varint()?),
                span::START => f.start = reader.fixed64()?,
                span::END => f.end = reader.fixed64()?,
                span::DROPPED_ATTRIBUTES => f.dropped_attributes = reader.varint()? as u32,
                span::EVENT => {
                    let refused = self.events.push(reader.bytes()?)?.err();
                    f.refused = f.refused.or(refused);
                }
                span::DROPPED_EVENTS => f.dropped_events = reader.varint()? as u32,
                span::LINK => {
                    let refused = self.links.push(reader.bytes()?)?.err();
                    f.refused = f.refused.or(refused);
                }
                span::DROPPED_LINKS => f.dropped_links = reader.varint()? as u32,
                span::STATUS => f.status(reader.bytes()?)?,
                span::FLAGS => f.flags = reader.fixed32()?,
                _ => reader.skip(tag)?,
            }
        }
        Ok(f)
    }

    /// Write the scalars; nothing is written when the span is refused.
    #[inline]
    fn write(&mut self, f: &Fields<'_>, arrival: &Arrival) -> std::result::Result<i64, Reason> {
        let trace_id = id128(f.trace_id)
            .filter(|id| *id != [0; 16])
            .ok_or(Reason::TraceId)?;
        let span_id = id64(f.span_id)
            .filter(|&id| id != 0)
            .ok_or(Reason::SpanId)?;
        let parent_id = id64(f.parent_id).ok_or(Reason::ParentId)?;
        let (start, end) = (time(f.start)?, time(f.end)?);
        if let Some(reason) = f.refused {
            return Err(reason);
        }
        let (bucket, mut marks) = arrival.bucket(start);
        let negative = end < start;
        marks |= if negative { NEGATIVE_DURATION } else { 0 };
        self.trace_id.push(&trace_id);
        self.span_id.push(span_id);
        self.parent_id.push(parent_id);
        self.start.push(start);
        self.bucket.push(bucket);
        self.duration
            .push(if negative { 0 } else { (end - start) as u64 });
        self.end_raw.push(if negative { end as u64 } else { 0 });
        self.name.push(f.name);
        self.kind.push(f.kind);
        self.status.push(f.status);
        self.status_message.push(f.status_message);
        self.trace_state.push(f.trace_state);
        self.flags.push(f.flags);
        self.dropped_attributes.push(f.dropped_attributes);
        self.dropped_events.push(f.dropped_events);
        self.dropped_links.push(f.dropped_links);
        self.weight.push(weight(f.trace_state));
        self.marks.push(marks);
        self.write_promoted(f);
        Ok(bucket)
    }

    #[inline]
    fn write_promoted(&mut self, f: &Fields<'_>) {
        let p = &f.promoted;
        self.http_route.push(p.http_route);
        self.http_status.push(p.http_status);
        self.db_system.push(p.db_system);
        let outgoing = matches!(f.kind, 3..=5);
        self.peer.push(if outgoing { p.peer } else { b"" });
    }
}

impl Signal for Spans {
    const NAMES: &'static [&'static str] = &[
        "tenant",
        "trace_id",
        "span_id",
        "parent_id",
        "start",
        "bucket",
        "duration",
        "end_raw",
        "service",
        "name",
        "kind",
        "status",
        "status_message",
        "trace_state",
        "flags",
        "dropped_attributes",
        "dropped_events",
        "dropped_links",
        "scope_id",
        "resource_id",
        "attr_str",
        "attr_int",
        "attr_float",
        "attr_bool",
        "arr_str",
        "arr_int",
        "arr_float",
        "arr_bool",
        "attr_any",
        "events",
        "links",
        "weight",
        "marks",
        "received",
        "http_route",
        "http_status",
        "db_system",
        "peer",
        "env",
        "version",
    ];

    fn rows(&self) -> usize {
        self.span_id.len()
    }

    #[inline]
    fn item(
        &mut self,
        bytes: &[u8],
        arrival: &Arrival,
    ) -> Result<std::result::Result<i64, Reason>> {
        let fields = self.read(bytes)?;
        let written = self.write(&fields, arrival);
        if written.is_ok() {
            self.attrs.close_row();
            self.events.close_row();
            self.links.close_row();
        } else {
            self.attrs.abort_row();
            self.events.abort_row();
            self.links.abort_row();
        }
        Ok(written)
    }

    fn fill_scope(&mut self, scope: &Origin) {
        let (from, rows) = (self.scope_id.len(), self.rows());
        self.scope_id.fill(rows, scope.id);
        if scope.repaired {
            self.marks.data[from..]
                .iter_mut()
                .for_each(|m| *m |= INVALID_UTF8);
        }
    }

    fn fill_resource(&mut self, tenant: &[u8], resource: &Origin, arrival: &Arrival) {
        let (from, rows) = (self.resource_id.len(), self.rows());
        self.resource_id.fill(rows, resource.id);
        self.tenant.fill(rows, tenant);
        self.service.fill(rows, &resource.service);
        self.env.fill(rows, &resource.env);
        self.version.fill(rows, &resource.version);
        self.received
            .fill(rows, arrival.received_ns.div_euclid(1_000_000));
        if resource.repaired {
            self.marks.data[from..]
                .iter_mut()
                .for_each(|m| *m |= INVALID_UTF8);
        }
    }

    fn marks(&mut self) -> &mut [u32] {
        &mut self.marks.data
    }

    fn columns(&mut self) -> Vec<&mut dyn Column> {
        let mut all: Vec<&mut dyn Column> = vec![
            &mut self.tenant,
            &mut self.trace_id,
            &mut self.span_id,
            &mut self.parent_id,
            &mut self.start,
            &mut self.bucket,
            &mut self.duration,
            &mut self.end_raw,
            &mut self.service,
            &mut self.name,
            &mut self.kind,
            &mut self.status,
            &mut self.status_message,
            &mut self.trace_state,
            &mut self.flags,
            &mut self.dropped_attributes,
            &mut self.dropped_events,
            &mut self.dropped_links,
            &mut self.scope_id,
            &mut self.resource_id,
        ];
        self.attrs.each(&mut |column| all.push(column));
        let rest: [&mut dyn Column; 11] = [
            &mut self.events,
            &mut self.links,
            &mut self.weight,
            &mut self.marks,
            &mut self.received,
            &mut self.http_route,
            &mut self.http_status,
            &mut self.db_system,
            &mut self.peer,
            &mut self.env,
            &mut self.version,
        ];
        all.extend(rest);
        all
    }
}
