//! What Python sees: builders, encoders, the checksum and the catalogue.

mod arrow;
mod builder;

use pyo3::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

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

#[pymodule]
fn _native(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<arrow::Batch>()?;
    m.add_class::<builder::SpanBuilder>()?;
    m.add_class::<builder::LogBuilder>()?;
    m.add_function(wrap_pyfunction!(checksum, m)?)?;
    m.add_function(wrap_pyfunction!(hash64, m)?)?;
    Ok(())
}
