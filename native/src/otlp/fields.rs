//! Tags of the OTLP messages, as they stand on the wire.

use crate::wire::{tag, I32, I64, LEN, VARINT};

/// `ExportTraceServiceRequest`, `ExportLogsServiceRequest`: one per resource.
pub const REQUEST_GROUP: u32 = tag(1, LEN);

/// `ResourceSpans`, `ResourceLogs`, `ScopeSpans` and `ScopeLogs` share their shape.
pub mod group {
    use super::*;
    pub const ORIGIN: u32 = tag(1, LEN);
    pub const ITEM: u32 = tag(2, LEN);
    pub const SCHEMA_URL: u32 = tag(3, LEN);
}

pub mod resource {
    use super::*;
    pub const ATTRIBUTE: u32 = tag(1, LEN);
    pub const DROPPED: u32 = tag(2, VARINT);
}

pub mod scope {
    use super::*;
    pub const NAME: u32 = tag(1, LEN);
    pub const VERSION: u32 = tag(2, LEN);
    pub const ATTRIBUTE: u32 = tag(3, LEN);
    pub const DROPPED: u32 = tag(4, VARINT);
}

pub mod span {
    use super::*;
    pub const TRACE_ID: u32 = tag(1, LEN);
    pub const SPAN_ID: u32 = tag(2, LEN);
    pub const TRACE_STATE: u32 = tag(3, LEN);
    pub const PARENT_ID: u32 = tag(4, LEN);
    pub const NAME: u32 = tag(5, LEN);
    pub const KIND: u32 = tag(6, VARINT);
    pub const START: u32 = tag(7, I64);
    pub const END: u32 = tag(8, I64);
    pub const ATTRIBUTE: u32 = tag(9, LEN);
    pub const DROPPED_ATTRIBUTES: u32 = tag(10, VARINT);
    pub const EVENT: u32 = tag(11, LEN);
    pub const DROPPED_EVENTS: u32 = tag(12, VARINT);
    pub const LINK: u32 = tag(13, LEN);
    pub const DROPPED_LINKS: u32 = tag(14, VARINT);
    pub const STATUS: u32 = tag(15, LEN);
    pub const FLAGS: u32 = tag(16, I32);
}

pub mod status {
    use super::*;
    pub const MESSAGE: u32 = tag(2, LEN);
    pub const CODE: u32 = tag(3, VARINT);
}

pub mod event {
    use super::*;
    pub const TIME: u32 = tag(1, I64);
    pub const NAME: u32 = tag(2, LEN);
    pub const ATTRIBUTE: u32 = tag(3, LEN);
    pub const DROPPED: u32 = tag(4, VARINT);
}

pub mod link {
    use super::*;
    pub const TRACE_ID: u32 = tag(1, LEN);
    pub const SPAN_ID: u32 = tag(2, LEN);
    pub const TRACE_STATE: u32 = tag(3, LEN);
    pub const ATTRIBUTE: u32 = tag(4, LEN);
    pub const DROPPED: u32 = tag(5, VARINT);
    pub const FLAGS: u32 = tag(6, I32);
}

pub mod log {
    use super::*;
    pub const TIME: u32 = tag(1, I64);
    pub const SEVERITY: u32 = tag(2, VARINT);
    pub const SEVERITY_TEXT: u32 = tag(3, LEN);
    pub const BODY: u32 = tag(5, LEN);
    pub const ATTRIBUTE: u32 = tag(6, LEN);
    pub const DROPPED: u32 = tag(7, VARINT);
    pub const FLAGS: u32 = tag(8, I32);
    pub const TRACE_ID: u32 = tag(9, LEN);
    pub const SPAN_ID: u32 = tag(10, LEN);
    pub const OBSERVED: u32 = tag(11, I64);
    pub const EVENT_NAME: u32 = tag(12, LEN);
}
