//! Integers of JSON: a number or a string, with or without a fraction of zero.

use super::scan::is_number;

/// The value of a JSON number that is a whole one.
pub fn whole(text: &[u8]) -> Option<i128> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if !digits.is_empty() && digits.len() <= 20 && digits.iter().all(u8::is_ascii_digit) {
        if digits.len() > 1 && digits[0] == b'0' {
            return None;
        }
        let value = digits
            .iter()
            .fold(0i128, |n, d| n * 10 + i128::from(d - b'0'));
        return Some(if negative { -value } else { value });
    }
    let value = float(text)?;
    (value.fract() == 0.0 && value.abs() < 1e30).then_some(value as i128)
}

pub fn float(text: &[u8]) -> Option<f64> {
    if !is_number(text) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}
