//! Lists of any other column.

use super::{array, optional, owner, ship, Column};
use arrow_data::ArrayData;
use arrow_schema::DataType;

pub struct ListCol<C> {
    kind: DataType,
    offsets: Vec<i32>,
    pub values: C,
}

impl<C: Column> ListCol<C> {
    pub fn new(values: C) -> Self {
        Self {
            kind: DataType::List(optional("item", values.data_type())),
            offsets: vec![0],
            values,
        }
    }

    /// End the row: what was pushed to `values` since the last one is its list.
    #[inline]
    pub fn close(&mut self) {
        self.offsets.push(self.values.len() as i32);
    }
}

impl<C: Column> Column for ListCol<C> {
    fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    fn truncate(&mut self, n: usize) {
        self.offsets.truncate(n + 1);
        self.values
            .truncate(self.offsets[self.offsets.len() - 1] as usize);
    }

    fn checkpoint(&mut self) {
        self.values.checkpoint();
    }

    fn rollback(&mut self) {
        self.values.rollback();
    }

    fn repair(&mut self, report: &mut dyn FnMut(usize)) {
        let offsets = &self.offsets;
        self.values.repair(&mut |at| report(owner(offsets, at)));
    }

    fn data_type(&self) -> DataType {
        self.kind.clone()
    }

    fn finish(&mut self) -> ArrayData {
        let (kind, len) = (self.data_type(), self.len());
        let offsets = ship(&mut self.offsets);
        self.offsets.push(0);
        array(kind, len, vec![offsets], vec![self.values.finish()])
    }
}
