//! The OTLP messages as JSON writes them: names, numbers and kinds of their fields.

#[derive(Clone, Copy)]
pub enum Kind {
    Str,
    /// Base64.
    Bytes,
    /// Hex, as trace and span ids are written.
    Id,
    Bool,
    /// A number only, never a name.
    Enum,
    U32,
    /// A varint, written as a string.
    I64,
    /// Written as a string.
    Fixed64,
    Fixed32,
    Double,
    One(&'static Shape),
    Many(&'static Shape),
}

pub struct Field {
    pub name: &'static str,
    pub number: u32,
    pub kind: Kind,
}

pub struct Shape {
    pub fields: &'static [Field],
}

const fn field(number: u32, name: &'static str, kind: Kind) -> Field {
    Field { name, number, kind }
}

use Kind::{Bool, Bytes, Double, Enum, Fixed32, Fixed64, Id, Many, One, Str, I64, U32};

pub static TRACES: Shape = Shape {
    fields: &[field(1, "resourceSpans", Many(&RESOURCE_SPANS))],
};

pub static LOGS: Shape = Shape {
    fields: &[field(1, "resourceLogs", Many(&RESOURCE_LOGS))],
};

static RESOURCE_SPANS: Shape = Shape {
    fields: &[
        field(1, "resource", One(&RESOURCE)),
        field(2, "scopeSpans", Many(&SCOPE_SPANS)),
        field(3, "schemaUrl", Str),
    ],
};

static RESOURCE_LOGS: Shape = Shape {
    fields: &[
        field(1, "resource", One(&RESOURCE)),
        field(2, "scopeLogs", Many(&SCOPE_LOGS)),
        field(3, "schemaUrl", Str),
    ],
};

static SCOPE_SPANS: Shape = Shape {
    fields: &[
        field(1, "scope", One(&SCOPE)),
        field(2, "spans", Many(&SPAN)),
        field(3, "schemaUrl", Str),
    ],
};

static SCOPE_LOGS: Shape = Shape {
    fields: &[
        field(1, "scope", One(&SCOPE)),
        field(2, "logRecords", Many(&LOG)),
        field(3, "schemaUrl", Str),
    ],
};

static RESOURCE: Shape = Shape {
    fields: &[
        field(1, "attributes", Many(&KEY_VALUE)),
        field(2, "droppedAttributesCount", U32),
    ],
};

static SCOPE: Shape = Shape {
    fields: &[
        field(1, "name", Str),
        field(2, "version", Str),
        field(3, "attributes", Many(&KEY_VALUE)),
        field(4, "droppedAttributesCount", U32),
    ],
};

static SPAN: Shape = Shape {
    fields: &[
        field(1, "traceId", Id),
        field(2, "spanId", Id),
        field(3, "traceState", Str),
        field(4, "parentSpanId", Id),
        field(16, "flags", Fixed32),
        field(5, "name", Str),
        field(6, "kind", Enum),
        field(7, "startTimeUnixNano", Fixed64),
        field(8, "endTimeUnixNano", Fixed64),
        field(9, "attributes", Many(&KEY_VALUE)),
        field(10, "droppedAttributesCount", U32),
        field(11, "events", Many(&EVENT)),
        field(12, "droppedEventsCount", U32),
        field(13, "links", Many(&LINK)),
        field(14, "droppedLinksCount", U32),
        field(15, "status", One(&STATUS)),
    ],
};

static STATUS: Shape = Shape {
    fields: &[field(2, "message", Str), field(3, "code", Enum)],
};

static EVENT: Shape = Shape {
    fields: &[
        field(1, "timeUnixNano", Fixed64),
        field(2, "name", Str),
        field(3, "attributes", Many(&KEY_VALUE)),
        field(4, "droppedAttributesCount", U32),
    ],
};

static LINK: Shape = Shape {
    fields: &[
        field(1, "traceId", Id),
        field(2, "spanId", Id),
        field(3, "traceState", Str),
        field(4, "attributes", Many(&KEY_VALUE)),
        field(5, "droppedAttributesCount", U32),
        field(6, "flags", Fixed32),
    ],
};

static LOG: Shape = Shape {
    fields: &[
        field(1, "timeUnixNano", Fixed64),
        field(11, "observedTimeUnixNano", Fixed64),
        field(2, "severityNumber", Enum),
        field(3, "severityText", Str),
        field(5, "body", One(&ANY)),
        field(6, "attributes", Many(&KEY_VALUE)),
        field(7, "droppedAttributesCount", U32),
        field(8, "flags", Fixed32),
        field(9, "traceId", Id),
        field(10, "spanId", Id),
        field(12, "eventName", Str),
    ],
};

static KEY_VALUE: Shape = Shape {
    fields: &[field(1, "key", Str), field(2, "value", One(&ANY))],
};

pub static ANY: Shape = Shape {
    fields: &[
        field(1, "stringValue", Str),
        field(2, "boolValue", Bool),
        field(3, "intValue", I64),
        field(4, "doubleValue", Double),
        field(5, "arrayValue", One(&ARRAY)),
        field(6, "kvlistValue", One(&KEY_VALUES)),
        field(7, "bytesValue", Bytes),
    ],
};

static ARRAY: Shape = Shape {
    fields: &[field(1, "values", Many(&ANY))],
};

static KEY_VALUES: Shape = Shape {
    fields: &[field(1, "values", Many(&KEY_VALUE))],
};
