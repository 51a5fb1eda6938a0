//! Rows of `LOGS` back to `LogRecord` messages.

use super::attrs::{any_message, Maps};
use super::origin::request;
use super::{bytes, fixed32, fixed64, message, number};
use crate::error::Result;
use crate::otlp::any::STRING;
use crate::otlp::fields::log;
use crate::view::{Columns, Strs};
use arrow_data::ArrayData;

/// One `ExportLogsServiceRequest` of all records, grouped by resource and scope.
pub fn encode_logs(logs: &ArrayData, resources: &ArrayData, scopes: &ArrayData) -> Result<Vec<u8>> {
    let c = Columns::new(logs)?;
    let maps = Maps::new(&c)?;
    let attrs = maps.open()?;
    let trace_id = c.ids("trace_id")?;
    let span_id = c.plain::<u64>("span_id")?;
    let time = c.plain::<i64>("time")?;
    let observed = c.plain::<i64>("observed")?;
    let severity = c.plain::<u8>("severity")?;
    let severity_text = c.words("severity_text")?;
    let body_type = c.plain::<u8>("body_type")?;
    let body = Strs::new(c.get("body")?)?;
    let event_name = c.words("event_name")?;
    let flags = c.plain::<u32>("flags")?;
    let dropped = c.plain::<u32>("dropped_attributes")?;
    let mut value = Vec::new();
    request(&c, resources, scopes, |i, out| {
        fixed64(out, log::TIME, time[i] as u64);
        number(out, log::SEVERITY, u64::from(severity[i]));
        bytes(out, log::SEVERITY_TEXT, severity_text.get(i));
        value.clear();
        match body_type[i] {
            0 => (),
            1 => message(&mut value, STRING, body.get(i)),
            _ => any_message(body.get(i), &mut value)?,
        }
        if body_type[i] != 0 {
            message(out, log::BODY, &value);
        }
        attrs.write(out, log::ATTRIBUTE, i)?;
        number(out, log::DROPPED, u64::from(dropped[i]));
        fixed32(out, log::FLAGS, flags[i]);
        if trace_id[i] != [0; 16] {
            message(out, log::TRACE_ID, &trace_id[i]);
        }
        if span_id[i] != 0 {
            message(out, log::SPAN_ID, &span_id[i].to_be_bytes());
        }
        fixed64(out, log::OBSERVED, observed[i] as u64);
        bytes(out, log::EVENT_NAME, event_name.get(i));
        Ok(())
    })
}
