//! `LogRecord` messages into the columns of `LOGS`.

use super::any::{join, Any};
use super::attrs::AttrSet;
use super::fields::log;
use super::json_text::write_any;
use super::origin::Origin;
use super::row::{id128, id64, small, time, Arrival, Reason, Signal, INVALID_UTF8};
use crate::column::{Column, IdCol, Prim, StrCol, WordCol};
use crate::error::Result;
use crate::wire::Reader;
use arrow_schema::{DataType, TimeUnit};
use std::borrow::Cow;

pub struct Logs {
    tenant: WordCol,
    trace_id: IdCol,
    span_id: Prim<u64>,
    time: Prim<i64>,
    observed: Prim<i64>,
    bucket: Prim<i64>,
    service: WordCol,
    severity: Prim<u8>,
    severity_text: WordCol,
    body_type: Prim<u8>,
    body: StrCol,
    event_name: WordCol,
    flags: Prim<u32>,
    dropped_attributes: Prim<u32>,
    scope_id: Prim<u64>,
    resource_id: Prim<u64>,
    attrs: AttrSet,
    marks: Prim<u32>,
    received: Prim<i64>,
}

#[derive(Default)]
struct Fields<'a> {
    trace_id: &'a [u8],
    span_id: &'a [u8],
    time: u64,
    observed: u64,
    severity: u8,
    severity_text: &'a [u8],
    event_name: &'a [u8],
    body: Option<Cow<'a, [u8]>>,
    flags: u32,
    dropped: u32,
}

impl Default for Logs {
    fn default() -> Self {
        let ns = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
        let seconds = DataType::Timestamp(TimeUnit::Second, Some("UTC".into()));
        let millis = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
        Self {
            tenant: WordCol::default(),
            trace_id: IdCol::default(),
            span_id: Prim::new(DataType::UInt64),
            time: Prim::new(ns.clone()),
            observed: Prim::new(ns),
            bucket: Prim::new(seconds),
            service: WordCol::default(),
            severity: Prim::new(DataType::UInt8),
            severity_text: WordCol::default(),
            body_type: Prim::new(DataType::UInt8),
            body: StrCol::default(),
            event_name: WordCol::default(),
            flags: Prim::new(DataType::UInt32),
            dropped_attributes: Prim::new(DataType::UInt32),
            scope_id: Prim::new(DataType::UInt64),
            resource_id: Prim::new(DataType::UInt64),
            attrs: AttrSet::new(true, |_| 0),
            marks: Prim::new(DataType::UInt32),
            received: Prim::new(millis),
        }
    }
}

impl Logs {
    fn read<'a>(&mut self, bytes: &'a [u8]) -> Result<Fields<'a>> {
        let mut f = Fields::default();
        let mut reader = Reader::new(bytes);
        while let Some(tag) = reader.tag()? {
            match tag {
                log::TIME => f.time = reader.fixed64()?,
                log::OBSERVED => f.observed = reader.fixed64()?,
                log::SEVERITY => f.severity = small(reader.varint()?),
                log::SEVERITY_TEXT => f.severity_text = reader.bytes()?,
                log::BODY => {
                    f.body = Some(join(f.body.unwrap_or_default(), reader.bytes()?));
                }
                log::ATTRIBUTE => {
                    self.attrs.push(reader.bytes()?)?;
                }
                log::DROPPED => f.dropped = reader.varint()? as u32,
                log::FLAGS => f.flags = reader.fixed32()?,
                log::TRACE_ID => f.trace_id = reader.bytes()?,
                log::SPAN_ID => f.span_id = reader.bytes()?,
                log::EVENT_NAME => f.event_name = reader.bytes()?,
                _ => reader.skip(tag)?,
            }
        }
        Ok(f)
    }

    fn write(
        &mut self,
        f: &Fields<'_>,
        arrival: &Arrival,
    ) -> Result<std::result::Result<i64, Reason>> {
        let trace_id = match f.trace_id {
            [] => Some([0; 16]),
            id => id128(id),
        };
        let Some(trace_id) = trace_id else {
            return Ok(Err(Reason::TraceId));
        };
        let Some(span_id) = id64(f.span_id) else {
            return Ok(Err(Reason::SpanId));
        };
        let (Ok(ns), Ok(observed)) = (time(f.time), time(f.observed)) else {
            return Ok(Err(Reason::Time));
        };
        self.write_body(f.body.as_deref())?;
        let (bucket, marks) = arrival.bucket(if ns == 0 { observed } else { ns });
        self.trace_id.push(&trace_id);
        self.span_id.push(span_id);
        self.time.push(ns);
        self.observed.push(observed);
        self.bucket.push(bucket);
        self.severity.push(f.severity);
        self.severity_text.push(f.severity_text);
        self.event_name.push(f.event_name);
        self.flags.push(f.flags);
        self.dropped_attributes.push(f.dropped);
        self.marks.push(marks);
        Ok(Ok(bucket))
    }

    fn write_body(&mut self, body: Option<&[u8]>) -> Result<()> {
        let kind = match body.map(Any::read).transpose()? {
            None => {
                self.body.push(b"");
                0
            }
            Some(Any::Str(text)) => {
                self.body.push(text);
                1
            }
            Some(other) => {
                write_any(&mut self.body.data, &other, 0)?;
                self.body.close();
                2
            }
        };
        self.body_type.push(kind);
        Ok(())
    }
}

impl Signal for Logs {
    const NAMES: &'static [&'static str] = &[
        "tenant",
        "trace_id",
        "span_id",
        "time",
        "observed",
        "bucket",
        "service",
        "severity",
        "severity_text",
        "body_type",
        "body",
        "event_name",
        "flags",
        "dropped_attributes",
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
        "marks",
        "received",
    ];

    fn rows(&self) -> usize {
        self.span_id.len()
    }

    fn item(
        &mut self,
        bytes: &[u8],
        arrival: &Arrival,
    ) -> Result<std::result::Result<i64, Reason>> {
        let fields = self.read(bytes)?;
        let written = self.write(&fields, arrival)?;
        match written {
            Ok(_) => self.attrs.close_row(),
            Err(_) => self.attrs.abort_row(),
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
            &mut self.time,
            &mut self.observed,
            &mut self.bucket,
            &mut self.service,
            &mut self.severity,
            &mut self.severity_text,
            &mut self.body_type,
            &mut self.body,
            &mut self.event_name,
            &mut self.flags,
            &mut self.dropped_attributes,
            &mut self.scope_id,
            &mut self.resource_id,
        ];
        self.attrs.each(&mut |column| all.push(column));
        all.push(&mut self.marks);
        all.push(&mut self.received);
        all
    }
}
