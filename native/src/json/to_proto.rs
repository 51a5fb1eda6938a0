//! OTLP JSON to protobuf in one pass: fields of any order, unknown ones skipped, null as absent.

use super::number::{float, whole};
use super::scan::{unescape, Scanner, MAX_NESTING};
use super::shape::{Field, Kind, Shape};
use crate::error::Result;
use crate::text::{unbase64, unhex};
use crate::wire::{put_varint, tag, varint_len, I32, I64, LEN, VARINT};

/// Write the message of `shape` that `text` holds.
pub fn transcode(shape: &Shape, text: &[u8], out: &mut Vec<u8>) -> Result<()> {
    transcode_value(shape, text, out, 0)
}

/// The same for a message that stands `depth` levels deep.
pub fn transcode_value(shape: &Shape, text: &[u8], out: &mut Vec<u8>, depth: u32) -> Result<()> {
    let mut writer = Writer {
        json: Scanner::new(text),
        out,
        text: Vec::new(),
    };
    writer.message(shape, depth)?;
    writer.json.end()
}

struct Writer<'a, 'b> {
    json: Scanner<'a>,
    out: &'b mut Vec<u8>,
    /// The last string that had escapes.
    text: Vec<u8>,
}

impl<'a> Writer<'a, '_> {
    fn message(&mut self, shape: &Shape, depth: u32) -> Result<()> {
        if depth > MAX_NESTING {
            return Err(self.json.error("nested too deeply"));
        }
        self.json.expect(b'{')?;
        if self.json.eat(b'}') {
            return Ok(());
        }
        let mut guess = 0;
        loop {
            let field = self.field(shape, &mut guess)?;
            self.json.expect(b':')?;
            match field {
                None => self.json.skip(depth)?,
                Some(_) if self.json.eat_null()? => (),
                Some(field) => self.value(field, depth)?,
            }
            if !self.json.eat(b',') {
                return self.json.expect(b'}');
            }
        }
    }

    /// The field whose name comes next; the one behind the last is tried first.
    #[inline]
    fn field<'s>(&mut self, shape: &'s Shape, guess: &mut usize) -> Result<Option<&'s Field>> {
        let (raw, escaped) = self.json.raw_string()?;
        let name = if escaped { self.unescaped(raw)? } else { raw };
        let fields = shape.fields;
        let n = fields.len();
        let found = (0..n)
            .map(|i| (*guess + i) % n)
            .find(|&i| fields[i].name.as_bytes() == name);
        Ok(found.map(|i| {
            *guess = i + 1;
            &fields[i]
        }))
    }

    fn unescaped(&mut self, raw: &[u8]) -> Result<&[u8]> {
        self.text.clear();
        match unescape(raw, &mut self.text) {
            Some(()) => Ok(&self.text),
            None => Err(self.json.error("a broken escape")),
        }
    }

    fn value(&mut self, field: &Field, depth: u32) -> Result<()> {
        match field.kind {
            Kind::One(shape) => self.embedded(field.number, shape, depth)?,
            Kind::Many(shape) => self.many(field.number, shape, depth)?,
            Kind::Str => {
                let (raw, escaped) = self.json.raw_string()?;
                self.put_string(field.number, raw, escaped)?;
            }
            Kind::Bytes | Kind::Id => self.binary(field)?,
            Kind::Bool => {
                let value = self.json.boolean()?;
                self.put_number(field.number, u64::from(value));
            }
            Kind::Enum => {
                let text = self.json.number()?;
                let value = self.integer(text, i128::from(i32::MIN), i128::from(i32::MAX))?;
                self.put_number(field.number, value as i64 as u64);
            }
            Kind::U32 => {
                let value = self.quoted_integer(0, i128::from(u32::MAX))?;
                self.put_number(field.number, value as u64);
            }
            Kind::I64 => {
                let value = self.quoted_integer(i128::from(i64::MIN), i128::from(i64::MAX))?;
                self.put_number(field.number, value as i64 as u64);
            }
            Kind::Fixed64 => {
                let value = self.quoted_integer(0, i128::from(u64::MAX))? as u64;
                self.put_fixed(field.number, I64, &value.to_le_bytes());
            }
            Kind::Fixed32 => {
                let value = self.quoted_integer(0, i128::from(u32::MAX))? as u32;
                self.put_fixed(field.number, I32, &value.to_le_bytes());
            }
            Kind::Double => {
                let value = self.double()?;
                self.put_fixed(field.number, I64, &value.to_bits().to_le_bytes());
            }
        }
        Ok(())
    }

    fn many(&mut self, number: u32, shape: &'static Shape, depth: u32) -> Result<()> {
        self.json.expect(b'[')?;
        if self.json.eat(b']') {
            return Ok(());
        }
        loop {
            if !self.json.eat_null()? {
                self.embedded(number, shape, depth)?;
            }
            if !self.json.eat(b',') {
                return self.json.expect(b']');
            }
        }
    }

    /// Write a message behind its length: room for one byte is left and made larger only where it does not do.
    fn embedded(&mut self, number: u32, shape: &'static Shape, depth: u32) -> Result<()> {
        put_varint(self.out, u64::from(tag(number, LEN)));
        // Envelopes are large, and what is deep would be moved once per level: those lengths get all five bytes.
        let wide = !(2..16).contains(&depth);
        let from = self.out.len();
        self.out
            .extend_from_slice(if wide { &[0; 5] } else { &[0; 1] });
        let body = self.out.len();
        self.message(shape, depth + 1)?;
        let len = self.out.len() - body;
        if wide {
            for i in 0..5 {
                let more = if i < 4 { 0x80 } else { 0 };
                self.out[from + i] = (len >> (7 * i)) as u8 & 0x7f | more;
            }
        } else if len < 0x80 {
            self.out[from] = len as u8;
        } else {
            let mut head = Vec::with_capacity(5);
            put_varint(&mut head, len as u64);
            self.out.splice(from..body, head);
            debug_assert_eq!(self.out.len(), from + varint_len(len as u64) + len);
        }
        Ok(())
    }

    fn put_string(&mut self, number: u32, raw: &[u8], escaped: bool) -> Result<()> {
        if escaped {
            self.unescaped(raw)?;
        }
        let value = if escaped { &self.text[..] } else { raw };
        put_varint(self.out, u64::from(tag(number, LEN)));
        put_varint(self.out, value.len() as u64);
        self.out.extend_from_slice(value);
        Ok(())
    }

    /// An id that is no hex becomes one byte, so that its row is refused and not the request.
    fn binary(&mut self, field: &Field) -> Result<()> {
        let (raw, escaped) = self.json.raw_string()?;
        let text = if escaped {
            self.unescaped(raw)?.to_vec()
        } else {
            raw.to_vec()
        };
        let mut value = Vec::with_capacity(text.len());
        if matches!(field.kind, Kind::Id) {
            if unhex(&mut value, &text).is_none() {
                value = vec![0];
            }
        } else if unbase64(&mut value, &text).is_none() {
            return Err(self.json.error("bytesValue is no base64"));
        }
        put_varint(self.out, u64::from(tag(field.number, LEN)));
        put_varint(self.out, value.len() as u64);
        self.out.extend_from_slice(&value);
        Ok(())
    }

    fn put_number(&mut self, number: u32, value: u64) {
        put_varint(self.out, u64::from(tag(number, VARINT)));
        put_varint(self.out, value);
    }

    fn put_fixed(&mut self, number: u32, wire_type: u32, bytes: &[u8]) {
        put_varint(self.out, u64::from(tag(number, wire_type)));
        self.out.extend_from_slice(bytes);
    }

    fn integer(&self, text: &[u8], least: i128, most: i128) -> Result<i128> {
        whole(text)
            .filter(|value| (least..=most).contains(value))
            .ok_or_else(|| self.json.error("expected a whole number in range"))
    }

    /// The text of a number, in quotes or without.
    fn numeral(&mut self) -> Result<&'a [u8]> {
        if self.json.peek() == b'"' {
            return Ok(self.json.raw_string()?.0);
        }
        self.json.number()
    }

    fn quoted_integer(&mut self, least: i128, most: i128) -> Result<i128> {
        let text = self.numeral()?;
        self.integer(text, least, most)
    }

    fn double(&mut self) -> Result<f64> {
        let quoted = self.json.peek() == b'"';
        match self.numeral()? {
            b"NaN" if quoted => Ok(f64::NAN),
            b"Infinity" if quoted => Ok(f64::INFINITY),
            b"-Infinity" if quoted => Ok(f64::NEG_INFINITY),
            text => float(text).ok_or_else(|| self.json.error("expected a number")),
        }
    }
}
