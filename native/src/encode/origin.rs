//! Resources and scopes back to their messages, and rows in their groups.

use super::attrs::Maps;
use super::{bytes, message, number};
use crate::error::Result;
use crate::otlp::fields::{group, resource, scope, REQUEST_GROUP};
use crate::view::{Columns, Strs};
use arrow_data::ArrayData;
use std::collections::HashMap;

/// The message and the schema URL of each id.
type Known = HashMap<u64, (Vec<u8>, Vec<u8>)>;

fn resources(batch: &ArrayData) -> Result<Known> {
    let columns = Columns::new(batch)?;
    let maps = Maps::new(&columns)?;
    let attrs = maps.open()?;
    let urls = Strs::new(columns.get("schema_url")?)?;
    let dropped = columns.plain::<u32>("dropped")?;
    let mut known = Known::new();
    for (row, &id) in columns.plain::<u64>("resource_id")?.iter().enumerate() {
        if known.contains_key(&id) {
            continue;
        }
        let mut out = Vec::new();
        attrs.write(&mut out, resource::ATTRIBUTE, row)?;
        number(&mut out, resource::DROPPED, u64::from(dropped[row]));
        known.insert(id, (out, urls.get(row).to_vec()));
    }
    Ok(known)
}

fn scopes(batch: &ArrayData) -> Result<Known> {
    let columns = Columns::new(batch)?;
    let maps = Maps::new(&columns)?;
    let attrs = maps.open()?;
    let urls = Strs::new(columns.get("schema_url")?)?;
    let names = Strs::new(columns.get("name")?)?;
    let versions = Strs::new(columns.get("version")?)?;
    let dropped = columns.plain::<u32>("dropped")?;
    let mut known = Known::new();
    for (row, &id) in columns.plain::<u64>("scope_id")?.iter().enumerate() {
        if known.contains_key(&id) {
            continue;
        }
        let mut out = Vec::new();
        bytes(&mut out, scope::NAME, names.get(row));
        bytes(&mut out, scope::VERSION, versions.get(row));
        attrs.write(&mut out, scope::ATTRIBUTE, row)?;
        number(&mut out, scope::DROPPED, u64::from(dropped[row]));
        known.insert(id, (out, urls.get(row).to_vec()));
    }
    Ok(known)
}

/// The scopes of a resource, and the rows of each.
type Members = Vec<(u64, Vec<usize>)>;

/// Rows in groups of one resource and one scope each, all in order of first appearance.
fn grouped(resource_ids: &[u64], scope_ids: &[u64]) -> Vec<(u64, Members)> {
    let mut at: HashMap<u64, (usize, HashMap<u64, usize>)> = HashMap::new();
    let mut groups: Vec<(u64, Members)> = Vec::new();
    for (row, (&resource, &scope)) in resource_ids.iter().zip(scope_ids).enumerate() {
        let (group, inner) = at.entry(resource).or_insert_with(|| {
            groups.push((resource, Vec::new()));
            (groups.len() - 1, HashMap::new())
        });
        let members = &mut groups[*group].1;
        let slot = *inner.entry(scope).or_insert_with(|| {
            members.push((scope, Vec::new()));
            members.len() - 1
        });
        members[slot].1.push(row);
    }
    groups
}

/// Write a request: `row` writes the message of one span or log record.
pub fn request(
    columns: &Columns,
    resource_batch: &ArrayData,
    scope_batch: &ArrayData,
    mut row: impl FnMut(usize, &mut Vec<u8>) -> Result<()>,
) -> Result<Vec<u8>> {
    let (resources, scopes) = (resources(resource_batch)?, scopes(scope_batch)?);
    let (nothing, mut out) = ((Vec::new(), Vec::new()), Vec::new());
    let (mut outer, mut inner, mut one) = (Vec::new(), Vec::new(), Vec::new());
    let resource_ids = columns.plain::<u64>("resource_id")?;
    let scope_ids = columns.plain::<u64>("scope_id")?;
    for (resource_id, members) in grouped(resource_ids, scope_ids) {
        let (content, url) = resources.get(&resource_id).unwrap_or(&nothing);
        outer.clear();
        message(&mut outer, group::ORIGIN, content);
        for (scope_id, rows) in members {
            let (content, url) = scopes.get(&scope_id).unwrap_or(&nothing);
            inner.clear();
            message(&mut inner, group::ORIGIN, content);
            for at in rows {
                one.clear();
                row(at, &mut one)?;
                message(&mut inner, group::ITEM, &one);
            }
            bytes(&mut inner, group::SCHEMA_URL, url);
            message(&mut outer, group::ITEM, &inner);
        }
        bytes(&mut outer, group::SCHEMA_URL, url);
        message(&mut out, REQUEST_GROUP, &outer);
    }
    Ok(out)
}
