//! The builders as Python classes; the GIL is released while they work.

use super::arrow::Batch;
use crate::builder::{Builder, Pushed, Request};
use crate::error::Result;
use crate::inflate::Compression;
use crate::json;
use crate::otlp::logs::Logs;
use crate::otlp::row::REASONS;
use crate::otlp::spans::Spans;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Tenant, body, encoding, compression, time of arrival.
type Given<'py> = (String, Bound<'py, PyBytes>, String, String, i64);
/// Accepted rows, rejected rows by reason, and kind and text of an error.
type Answer = (
    u64,
    Vec<(&'static str, u64)>,
    Option<(&'static str, String)>,
);

fn compression(name: &str) -> PyResult<Compression> {
    Ok(match name {
        "identity" => Compression::None,
        "gzip" => Compression::Gzip,
        "zstd" => Compression::Zstd,
        "deflate" => Compression::Deflate,
        other => {
            return Err(PyValueError::new_err(format!(
                "unknown compression {other}"
            )))
        }
    })
}

fn answer(result: Result<Pushed>) -> Answer {
    match result {
        Ok(pushed) => {
            let reasons = REASONS.into_iter().zip(pushed.rejected);
            (
                pushed.accepted,
                reasons.filter(|(_, n)| *n > 0).collect(),
                None,
            )
        }
        Err(error) => (0, Vec::new(), Some((error.kind(), error.to_string()))),
    }
}

macro_rules! builder {
    ($name:ident, $signal:ty, $shape:expr, $doc:literal) => {
        #[doc = $doc]
        #[pyclass(module = "clew._native")]
        pub struct $name(Builder<$signal>);

        #[pymethods]
        impl $name {
            #[new]
            fn new(retention_s: i64, max_decoded_bytes: usize) -> Self {
                Self(Builder::new(
                    <$signal>::default(),
                    $shape,
                    retention_s,
                    max_decoded_bytes,
                ))
            }

            /// Decode requests into the open batch.
            fn push(&mut self, py: Python<'_>, requests: Vec<Given<'_>>) -> PyResult<Vec<Answer>> {
                let mut given = Vec::with_capacity(requests.len());
                for (tenant, body, encoding, kind, received_ns) in &requests {
                    given.push(Request {
                        tenant: tenant.as_bytes(),
                        body: body.as_bytes(),
                        json: encoding == "json",
                        compression: compression(kind)?,
                        received_ns: *received_ns,
                    });
                }
                let builder = &mut self.0;
                Ok(py.detach(|| {
                    given
                        .iter()
                        .map(|request| answer(builder.push(request)))
                        .collect()
                }))
            }

            /// Rows in the open batch.
            #[getter]
            fn rows(&self) -> usize {
                self.0.rows()
            }

            /// Decoded bytes in the open batch.
            #[getter]
            fn bytes(&self) -> usize {
                self.0.bytes()
            }

            /// Take rows, resources and scopes, and start another batch.
            fn finish(&mut self, py: Python<'_>) -> (Batch, Batch, Batch) {
                let builder = &mut self.0;
                let [rows, resources, scopes] = py.detach(|| builder.finish());
                (Batch(rows), Batch(resources), Batch(scopes))
            }
        }
    };
}

builder!(
    SpanBuilder,
    Spans,
    &json::TRACES,
    "`ExportTraceServiceRequest` bodies into one batch of spans."
);
builder!(
    LogBuilder,
    Logs,
    &json::LOGS,
    "`ExportLogsServiceRequest` bodies into one batch of log records."
);
