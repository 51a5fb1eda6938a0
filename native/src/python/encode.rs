//! The encoders as Python functions.

use super::arrow::import;
use crate::encode;
use crate::error::Result;
use crate::json::{to_json, Shape, LOGS, TRACES};
use arrow_data::ArrayData;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::panic::{catch_unwind, AssertUnwindSafe};

type Encode = fn(&ArrayData, &ArrayData, &ArrayData) -> Result<Vec<u8>>;

fn run<'py>(
    py: Python<'py>,
    batches: [&Bound<'py, PyAny>; 3],
    json: bool,
    encode: Encode,
    shape: &'static Shape,
) -> PyResult<Bound<'py, PyBytes>> {
    let [rows, resources, scopes] = batches;
    let (rows, resources, scopes) = (import(rows)?, import(resources)?, import(scopes)?);
    let work = || {
        let proto = encode(&rows, &resources, &scopes)?;
        if !json {
            return Ok(proto);
        }
        let mut out = Vec::with_capacity(proto.len() * 2);
        to_json(shape, &proto, &mut out)?;
        Ok(out)
    };
    let done: Result<Vec<u8>> = py.detach(|| {
        catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|_| Err(crate::error::Error::malformed("the batch is broken")))
    });
    match done {
        Ok(bytes) => Ok(PyBytes::new(py, &bytes)),
        Err(error) => Err(PyValueError::new_err(error.to_string())),
    }
}

/// One `ExportTraceServiceRequest` of all spans.
#[pyfunction]
pub fn encode_traces<'py>(
    py: Python<'py>,
    spans: &Bound<'py, PyAny>,
    resources: &Bound<'py, PyAny>,
    scopes: &Bound<'py, PyAny>,
    json: bool,
) -> PyResult<Bound<'py, PyBytes>> {
    run(
        py,
        [spans, resources, scopes],
        json,
        encode::encode_traces,
        &TRACES,
    )
}

/// One `ExportLogsServiceRequest` of all log records.
#[pyfunction]
pub fn encode_logs<'py>(
    py: Python<'py>,
    logs: &Bound<'py, PyAny>,
    resources: &Bound<'py, PyAny>,
    scopes: &Bound<'py, PyAny>,
    json: bool,
) -> PyResult<Bound<'py, PyBytes>> {
    run(
        py,
        [logs, resources, scopes],
        json,
        encode::encode_logs,
        &LOGS,
    )
}
