//! What rows of every signal share: when a request came, the bucket, marks, and why a row is refused.

use super::origin::Origin;
use crate::column::Column;
use crate::error::Result;

pub const CLAMPED: u32 = 4;
pub const NEGATIVE_DURATION: u32 = 8;
pub const INVALID_UTF8: u32 = 128;

const BUCKET_NS: i64 = 600 * NS;
pub const NS: i64 = 1_000_000_000;
const FUTURE_NS: i64 = 600 * NS;

/// Why a single row is refused; the rest of its request is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    TraceId,
    SpanId,
    ParentId,
    Time,
    LinkId,
}

pub const REASONS: [&str; 5] = [
    "invalid_trace_id",
    "invalid_span_id",
    "invalid_parent_id",
    "time_out_of_range",
    "invalid_link_id",
];

/// When a request came and which times it may speak of.
#[derive(Clone, Copy)]
pub struct Arrival {
    pub received_ns: i64,
    earliest: i64,
    latest: i64,
    clamped: i64,
}

impl Arrival {
    pub fn new(received_ns: i64, retention_ns: i64) -> Self {
        Self {
            received_ns,
            earliest: received_ns.saturating_sub(retention_ns),
            latest: received_ns.saturating_add(FUTURE_NS),
            clamped: bucket(received_ns),
        }
    }

    /// The bucket in seconds of a row's time, and the mark that it needs.
    #[inline]
    pub fn bucket(&self, time_ns: i64) -> (i64, u32) {
        if time_ns >= self.earliest && time_ns <= self.latest {
            (bucket(time_ns), 0)
        } else {
            (self.clamped, CLAMPED)
        }
    }
}

#[inline]
fn bucket(ns: i64) -> i64 {
    ns.div_euclid(BUCKET_NS) * 600
}

/// Times are unsigned on the wire and signed in the columns.
#[inline]
pub fn time(ns: u64) -> std::result::Result<i64, Reason> {
    i64::try_from(ns).map_err(|_| Reason::Time)
}

/// An id of 16 bytes; `None` when it has another length.
#[inline]
pub fn id128(bytes: &[u8]) -> Option<[u8; 16]> {
    bytes.try_into().ok()
}

/// The big-endian value of an id of 8 bytes, 0 for an empty one; `None` when it has another length.
#[inline]
pub fn id64(bytes: &[u8]) -> Option<u64> {
    match <[u8; 8]>::try_from(bytes) {
        Ok(id) => Some(u64::from_be_bytes(id)),
        Err(_) => bytes.is_empty().then_some(0),
    }
}

/// An enum of the wire in a byte; what does not fit is unspecified.
#[inline]
pub fn small(value: u64) -> u8 {
    u8::try_from(value).unwrap_or(0)
}

/// The columns of one signal, filled item by item.
pub trait Signal {
    const NAMES: &'static [&'static str];

    fn rows(&self) -> usize;

    /// Add the row of a `Span` or `LogRecord` and return its bucket, or say why it is refused.
    fn item(&mut self, bytes: &[u8], arrival: &Arrival)
        -> Result<std::result::Result<i64, Reason>>;

    /// Give all rows since the last call their scope.
    fn fill_scope(&mut self, scope: &Origin);

    /// Give all rows since the last call their tenant and resource.
    fn fill_resource(&mut self, tenant: &[u8], resource: &Origin, arrival: &Arrival);

    fn marks(&mut self) -> &mut [u32];

    fn columns(&mut self) -> Vec<&mut dyn Column>;
}
