//! Batches to and from Python by the Arrow C data interface, without a copy.

use arrow_array::ffi::from_ffi;
use arrow_data::ffi::FFI_ArrowArray;
use arrow_data::ArrayData;
use arrow_schema::ffi::FFI_ArrowSchema;
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};
use std::ffi::CStr;

const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";

/// A record batch on its way to Python: `pyarrow.record_batch(batch)` takes it.
#[pyclass(module = "clew._native", frozen)]
pub struct Batch(pub crate::batch::Batch);

#[pymethods]
impl Batch {
    /// The Arrow PyCapsule interface; another schema than the batch's own is not produced.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        drop(requested_schema);
        let schema = FFI_ArrowSchema::try_from(self.0.schema.as_ref())
            .map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        let array = FFI_ArrowArray::new(&self.0.data);
        let schema = PyCapsule::new_with_value(py, schema, SCHEMA)?;
        let array = PyCapsule::new_with_value(py, array, ARRAY)?;
        PyTuple::new(py, [schema, array])
    }

    /// Write the array alone as an `ArrowArray` struct to an address, for a reader that knows the schema already.
    ///
    /// The address must hold room for the struct, and the reader must take it over.
    fn export_array(&self, address: usize) {
        let array = FFI_ArrowArray::new(&self.0.data);
        // SAFETY: see above; the one caller is in `clew.codec`.
        unsafe { std::ptr::write_unaligned(address as *mut FFI_ArrowArray, array) };
    }

    fn __len__(&self) -> usize {
        self.0.data.len()
    }
}

/// Take a record batch (anything with `__arrow_c_array__`) as a struct array.
pub fn import(batch: &Bound<'_, PyAny>) -> PyResult<ArrayData> {
    let pair = batch.call_method0("__arrow_c_array__")?;
    let (schema, array): (Bound<'_, PyCapsule>, Bound<'_, PyCapsule>) = pair.extract()?;
    let schema = schema
        .pointer_checked(Some(SCHEMA))?
        .cast::<FFI_ArrowSchema>();
    let array = array.pointer_checked(Some(ARRAY))?.cast::<FFI_ArrowArray>();
    // SAFETY: the capsules are named as the interface says, so they hold these structs; the array is moved out of its
    // capsule by leaving a released one behind.
    let data = unsafe {
        let array = FFI_ArrowArray::from_raw(array.as_ptr());
        from_ffi(array, schema.as_ref())
    };
    let mut data = data.map_err(|error| PyValueError::new_err(error.to_string()))?;
    if !matches!(data.data_type(), arrow_schema::DataType::Struct(_)) {
        return Err(PyTypeError::new_err("expected a record batch"));
    }
    data.align_buffers();
    Ok(data)
}
