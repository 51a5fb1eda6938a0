//! What Python sees: builders, encoders, the checksum and the catalogue.

mod arrow;
mod builder;
mod catalogue;
mod encode;

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyBufferError;
use pyo3::prelude::*;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// xxh3-64 over the logical content of a record batch, dictionaries included.
#[pyfunction]
fn checksum(py: Python<'_>, batch: &Bound<'_, PyAny>) -> PyResult<u64> {
    let data = arrow::import(batch)?;
    Ok(py.detach(|| crate::checksum::checksum(&data)))
}

/// xxh3-64 of anything with contiguous bytes: what resource and scope ids are made with.
#[pyfunction]
#[pyo3(signature = (data, seed=0))]
fn checksum_bytes(py: Python<'_>, data: PyBuffer<u8>, seed: u64) -> PyResult<u64> {
    if !data.is_c_contiguous() {
        return Err(PyBufferError::new_err("the bytes must be contiguous"));
    }
    if data.len_bytes() == 0 {
        return Ok(xxh3_64_with_seed(&[], seed));
    }
    // SAFETY: contiguous, and kept alive by `data`; whoever writes into it meanwhile gets a checksum of neither state.
    let bytes =
        unsafe { std::slice::from_raw_parts(data.buf_ptr().cast::<u8>(), data.len_bytes()) };
    Ok(py.detach(|| xxh3_64_with_seed(bytes, seed)))
}

#[pymodule]
fn _native(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<arrow::Batch>()?;
    m.add_class::<builder::SpanBuilder>()?;
    m.add_class::<builder::LogBuilder>()?;
    m.add_function(wrap_pyfunction!(checksum, m)?)?;
    m.add_function(wrap_pyfunction!(checksum_bytes, m)?)?;
    m.add_class::<catalogue::Catalogue>()?;
    m.add_function(wrap_pyfunction!(encode::encode_traces, m)?)?;
    m.add_function(wrap_pyfunction!(encode::encode_logs, m)?)?;
    Ok(())
}
