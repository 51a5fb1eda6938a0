//! Events and links: lists of structs with attributes of their own.

use super::attrs::{names, AttrSet};
use super::fields::{event, link};
use super::row::{id128, id64, time, Reason};
use crate::column::{array, owner, required, ship, Column, IdCol, Prim, StrCol, WordCol};
use crate::error::Result;
use crate::wire::Reader;
use arrow_data::ArrayData;
use arrow_schema::{DataType, Fields, TimeUnit};

/// The columns inside a list of structs.
pub trait Record {
    fn names() -> Vec<&'static str>;
    fn records(&self) -> usize;
    fn columns(&mut self) -> Vec<&mut dyn Column>;
    fn types(&self) -> Vec<DataType>;
}

pub struct Records<R> {
    kind: DataType,
    item: DataType,
    offsets: Vec<i32>,
    pub row: R,
}

pub type Events = Records<Event>;
pub type Links = Records<Link>;

pub struct Event {
    time: Prim<i64>,
    name: WordCol,
    attrs: AttrSet,
    dropped: Prim<u32>,
}

pub struct Link {
    trace_id: IdCol,
    span_id: Prim<u64>,
    trace_state: StrCol,
    flags: Prim<u32>,
    attrs: AttrSet,
    dropped: Prim<u32>,
}

impl Events {
    /// Append an event to the open row, or say why the span is refused.
    pub fn push(&mut self, bytes: &[u8]) -> Result<std::result::Result<(), Reason>> {
        let own = &mut self.row;
        let (mut ns, mut name, mut dropped) = (0, &[][..], 0);
        let mut reader = Reader::new(bytes);
        while let Some(tag) = reader.tag()? {
            match tag {
                event::TIME => ns = reader.fixed64()?,
                event::NAME => name = reader.bytes()?,
                event::ATTRIBUTE => {
                    own.attrs.push(reader.bytes()?)?;
                }
                event::DROPPED => dropped = reader.varint()? as u32,
                _ => reader.skip(tag)?,
            }
        }
        let ns = time(ns);
        own.time.push(ns.unwrap_or(0));
        own.name.push(name);
        own.attrs.close_row();
        own.dropped.push(dropped);
        Ok(ns.map(|_| ()))
    }
}

impl Links {
    /// Append a link to the open row, or say why the span is refused.
    pub fn push(&mut self, bytes: &[u8]) -> Result<std::result::Result<(), Reason>> {
        let own = &mut self.row;
        let (mut trace_id, mut span_id, mut trace_state) = (&[][..], &[][..], &[][..]);
        let (mut flags, mut dropped) = (0, 0);
        let mut reader = Reader::new(bytes);
        while let Some(tag) = reader.tag()? {
            match tag {
                link::TRACE_ID => trace_id = reader.bytes()?,
                link::SPAN_ID => span_id = reader.bytes()?,
                link::TRACE_STATE => trace_state = reader.bytes()?,
                link::ATTRIBUTE => {
                    own.attrs.push(reader.bytes()?)?;
                }
                link::DROPPED => dropped = reader.varint()? as u32,
                link::FLAGS => flags = reader.fixed32()?,
                _ => reader.skip(tag)?,
            }
        }
        let trace_id = match trace_id {
            [] => Some([0; 16]),
            id => id128(id),
        };
        let span_id = id64(span_id);
        own.trace_id.push(&trace_id.unwrap_or_default());
        own.span_id.push(span_id.unwrap_or_default());
        own.trace_state.push(trace_state);
        own.flags.push(flags);
        own.attrs.close_row();
        own.dropped.push(dropped);
        Ok(match (trace_id, span_id) {
            (Some(_), Some(_)) => Ok(()),
            _ => Err(Reason::LinkId),
        })
    }
}

impl<R: Record> Records<R> {
    fn new(row: R) -> Self {
        let fields = row.types().into_iter().zip(R::names());
        let fields = fields.map(|(kind, name)| required(name, kind));
        let item = DataType::Struct(fields.collect::<Fields>());
        Self {
            kind: DataType::List(required("item", item.clone())),
            item,
            offsets: vec![0],
            row,
        }
    }

    #[inline]
    pub fn close_row(&mut self) {
        self.offsets.push(self.row.records() as i32);
    }

    /// Forget what was pushed since the last `close_row`, half-read records included.
    pub fn abort_row(&mut self) {
        self.truncate(self.offsets.len() - 1);
    }
}

impl<R: Record> Column for Records<R> {
    fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    fn truncate(&mut self, n: usize) {
        self.offsets.truncate(n + 1);
        let records = self.offsets[self.offsets.len() - 1] as usize;
        for column in self.row.columns() {
            column.truncate(records);
        }
    }

    fn checkpoint(&mut self) {
        self.row.columns().into_iter().for_each(Column::checkpoint);
    }

    fn rollback(&mut self) {
        self.row.columns().into_iter().for_each(Column::rollback);
    }

    fn repair(&mut self, report: &mut dyn FnMut(usize)) {
        let offsets = &self.offsets;
        for column in self.row.columns() {
            column.repair(&mut |at| report(owner(offsets, at)));
        }
    }

    fn data_type(&self) -> DataType {
        self.kind.clone()
    }

    fn finish(&mut self) -> ArrayData {
        let (kind, item) = (self.kind.clone(), self.item.clone());
        let (rows, records) = (self.offsets.len() - 1, self.row.records());
        let offsets = ship(&mut self.offsets);
        self.offsets.push(0);
        let children = self.row.columns().into_iter().map(Column::finish).collect();
        let records = array(item, records, Vec::new(), children);
        array(kind, rows, vec![offsets], vec![records])
    }
}

impl Default for Events {
    fn default() -> Self {
        let ns = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
        Self::new(Event {
            time: Prim::new(ns),
            name: WordCol::default(),
            attrs: AttrSet::new(false, |_| 0),
            dropped: Prim::new(DataType::UInt32),
        })
    }
}

impl Default for Links {
    fn default() -> Self {
        Self::new(Link {
            trace_id: IdCol::default(),
            span_id: Prim::new(DataType::UInt64),
            trace_state: StrCol::default(),
            flags: Prim::new(DataType::UInt32),
            attrs: AttrSet::new(false, |_| 0),
            dropped: Prim::new(DataType::UInt32),
        })
    }
}

impl Record for Event {
    fn names() -> Vec<&'static str> {
        [&["time", "name"], names(false), &["dropped"]].concat()
    }

    fn records(&self) -> usize {
        self.dropped.len()
    }

    fn columns(&mut self) -> Vec<&mut dyn Column> {
        let mut all: Vec<&mut dyn Column> = vec![&mut self.time, &mut self.name];
        self.attrs.each(&mut |column| all.push(column));
        all.push(&mut self.dropped);
        all
    }

    fn types(&self) -> Vec<DataType> {
        let mut all = vec![self.time.data_type(), self.name.data_type()];
        all.extend(self.attrs.types());
        all.push(self.dropped.data_type());
        all
    }
}

impl Record for Link {
    fn names() -> Vec<&'static str> {
        [
            &["trace_id", "span_id", "trace_state", "flags"],
            names(false),
            &["dropped"],
        ]
        .concat()
    }

    fn records(&self) -> usize {
        self.dropped.len()
    }

    fn columns(&mut self) -> Vec<&mut dyn Column> {
        let mut all: Vec<&mut dyn Column> = vec![
            &mut self.trace_id,
            &mut self.span_id,
            &mut self.trace_state,
            &mut self.flags,
        ];
        self.attrs.each(&mut |column| all.push(column));
        all.push(&mut self.dropped);
        all
    }

    fn types(&self) -> Vec<DataType> {
        let mut all = vec![
            self.trace_id.data_type(),
            self.span_id.data_type(),
            self.trace_state.data_type(),
            self.flags.data_type(),
        ];
        all.extend(self.attrs.types());
        all.push(self.dropped.data_type());
        all
    }
}
