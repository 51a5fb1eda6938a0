use super::{to_json, transcode, ANY, TRACES};

fn proto(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    transcode(&TRACES, text.as_bytes(), &mut out)
        .ok()
        .map(|()| out)
}

fn back(text: &str) -> String {
    let mut bytes = Vec::new();
    transcode(&ANY, text.as_bytes(), &mut bytes).unwrap();
    let mut out = Vec::new();
    to_json(&ANY, &bytes, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn values_come_back() {
    for text in [
        r#"{}"#,
        r#"{"stringValue":""}"#,
        r#"{"stringValue":"a\"\\\n\u0001é"}"#,
        r#"{"intValue":"-9223372036854775808"}"#,
        r#"{"intValue":"0"}"#,
        r#"{"boolValue":false}"#,
        r#"{"doubleValue":1e300}"#,
        r#"{"doubleValue":"NaN"}"#,
        r#"{"bytesValue":"AAEC"}"#,
        r#"{"arrayValue":{"values":[{"intValue":"1"},{},{"arrayValue":{}}]}}"#,
        r#"{"kvlistValue":{"values":[{"key":"a","value":{"boolValue":true}}]}}"#,
    ] {
        assert_eq!(back(text), text);
    }
}

#[test]
fn forms_of_numbers() {
    assert_eq!(back(r#"{"intValue":12}"#), r#"{"intValue":"12"}"#);
    assert_eq!(back(r#"{"intValue":1.2e3}"#), r#"{"intValue":"1200"}"#);
    assert_eq!(
        back(r#"{"doubleValue":"-Infinity"}"#),
        r#"{"doubleValue":"-Infinity"}"#
    );
    assert_eq!(back(r#"{"doubleValue":"1.5"}"#), r#"{"doubleValue":1.5}"#);
}

#[test]
fn escapes_of_characters_beyond_the_first_plane() {
    assert_eq!(
        back(r#"{"stringValue":"\ud83d\ude00"}"#),
        "{\"stringValue\":\"😀\"}"
    );
}

#[test]
fn unknown_fields_and_nulls_are_skipped() {
    let bare = proto(r#"{"resourceSpans":[{"schemaUrl":"x"}]}"#).unwrap();
    let text = r#" {"x":[{"y":[]},{},1.5e-3,"\u00e9",true,null], "resourceSpans" : [ null,
        {"resource":null,"schemaUrl":"x","z":{"a":{"b":[[]]}}} ] } "#;
    assert_eq!(proto(text).unwrap(), bare);
}

#[test]
fn what_is_no_json_is_refused() {
    for text in [
        "",
        "null",
        "[]",
        "{",
        "{}x",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":01}",
        "{\"a\":\"\u{1}\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":[1,]}",
        "{\"a\":{\"b\" 1}}",
        "{\"a\":tru}",
        "{\"a\":\"",
        "{\"a\":\"\\",
        "{\"resourceSpans\":{}}",
        "{\"resourceSpans\":[1]}",
        "{\"resourceSpans\":[{\"schemaUrl\":1}]}",
    ] {
        assert_eq!(proto(text), None, "{text}");
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(proto(&deep), None);
    let mut any = String::from("{}");
    for _ in 0..200 {
        any = format!("{{\"arrayValue\":{{\"values\":[{any}]}}}}");
    }
    let mut out = Vec::new();
    assert!(transcode(&ANY, any.as_bytes(), &mut out).is_err());
}
