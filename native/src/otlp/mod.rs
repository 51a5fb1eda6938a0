//! OTLP messages into columns.

pub mod any;
pub mod attrs;
pub mod canonical;
pub mod fields;
pub mod json_text;
pub mod logs;
pub mod nested;
pub mod origin;
pub mod promoted;
pub mod row;
pub mod spans;
pub mod weight;
