//! The native part of Clew: the OTLP codec and the column kernels that no library has.
use pyo3::prelude::*;

#[pymodule]
fn _native(_m: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
