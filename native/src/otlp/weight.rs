//! The sampling probability so far, from the `th` value of the `ot` entry in a trace state.

/// Return 1 / probability; 1 where nothing (valid) is said. OpenTelemetry "Probability sampling", tracestate handling.
pub fn weight(trace_state: &[u8]) -> f32 {
    if trace_state.is_empty() {
        return 1.0;
    }
    trace_state
        .split(|&c| c == b',')
        .find_map(|member| member.trim_ascii().strip_prefix(b"ot="))
        .and_then(|entry| {
            entry
                .split(|&c| c == b';')
                .find_map(|field| field.strip_prefix(b"th:"))
        })
        .and_then(threshold)
        .map_or(1.0, |t| {
            let all = (1u64 << 56) as f64;
            (all / (all - t as f64)) as f32
        })
}

/// Up to 14 hex digits, padded with zeros on the right.
fn threshold(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 14 {
        return None;
    }
    let mut value = 0;
    for &digit in digits {
        value = value << 4 | u64::from((digit as char).to_digit(16)?);
    }
    Some(value << (4 * (14 - digits.len())))
}

#[cfg(test)]
mod tests {
    use super::weight;

    #[test]
    fn thresholds_become_weights() {
        assert_eq!(weight(b""), 1.0);
        assert_eq!(weight(b"ot=th:0"), 1.0);
        assert_eq!(weight(b"ot=th:8"), 2.0);
        assert_eq!(weight(b"x=y, ot=rv:abc;th:c"), 4.0);
        assert_eq!(weight(b"ot=th:"), 1.0);
        assert_eq!(weight(b"ot=th:zz"), 1.0);
        assert_eq!(weight(b"ot=th:ffffffffffffff1"), 1.0);
    }
}
