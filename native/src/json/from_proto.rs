//! Protobuf of our own encoder to OTLP JSON: fields of one number stand together, nothing is unknown.

use super::shape::{Field, Kind, Shape};
use crate::error::{Error, Result};
use crate::text::{base64, double, hex, quoted};
use crate::wire::Reader;
use std::io::Write;

pub fn to_json(shape: &Shape, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
    out.push(b'{');
    let mut reader = Reader::new(bytes);
    let mut last = 0;
    let mut guess = 0;
    while let Some(tag) = reader.tag()? {
        let number = tag >> 3;
        if shape.fields.get(guess).is_none_or(|f| f.number != number) {
            guess = shape
                .fields
                .iter()
                .position(|f| f.number == number)
                .ok_or_else(|| Error::malformed("an unknown field"))?;
        }
        let field = &shape.fields[guess];
        let again = number == last;
        if again {
            out.push(b',');
        } else {
            close_list(shape, last, out);
            name(field, last != 0, out);
        }
        last = number;
        value(field, &mut reader, out)?;
    }
    close_list(shape, last, out);
    out.push(b'}');
    Ok(())
}

fn name(field: &Field, comma: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if comma { b",\"" } else { b"\"" });
    out.extend_from_slice(field.name.as_bytes());
    out.extend_from_slice(b"\":");
    if matches!(field.kind, Kind::Many(_)) {
        out.push(b'[');
    }
}

fn close_list(shape: &Shape, number: u32, out: &mut Vec<u8>) {
    let list = |f: &Field| f.number == number && matches!(f.kind, Kind::Many(_));
    if number != 0 && shape.fields.iter().any(list) {
        out.push(b']');
    }
}

fn value(field: &Field, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<()> {
    match field.kind {
        Kind::Str => quoted(out, reader.bytes()?),
        Kind::Bytes => {
            out.push(b'"');
            base64(out, reader.bytes()?);
            out.push(b'"');
        }
        Kind::Id => {
            out.push(b'"');
            hex(out, reader.bytes()?);
            out.push(b'"');
        }
        Kind::Bool => {
            let text: &[u8] = if reader.varint()? == 0 {
                b"false"
            } else {
                b"true"
            };
            out.extend_from_slice(text);
        }
        Kind::Enum | Kind::U32 => print(out, format_args!("{}", reader.varint()?)),
        Kind::I64 => print(out, format_args!("\"{}\"", reader.varint()? as i64)),
        Kind::Fixed64 => print(out, format_args!("\"{}\"", reader.fixed64()?)),
        Kind::Fixed32 => print(out, format_args!("{}", reader.fixed32()?)),
        Kind::Double => double(out, f64::from_bits(reader.fixed64()?)),
        Kind::One(shape) | Kind::Many(shape) => to_json(shape, reader.bytes()?, out)?,
    }
    Ok(())
}

fn print(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing into memory does not fail.
    let _ = out.write_fmt(text);
}
