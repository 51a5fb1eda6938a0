//! OTLP JSON to OTLP protobuf and back, driven by one table of the messages.

mod from_proto;
mod number;
mod scan;
mod shape;
mod to_proto;

pub use from_proto::to_json;
pub use shape::{Shape, ANY, LOGS, TRACES};
pub use to_proto::{transcode, transcode_value};

#[cfg(test)]
mod tests;
