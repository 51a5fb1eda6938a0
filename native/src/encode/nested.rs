//! Events and links back to their messages.

use super::attrs::Maps;
use super::{bytes, fixed32, fixed64, message, number};
use crate::error::Result;
use crate::otlp::fields::{event, link, span};
use crate::view::{Columns, Lists, Strs};
use arrow_data::ArrayData;

/// The structs inside a list column, kept open over all rows.
pub struct Nested {
    rows: ArrayData,
    items: Columns,
    maps: Maps,
}

impl Nested {
    pub fn new(columns: &Columns, name: &str) -> Result<Self> {
        let rows = columns.get(name)?.clone();
        let items = Columns::new(Lists::new(&rows)?.items)?;
        let maps = Maps::new(&items)?;
        Ok(Self { rows, items, maps })
    }

    fn is_empty(&self, row: usize) -> Result<bool> {
        Ok(Lists::new(&self.rows)?.range(row).is_empty())
    }

    pub fn write_events(&self, out: &mut Vec<u8>, row: usize) -> Result<()> {
        if self.is_empty(row)? {
            return Ok(());
        }
        let attrs = self.maps.open()?;
        let times = self.items.plain::<i64>("time")?;
        let names = self.items.words("name")?;
        let dropped = self.items.plain::<u32>("dropped")?;
        let mut one = Vec::new();
        for i in Lists::new(&self.rows)?.range(row) {
            one.clear();
            fixed64(&mut one, event::TIME, times[i] as u64);
            bytes(&mut one, event::NAME, names.get(i));
            attrs.write(&mut one, event::ATTRIBUTE, i)?;
            number(&mut one, event::DROPPED, u64::from(dropped[i]));
            message(out, span::EVENT, &one);
        }
        Ok(())
    }

    pub fn write_links(&self, out: &mut Vec<u8>, row: usize) -> Result<()> {
        if self.is_empty(row)? {
            return Ok(());
        }
        let attrs = self.maps.open()?;
        let trace_ids = self.items.ids("trace_id")?;
        let span_ids = self.items.plain::<u64>("span_id")?;
        let states = Strs::new(self.items.get("trace_state")?)?;
        let flags = self.items.plain::<u32>("flags")?;
        let dropped = self.items.plain::<u32>("dropped")?;
        let mut one = Vec::new();
        for i in Lists::new(&self.rows)?.range(row) {
            one.clear();
            message(&mut one, link::TRACE_ID, &trace_ids[i]);
            message(&mut one, link::SPAN_ID, &span_ids[i].to_be_bytes());
            bytes(&mut one, link::TRACE_STATE, states.get(i));
            attrs.write(&mut one, link::ATTRIBUTE, i)?;
            number(&mut one, link::DROPPED, u64::from(dropped[i]));
            fixed32(&mut one, link::FLAGS, flags[i]);
            message(out, span::LINK, &one);
        }
        Ok(())
    }
}
