//! The catalogue as a Python class.

use super::arrow::{import, Batch};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Which attribute keys and values have been written, per tenant, day and level.
#[pyclass(module = "clew._native")]
pub struct Catalogue(crate::catalogue::Catalogue);

#[pymethods]
impl Catalogue {
    #[new]
    #[pyo3(signature = (max_values=1000))]
    fn new(max_values: usize) -> Self {
        Self(crate::catalogue::Catalogue::new(max_values))
    }

    /// The keys and values of a batch that were not handed out before.
    fn scan(&mut self, py: Python<'_>, batch: &Bound<'_, PyAny>, level: &str) -> PyResult<Batch> {
        let data = import(batch)?;
        let own = &mut self.0;
        py.detach(|| own.scan(&data, level))
            .map(Batch)
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// What was handed out is written.
    fn commit(&mut self) {
        self.0.commit();
    }

    /// What was handed out since the last commit is not written; it will be handed out again.
    fn rollback(&mut self) {
        self.0.rollback();
    }
}
