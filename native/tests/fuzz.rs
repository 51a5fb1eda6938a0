//! A mutation fuzzer of every decoder, without a nightly compiler: `cargo test --release --test fuzz`.
//!
//! It runs for `FUZZ_SECONDS` (two by default) from `FUZZ_SEED`, feeding mutated requests, as they are, as JSON and
//! compressed, into builders, and checks that nothing panics, that memory stays within a bound that follows from the
//! input, that a refused request leaves nothing behind, and that what was decoded can be encoded and decoded again.

mod seeds;

use _native::builder::{Builder, Request};
use _native::catalogue::Catalogue;
use _native::checksum::checksum;
use _native::encode::{encode_logs, encode_traces};
use _native::inflate::Compression;
use _native::json::{to_json, LOGS, TRACES};
use _native::otlp::logs::Logs;
use _native::otlp::row::Signal;
use _native::otlp::spans::Spans;
use arrow_data::ArrayData;
use seeds::{Random, DICTIONARY};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const NOW: i64 = 1_700_000_000_000_000_000;
const LIMIT: usize = 1 << 20;

/// Counts the bytes that are allocated, and the most there ever were.
struct Counting;
static NOW_BYTES: AtomicUsize = AtomicUsize::new(0);
static MOST_BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW_BYTES.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST_BYTES.fetch_max(now, Ordering::Relaxed);
        System.alloc(layout)
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        NOW_BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        System.dealloc(at, layout);
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

type Encode = fn(&ArrayData, &ArrayData, &ArrayData) -> _native::error::Result<Vec<u8>>;

struct Target<S> {
    builder: Builder<S>,
    encode: Encode,
    catalogue: Catalogue,
    accepted: u64,
    refused: u64,
}

impl<S: Signal> Target<S> {
    fn new(builder: Builder<S>, encode: Encode) -> Self {
        Self {
            builder,
            encode,
            catalogue: Catalogue::new(10),
            accepted: 0,
            refused: 0,
        }
    }

    fn run(&mut self, body: &[u8], json: bool, compression: Compression) {
        let request = Request {
            tenant: b"t",
            body,
            json,
            compression,
            received_ns: NOW,
        };
        let before = self.builder.rows();
        let held = NOW_BYTES.load(Ordering::Relaxed);
        MOST_BYTES.store(held, Ordering::Relaxed);
        let pushed = self.builder.push(&request);
        let taken = MOST_BYTES.load(Ordering::Relaxed).saturating_sub(held);
        let whole = if compression == Compression::None {
            body.len()
        } else {
            LIMIT
        };
        assert!(
            taken <= (1 << 20) + 64 * whole,
            "{taken} bytes for {}",
            body.len()
        );
        match pushed {
            Ok(pushed) => {
                assert_eq!(self.builder.rows(), before + pushed.accepted as usize);
                self.accepted += 1;
            }
            Err(_) => {
                assert_eq!(self.builder.rows(), before);
                self.refused += 1;
            }
        }
    }

    /// Close the batch and check that it comes back from both encodings.
    fn close(&mut self) {
        let [rows, resources, scopes] = self.builder.finish();
        for data in [&rows.data, &resources.data, &scopes.data] {
            data.validate_full().expect("a valid batch");
            checksum(data);
        }
        let _ = self.catalogue.scan(&rows.data, "span").expect("a scan");
        self.catalogue.commit();
        let proto = (self.encode)(&rows.data, &resources.data, &scopes.data).expect("encodes");
        let shape = if S::NAMES.contains(&"body") {
            &LOGS
        } else {
            &TRACES
        };
        let mut text = Vec::new();
        to_json(shape, &proto, &mut text).expect("our own protobuf");
        if proto.len() < LIMIT && text.len() < LIMIT {
            for (body, json) in [(&proto, false), (&text, true)] {
                let before = self.builder.rows();
                self.run(body, json, Compression::None);
                assert_eq!(self.builder.rows() - before, rows.data.len());
            }
            let _ = self.builder.finish();
        }
    }
}

fn mutate(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut body = random.pick(seeds).clone();
    for _ in 0..=random.below(4) {
        if body.is_empty() {
            body.push(random.byte());
        }
        let at = random.below(body.len());
        match random.below(9) {
            0 => body[at] ^= 1 << random.below(8),
            1 => body[at] = random.byte(),
            2 => body.truncate(at),
            3 => drop(body.drain(at..(at + random.below(16)).min(body.len()))),
            4 => body.insert(at, random.byte()),
            5 => {
                let other = random.pick(seeds);
                let from = random.below(other.len());
                let piece = &other[from..(from + random.below(64)).min(other.len())];
                body.splice(at..at, piece.iter().copied());
            }
            6 => {
                let piece = random.pick(DICTIONARY);
                body.splice(at..at, piece.iter().copied());
            }
            7 => {
                let end = (at + random.below(64)).min(body.len());
                let piece = body[at..end].to_vec();
                body.splice(at..at, piece);
            }
            _ => {
                let end = (at + 8).min(body.len());
                body[at..end].fill(random.pick(&[0x00, 0x7f, 0x80, 0xff]).to_owned());
            }
        }
    }
    body.truncate(1 << 16);
    body
}

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

#[test]
fn decoders_survive_mutated_requests() {
    let mut random = Random(variable("FUZZ_SEED", 1));
    let (proto, json) = (seeds::protobuf(), seeds::json());
    let packed = seeds::packed(&proto);
    let mut spans = Target::new(
        Builder::new(Spans::default(), &TRACES, 86_400, LIMIT),
        encode_traces,
    );
    let mut logs = Target::new(
        Builder::new(Logs::default(), &LOGS, 86_400, LIMIT),
        encode_logs,
    );
    let end = Instant::now() + Duration::from_secs(variable("FUZZ_SECONDS", 2));
    let mut runs = 0u64;
    while Instant::now() < end {
        for _ in 0..200 {
            let (body, is_json, compression) = match random.below(4) {
                0 => (mutate(&mut random, &json), true, Compression::None),
                1 => {
                    let kinds = [Compression::Gzip, Compression::Zstd, Compression::Deflate];
                    (mutate(&mut random, &packed), false, *random.pick(&kinds))
                }
                _ => (mutate(&mut random, &proto), false, Compression::None),
            };
            spans.run(&body, is_json, compression);
            logs.run(&body, is_json, compression);
            runs += 2;
        }
        spans.close();
        logs.close();
    }
    println!(
        "{runs} runs, {} accepted, {} refused",
        spans.accepted + logs.accepted,
        spans.refused + logs.refused
    );
    assert!(spans.accepted > 0 && spans.refused > 0 && logs.accepted > 0);
}
