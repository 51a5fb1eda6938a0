//! The compact OTLP JSON of an `AnyValue`: what `attr_any` and log bodies hold.

use super::any::{deeper, items, key_value, Any};
use crate::error::Result;
use crate::text::{base64, double, quoted};

pub fn write_any(out: &mut Vec<u8>, value: &Any<'_>, depth: u32) -> Result<()> {
    let depth = deeper(depth)?;
    match value {
        Any::Empty => out.extend_from_slice(b"{}"),
        Any::Str(text) => {
            out.extend_from_slice(b"{\"stringValue\":");
            quoted(out, text);
            out.push(b'}');
        }
        Any::Bool(true) => out.extend_from_slice(b"{\"boolValue\":true}"),
        Any::Bool(false) => out.extend_from_slice(b"{\"boolValue\":false}"),
        Any::Int(value) => {
            out.extend_from_slice(format!("{{\"intValue\":\"{value}\"}}").as_bytes());
        }
        Any::Double(value) => {
            out.extend_from_slice(b"{\"doubleValue\":");
            double(out, *value);
            out.push(b'}');
        }
        Any::Bytes(value) => {
            out.extend_from_slice(b"{\"bytesValue\":\"");
            base64(out, value);
            out.extend_from_slice(b"\"}");
        }
        Any::Array(bytes) => list(out, b"{\"arrayValue\":{", |out, first| {
            items(bytes, |item| {
                next(out, first);
                write_any(out, &Any::read(item)?, depth)
            })
        })?,
        Any::KvList(bytes) => list(out, b"{\"kvlistValue\":{", |out, first| {
            items(bytes, |pair| {
                next(out, first);
                let (key, value) = key_value(pair)?;
                out.extend_from_slice(b"{\"key\":");
                quoted(out, key);
                out.extend_from_slice(b",\"value\":");
                write_any(out, &Any::read(&value)?, depth)?;
                out.push(b'}');
                Ok(())
            })
        })?,
    }
    Ok(())
}

fn list(
    out: &mut Vec<u8>,
    open: &[u8],
    fill: impl FnOnce(&mut Vec<u8>, &mut bool) -> Result<()>,
) -> Result<()> {
    out.extend_from_slice(open);
    let mut first = true;
    fill(out, &mut first)?;
    out.extend_from_slice(if first { b"}}" } else { b"]}}" });
    Ok(())
}

fn next(out: &mut Vec<u8>, first: &mut bool) {
    out.extend_from_slice(if *first { b"\"values\":[" } else { b"," });
    *first = false;
}
