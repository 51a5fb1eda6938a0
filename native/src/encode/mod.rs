//! Batches to OTLP protobuf: the inverse of `otlp`.

mod attrs;
mod logs;
mod nested;
mod origin;
mod spans;

pub use logs::encode_logs;
pub use spans::encode_traces;

use crate::wire::{put_varint, I32, I64, LEN, VARINT};

/// Write a number unless it is 0.
fn number(out: &mut Vec<u8>, tag: u32, value: u64) {
    debug_assert_eq!(tag & 7, VARINT);
    if value != 0 {
        put_varint(out, u64::from(tag));
        put_varint(out, value);
    }
}

/// Write a fixed64 unless it is 0.
fn fixed64(out: &mut Vec<u8>, tag: u32, value: u64) {
    debug_assert_eq!(tag & 7, I64);
    if value != 0 {
        put_varint(out, u64::from(tag));
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// Write a fixed32 unless it is 0.
fn fixed32(out: &mut Vec<u8>, tag: u32, value: u32) {
    debug_assert_eq!(tag & 7, I32);
    if value != 0 {
        put_varint(out, u64::from(tag));
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// Write a string or bytes unless they are empty.
fn bytes(out: &mut Vec<u8>, tag: u32, value: &[u8]) {
    if !value.is_empty() {
        message(out, tag, value);
    }
}

/// Write an embedded message, an empty one too.
fn message(out: &mut Vec<u8>, tag: u32, value: &[u8]) {
    debug_assert_eq!(tag & 7, LEN);
    crate::wire::put_bytes(out, tag, value);
}
