//! Rows of `SPANS` back to `Span` messages.

use super::attrs::Maps;
use super::nested::Nested;
use super::origin::request;
use super::{bytes, fixed32, fixed64, message, number};
use crate::error::Result;
use crate::otlp::fields::{span, status};
use crate::otlp::row::NEGATIVE_DURATION;
use crate::view::{Columns, Strs};
use arrow_data::ArrayData;

/// One `ExportTraceServiceRequest` of all spans, grouped by resource and scope.
pub fn encode_traces(
    spans: &ArrayData,
    resources: &ArrayData,
    scopes: &ArrayData,
) -> Result<Vec<u8>> {
    let c = Columns::new(spans)?;
    let maps = Maps::new(&c)?;
    let attrs = maps.open()?;
    let (events, links) = (Nested::new(&c, "events")?, Nested::new(&c, "links")?);
    let trace_id = c.ids("trace_id")?;
    let span_id = c.plain::<u64>("span_id")?;
    let parent_id = c.plain::<u64>("parent_id")?;
    let trace_state = Strs::new(c.get("trace_state")?)?;
    let name = c.words("name")?;
    let kind = c.plain::<u8>("kind")?;
    let start = c.plain::<i64>("start")?;
    let end = ends(&c, start)?;
    let dropped_attributes = c.plain::<u32>("dropped_attributes")?;
    let dropped_events = c.plain::<u32>("dropped_events")?;
    let dropped_links = c.plain::<u32>("dropped_links")?;
    let code = c.plain::<u8>("status")?;
    let status_message = Strs::new(c.get("status_message")?)?;
    let flags = c.plain::<u32>("flags")?;
    let mut status = Vec::new();
    request(&c, resources, scopes, |i, out| {
        message(out, span::TRACE_ID, &trace_id[i]);
        message(out, span::SPAN_ID, &span_id[i].to_be_bytes());
        bytes(out, span::TRACE_STATE, trace_state.get(i));
        if parent_id[i] != 0 {
            message(out, span::PARENT_ID, &parent_id[i].to_be_bytes());
        }
        bytes(out, span::NAME, name.get(i));
        number(out, span::KIND, u64::from(kind[i]));
        fixed64(out, span::START, start[i] as u64);
        fixed64(out, span::END, end[i]);
        attrs.write(out, span::ATTRIBUTE, i)?;
        number(
            out,
            span::DROPPED_ATTRIBUTES,
            u64::from(dropped_attributes[i]),
        );
        events.write_events(out, i)?;
        number(out, span::DROPPED_EVENTS, u64::from(dropped_events[i]));
        links.write_links(out, i)?;
        number(out, span::DROPPED_LINKS, u64::from(dropped_links[i]));
        status.clear();
        bytes(&mut status, status::MESSAGE, status_message.get(i));
        number(&mut status, status::CODE, u64::from(code[i]));
        message(out, span::STATUS, &status);
        fixed32(out, span::FLAGS, flags[i]);
        Ok(())
    })
}

/// The ends as they were sent.
fn ends(c: &Columns, start: &[i64]) -> Result<Vec<u64>> {
    let duration = c.plain::<u64>("duration")?;
    let end_raw = c.plain::<u64>("end_raw")?;
    let marks = c.plain::<u32>("marks")?;
    let end = |i: usize| {
        if marks[i] & NEGATIVE_DURATION != 0 {
            end_raw[i]
        } else {
            (start[i] as u64).wrapping_add(duration[i])
        }
    };
    Ok((0..c.rows).map(end).collect())
}
