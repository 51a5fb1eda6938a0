//! Valid requests to start from, and pieces that matter to the decoders.

use _native::json::{transcode, LOGS, TRACES};
use libdeflate_sys as sys;

/// xorshift64*: the same runs for the same seed.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() >> 33) as usize % n.max(1)
    }

    pub fn byte(&mut self) -> u8 {
        (self.next() >> 40) as u8
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

pub const DICTIONARY: &[&[u8]] = &[
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\xff\xff\xff\xff\x0f",
    b"\x2a\x02\x0a\x00",
    b"\x32\x06\x0a\x04\x0a\x00\x12\x00",
    b"\x0b\x0c",
    b"\x4a\x00",
    b"\x5a\x00",
    b"\x6a\x00",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\\ud800",
    b"\\u0000",
    b"{\"arrayValue\":{\"values\":[",
    b"]}}",
    b"1e999",
    b"-0",
    b"null",
    b"18446744073709551616",
];

const ATTRIBUTES: &str = r#"[{"key":"s","value":{"stringValue":"é\n"}},{"key":"i","value":{"intValue":"-5"}},
 {"key":"d","value":{"doubleValue":"NaN"}},{"key":"b","value":{"boolValue":true}},{"key":"y","value":{"bytesValue":"AAE="}},
 {"key":"a","value":{"arrayValue":{"values":[{"intValue":1},{"intValue":"2"}]}}},{"key":"e","value":{"arrayValue":{}}},
 {"key":"k","value":{"kvlistValue":{"values":[{"key":"x","value":{"arrayValue":{"values":[{},{"stringValue":"q"}]}}}]}}},
 {"key":"http.route","value":{"stringValue":"/a"}},{"key":"http.status_code","value":{"intValue":200}},{"key":"n"}]"#;

fn traces() -> String {
    let span = format!(
        r#"{{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","parentSpanId":"","name":"GET",
 "traceState":"ot=th:8","kind":3,"startTimeUnixNano":"1700000000000000000","endTimeUnixNano":1699999999000000000,
 "attributes":{ATTRIBUTES},"droppedAttributesCount":3,"flags":257,"status":{{"code":2,"message":"no"}},
 "events":[{{"timeUnixNano":"1700000000000000001","name":"e","attributes":{ATTRIBUTES}}}],
 "links":[{{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","attributes":{ATTRIBUTES}}}]}}"#
    );
    format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":{ATTRIBUTES},"droppedAttributesCount":1}},"schemaUrl":"u",
 "scopeSpans":[{{"scope":{{"name":"n","version":"v","attributes":{ATTRIBUTES}}},"spans":[{span},{span}],"schemaUrl":"w"}}]}}]}}"#
    )
}

fn logs() -> String {
    format!(
        r#"{{"resourceLogs":[{{"resource":{{"attributes":{ATTRIBUTES}}},"scopeLogs":[{{"scope":{{}},"logRecords":[
 {{"timeUnixNano":"1700000000000000000","observedTimeUnixNano":5,"severityNumber":9,"severityText":"INFO","eventName":"x",
 "body":{{"stringValue":"hello"}},"attributes":{ATTRIBUTES},"traceId":"0102030405060708090a0b0c0d0e0f10","flags":1}},
 {{"body":{{"kvlistValue":{{"values":[{{"key":"a"}}]}}}}}}]}}]}}]}}"#
    )
}

pub fn json() -> Vec<Vec<u8>> {
    vec![traces().into_bytes(), logs().into_bytes(), b"{}".to_vec()]
}

pub fn protobuf() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (shape, text) in [(&TRACES, traces()), (&LOGS, logs())] {
        let mut out = Vec::new();
        transcode(shape, text.as_bytes(), &mut out).expect("a valid seed");
        all.push(out);
    }
    all
}

/// The protobuf seeds as gzip, zlib, raw deflate and zstd.
pub fn packed(bodies: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for body in bodies {
        all.push(zstd::bulk::compress(body, 3).expect("compresses"));
        for call in [
            sys::libdeflate_gzip_compress,
            sys::libdeflate_zlib_compress,
            sys::libdeflate_deflate_compress,
        ] {
            let mut out = vec![0; body.len() + 200];
            // SAFETY: both ranges are valid for their lengths, and the compressor is freed after its last use.
            let len = unsafe {
                let tool = sys::libdeflate_alloc_compressor(6);
                let len = call(
                    tool,
                    body.as_ptr().cast(),
                    body.len(),
                    out.as_mut_ptr().cast(),
                    out.len(),
                );
                sys::libdeflate_free_compressor(tool);
                len
            };
            out.truncate(len);
            all.push(out);
        }
    }
    all
}
