//! xxh3-64 over the logical content of a batch: the same before and after an Arrow IPC round trip.

use arrow_data::ArrayData;
use arrow_schema::DataType;
use xxhash_rust::xxh3::Xxh3;

pub fn checksum(batch: &ArrayData) -> u64 {
    let mut hash = Xxh3::new();
    array(&mut hash, batch);
    hash.digest()
}

fn array(hash: &mut Xxh3, data: &ArrayData) {
    let (from, len) = (data.offset(), data.len());
    hash.update(&(len as u64).to_le_bytes());
    validity(hash, data);
    match data.data_type() {
        DataType::Struct(_) => {
            for child in data.child_data() {
                array(hash, &child.slice(from, len));
            }
        }
        DataType::List(_) | DataType::Map(_, _) => {
            let (start, end) = offsets(hash, data);
            array(hash, &data.child_data()[0].slice(start, end - start));
        }
        DataType::Utf8 | DataType::Binary => {
            let (start, end) = offsets(hash, data);
            hash.update(&data.buffers()[1].as_slice()[start..end]);
        }
        DataType::Dictionary(key, _) => {
            fixed(hash, data, key.primitive_width().unwrap_or(4));
            array(hash, &data.child_data()[0]);
        }
        DataType::Boolean => {
            let bits = data.buffers()[0].bit_slice(from, len);
            bit_bytes(hash, bits.as_slice(), len);
        }
        DataType::FixedSizeBinary(width) => fixed(hash, data, *width as usize),
        DataType::Null => (),
        other => fixed(hash, data, other.primitive_width().unwrap_or(0)),
    }
}

fn fixed(hash: &mut Xxh3, data: &ArrayData, width: usize) {
    let bytes = data.buffers()[0].as_slice();
    hash.update(&bytes[data.offset() * width..(data.offset() + data.len()) * width]);
}

/// Hash the offsets as if they began at 0 and return their range.
fn offsets(hash: &mut Xxh3, data: &ArrayData) -> (usize, usize) {
    if data.is_empty() {
        return (0, 0);
    }
    let bytes =
        &data.buffers()[0].as_slice()[data.offset() * 4..(data.offset() + data.len() + 1) * 4];
    let at = |i: usize| i32::from_le_bytes(bytes[i * 4..i * 4 + 4].try_into().unwrap_or_default());
    let (first, last) = (at(0), at(data.len()));
    if first == 0 {
        hash.update(&bytes[4..]);
    } else {
        let moved: Vec<u8> = (1..=data.len())
            .flat_map(|i| (at(i) - first).to_le_bytes())
            .collect();
        hash.update(&moved);
    }
    (first as usize, last as usize)
}

fn validity(hash: &mut Xxh3, data: &ArrayData) {
    if let Some(nulls) = data.nulls().filter(|nulls| nulls.null_count() > 0) {
        let bits = nulls.inner().sliced();
        bit_bytes(hash, bits.as_slice(), data.len());
    }
}

/// Hash `len` bits; what stands behind them in the last byte does not count.
fn bit_bytes(hash: &mut Xxh3, bytes: &[u8], len: usize) {
    hash.update(&bytes[..len / 8]);
    if !len.is_multiple_of(8) {
        hash.update(&[bytes[len / 8] & ((1 << (len % 8)) - 1)]);
    }
}
