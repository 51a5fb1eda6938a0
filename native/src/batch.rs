//! Columns with names: what a builder hands out.

use crate::column::{array, required, Column};
use arrow_data::ArrayData;
use arrow_schema::{DataType, Schema};
use std::sync::Arc;

/// A batch as Arrow has it: a schema and a struct array.
pub struct Batch {
    pub schema: Arc<Schema>,
    pub data: ArrayData,
}

pub fn schema_of(columns: &[&mut dyn Column], names: &[&str]) -> Arc<Schema> {
    assert_eq!(columns.len(), names.len(), "each column has a name");
    let fields = columns.iter().zip(names);
    let fields: Vec<_> = fields
        .map(|(column, name)| required(name, column.data_type()))
        .collect();
    Arc::new(Schema::new(fields))
}

/// Take the rows of all columns.
pub fn take(columns: Vec<&mut dyn Column>, schema: &Arc<Schema>) -> Batch {
    let rows = columns.first().map_or(0, |column| column.len());
    let kind = DataType::Struct(schema.fields().clone());
    let children = columns.into_iter().map(Column::finish).collect();
    Batch {
        schema: schema.clone(),
        data: array(kind, rows, Vec::new(), children),
    }
}
