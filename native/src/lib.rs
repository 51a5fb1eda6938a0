//! The native part of Clew: the OTLP codec and the column kernels that no library has.

pub mod batch;
pub mod builder;
pub mod catalogue;
pub mod checksum;
pub mod column;
pub mod encode;
pub mod error;
pub mod inflate;
pub mod json;
pub mod otlp;
#[cfg(feature = "pyo3")]
mod python;
pub mod text;
pub mod view;
pub mod wire;
