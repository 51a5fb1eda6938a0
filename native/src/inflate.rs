//! Decompression with a limit that holds before memory is taken, and memory that follows from what was sent.

use crate::error::{Error, Result};
use libdeflate_sys as sys;
use std::ptr::NonNull;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    Zstd,
    Deflate,
}

/// Deflate cannot shrink anything further than this.
const DEFLATE_RATIO: usize = 1032;

enum Step {
    Done(usize),
    TooSmall,
}

/// Return the body as it was before compression, in `out` where it was compressed.
pub fn inflate<'a>(
    kind: Compression,
    body: &'a [u8],
    limit: usize,
    out: &'a mut Vec<u8>,
) -> Result<&'a [u8]> {
    if kind == Compression::None || body.is_empty() {
        if body.len() > limit {
            return Err(Error::TooLarge { limit });
        }
        return Ok(body);
    }
    match kind {
        Compression::Zstd => zstd(body, limit, out)?,
        Compression::Gzip => gzip(body, limit, out)?,
        _ => deflate(body, limit, out)?,
    }
    Ok(out)
}

/// Try with room for `guess` bytes, then with four times as much, up to the limit and to `most`.
fn grow(
    out: &mut Vec<u8>,
    guess: usize,
    most: usize,
    limit: usize,
    mut step: impl FnMut(&mut Vec<u8>) -> Result<Step>,
) -> Result<()> {
    let cap = most.min(limit);
    let mut room = guess.clamp(64, cap.max(64)).min(cap);
    out.clear();
    loop {
        out.reserve_exact(room);
        match step(out)? {
            Step::Done(len) if len > limit => return Err(Error::TooLarge { limit }),
            Step::Done(_) => return Ok(()),
            // The buffer may be larger than was asked for: it is kept from request to request.
            Step::TooSmall if room < cap => room = room.saturating_mul(4).min(cap),
            Step::TooSmall if most > limit => return Err(Error::TooLarge { limit }),
            Step::TooSmall => return Err(Error::Compression("the stream is broken".into())),
        }
    }
}

fn zstd(body: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<()> {
    let guess = match zstd::zstd_safe::get_frame_content_size(body) {
        // What the frame claims is believed as far as real data is ever packed.
        Ok(Some(claimed)) => (claimed.min(limit as u64 + 1) as usize).min(body.len() * 64 + 4096),
        _ => body.len() * 8,
    };
    let mut decoder = zstd::bulk::Decompressor::new()
        .map_err(|error| Error::Compression(format!("zstd: {error}")))?;
    grow(out, guess, usize::MAX, limit, |out| {
        let room = out.capacity().min(limit.max(64));
        let mut slot = Window { out, room };
        match decoder.decompress_to_buffer(body, &mut slot) {
            Ok(len) => Ok(Step::Done(len)),
            Err(error) if error.to_string().contains("too small") => Ok(Step::TooSmall),
            Err(error) => Err(Error::Compression(format!("zstd: {error}"))),
        }
    })
}

/// A vector of which only `room` bytes may be written.
struct Window<'a> {
    out: &'a mut Vec<u8>,
    room: usize,
}

// SAFETY: the pointer is valid for `capacity` bytes, and `filled_until` is called with what was written.
unsafe impl zstd::zstd_safe::WriteBuf for Window<'_> {
    fn as_slice(&self) -> &[u8] {
        self.out
    }
    fn capacity(&self) -> usize {
        self.room
    }
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.out.as_mut_ptr()
    }
    unsafe fn filled_until(&mut self, n: usize) {
        self.out.set_len(n);
    }
}

struct Decompressor(NonNull<sys::libdeflate_decompressor>);

impl Decompressor {
    fn new() -> Result<Self> {
        // SAFETY: no preconditions; null is handled.
        NonNull::new(unsafe { sys::libdeflate_alloc_decompressor() })
            .map(Self)
            .ok_or_else(|| Error::Compression("no memory for a decompressor".into()))
    }
}

impl Drop for Decompressor {
    fn drop(&mut self) {
        // SAFETY: allocated in `new`, freed once.
        unsafe { sys::libdeflate_free_decompressor(self.0.as_ptr()) }
    }
}

/// The signature that `libdeflate_{gzip,zlib,deflate}_decompress_ex` share.
type Decompress = unsafe extern "C" fn(
    *mut sys::libdeflate_decompressor,
    *const std::ffi::c_void,
    usize,
    *mut std::ffi::c_void,
    usize,
    *mut usize,
    *mut usize,
) -> sys::libdeflate_result;

/// Decompress one stream behind what `out` holds; returns how much of `body` it took, `None` when there was no room.
fn run(
    call: Decompress,
    tool: &Decompressor,
    body: &[u8],
    out: &mut Vec<u8>,
    room: usize,
) -> Result<Option<usize>> {
    let (mut taken, mut made) = (0, 0);
    let spare = out.spare_capacity_mut();
    let room = room.min(spare.len());
    // SAFETY: both ranges are valid for their lengths; `made` is set only on success.
    let code = unsafe {
        call(
            tool.0.as_ptr(),
            body.as_ptr().cast(),
            body.len(),
            spare.as_mut_ptr().cast(),
            room,
            &mut taken,
            &mut made,
        )
    };
    match code {
        sys::libdeflate_result_LIBDEFLATE_SUCCESS => {
            // SAFETY: `made` bytes were written behind the old end.
            unsafe { out.set_len(out.len() + made) };
            Ok(Some(taken))
        }
        sys::libdeflate_result_LIBDEFLATE_INSUFFICIENT_SPACE => Ok(None),
        _ => Err(Error::Compression("the compressed stream is broken".into())),
    }
}

fn most(body: &[u8]) -> usize {
    body.len().saturating_mul(DEFLATE_RATIO).saturating_add(64)
}

fn gzip(body: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<()> {
    let claimed = body
        .last_chunk::<4>()
        .map_or(0, |tail| u32::from_le_bytes(*tail) as usize);
    let tool = Decompressor::new()?;
    grow(
        out,
        claimed.min(body.len() * 64),
        most(body),
        limit,
        |out| {
            out.clear();
            let mut rest = body;
            // A gzip file is a row of members; zeros behind the last are padding.
            loop {
                let room = limit.max(64) - out.len().min(limit);
                let Some(taken) = run(sys::libdeflate_gzip_decompress_ex, &tool, rest, out, room)?
                else {
                    return Ok(Step::TooSmall);
                };
                rest = &rest[taken..];
                if rest.iter().all(|&b| b == 0) {
                    return Ok(Step::Done(out.len()));
                }
            }
        },
    )
}

/// HTTP's `deflate` is zlib; many senders leave the wrapper out.
fn deflate(body: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<()> {
    let wrapped =
        matches!(body, [a, b, ..] if a & 15 == 8 && (u32::from(*a) << 8 | u32::from(*b)) % 31 == 0);
    let tool = Decompressor::new()?;
    let attempt = |call: Decompress, out: &mut Vec<u8>| {
        grow(out, body.len() * 8, most(body), limit, |out| {
            out.clear();
            let made = run(call, &tool, body, out, limit.max(64))?;
            Ok(made.map_or(Step::TooSmall, |_| Step::Done(out.len())))
        })
    };
    if wrapped {
        match attempt(sys::libdeflate_zlib_decompress_ex, out) {
            Err(Error::Compression(_)) => (),
            result => return result,
        }
    }
    attempt(sys::libdeflate_deflate_decompress_ex, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zeros(len: usize) -> Vec<u8> {
        zstd::bulk::compress(&vec![0; len], 1).unwrap()
    }

    #[test]
    fn zstd_comes_back() {
        let mut out = Vec::new();
        let body = zstd::bulk::compress(b"hello hello hello", 3).unwrap();
        let back = inflate(Compression::Zstd, &body, 1000, &mut out).unwrap();
        assert_eq!(back, b"hello hello hello");
    }

    #[test]
    fn more_than_the_limit_is_refused_without_taking_it() {
        let mut out = Vec::new();
        let body = zeros(50 << 20);
        let limit = 1 << 20;
        let result = inflate(Compression::Zstd, &body, limit, &mut out);
        assert_eq!(result, Err(Error::TooLarge { limit }));
        assert!(out.capacity() <= 2 << 20);
    }

    #[test]
    fn a_claim_of_gigabytes_is_not_believed() {
        // A zstd frame header with an 8-byte content size of 2 GiB, and nothing behind it.
        let mut body = vec![0x28, 0xb5, 0x2f, 0xfd, 0xe0];
        body.extend_from_slice(&(2u64 << 30).to_le_bytes());
        body.extend_from_slice(&[0; 1000]);
        let mut out = Vec::new();
        assert!(inflate(Compression::Zstd, &body, 64 << 20, &mut out).is_err());
        assert!(out.capacity() < 1 << 20);
    }

    #[test]
    fn broken_streams_are_refused() {
        for kind in [Compression::Gzip, Compression::Zstd, Compression::Deflate] {
            let mut out = Vec::new();
            let result = inflate(kind, b"\xff not a stream", 1 << 20, &mut out);
            assert!(matches!(result, Err(Error::Compression(_))), "{kind:?}");
        }
    }
}
