//! What Python sees: builders, encoders, the checksum and the catalogue.

mod arrow;
mod builder;

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyBufferError;
use pyo3::prelude::*;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// xxh3-64 over the logical content of a record batch, dictionaries included.
#[pyfunction]
fn checksum(py: Python<'_>, batch: &Bound<'_, PyAny>) -> PyResult<u64> {
    let data = arrow::import(batch)?;
    Ok(py.detach(|| crate::checksum::checksum(&data)))
}

/// xxh3-64 of bytes: what resource and scope ids are made with.
#[pyfunction]
fn hash64(data: &[u8]) -> u64 {
    xxh3_64(data)
}

/// xxh3-64 with a seed over any readable, contiguous buffer of bytes: what the journal checks its blocks with.
#[pyfunction]
#[pyo3(signature = (data, seed = 0))]
fn checksum_bytes(py: Python<'_>, data: PyBuffer<u8>, seed: u64) -> PyResult<u64> {
    if !data.is_c_contiguous() {
        return Err(PyBufferError::new_err("the buffer is not contiguous"));
    }
    // SAFETY: the buffer is held for the whole call, contiguous, and `len_bytes` long; callers do not write to it.
    let bytes = unsafe { std::slice::from_raw_parts(data.buf_ptr().cast::<u8>(), data.len_bytes()) };
    Ok(py.detach(|| xxh3_64_with_seed(bytes, seed)))
}

#[pymodule]
fn _native(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<arrow::Batch>()?;
    m.add_class::<builder::SpanBuilder>()?;
    m.add_class::<builder::LogBuilder>()?;
    m.add_function(wrap_pyfunction!(checksum, m)?)?;
    m.add_function(wrap_pyfunction!(hash64, m)?)?;
    m.add_function(wrap_pyfunction!(checksum_bytes, m)?)?;
    Ok(())
}
