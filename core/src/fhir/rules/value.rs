//! The forms of primitive values (FHIR R4, 2.24.0.1).

use jiff::civil::Date;

use crate::fhir::check::is_id;
use crate::fhir::json::Node;

use super::shape::Type;

/// Whether a value has the form of its type. Parts and references are looked at elsewhere.
pub(super) fn has_form(of: Type, node: &Node<'_>) -> bool {
    let raw = node.raw();
    let text = node.text();
    let is = |form: fn(&str) -> bool| text.as_deref().is_some_and(form);
    match of {
        Type::Bool => raw == "true" || raw == "false",
        Type::Integer => raw.parse::<i32>().is_ok(),
        Type::Unsigned => raw.parse::<u32>().is_ok_and(|number| i32::try_from(number).is_ok()),
        Type::Positive => raw.parse::<u32>().is_ok_and(|number| number > 0 && i32::try_from(number).is_ok()),
        Type::Decimal => raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()),
        Type::Text => is(is_string),
        Type::Uri => is(is_uri),
        Type::Code | Type::Bound(_) => is(is_code),
        Type::Id => is(is_id),
        Type::Date => is(is_date),
        Type::DateTime => is(is_date_time),
        Type::Instant => is(is_instant),
        Type::Time => is(is_time),
        Type::Base64 => is(is_base64),
        Type::Of(_) | Type::Refers(_) => node.is_object(),
        Type::Choice(_) | Type::Open | Type::Any => true,
    }
}

fn is_string(text: &str) -> bool {
    // 1 MiB is the most that R4 lets a string be.
    !text.trim().is_empty() && text.len() <= 1024 * 1024
}

fn is_uri(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace)
}

pub(super) fn is_code(text: &str) -> bool {
    let mut spaced = false;
    !text.is_empty()
        && text.chars().all(|c| {
            let twice = c.is_whitespace() && (spaced || c != ' ');
            spaced = c.is_whitespace();
            !twice
        })
        && !text.starts_with(' ')
        && !spaced
}

/// A date, or a year, or a year and a month.
pub(crate) fn is_date(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    match (text.len(), text.as_bytes().get(4)) {
        (4, None) => digits(text) && text != "0000",
        (7, Some(b'-')) => format!("{text}-01").parse::<Date>().is_ok(),
        (10, Some(b'-')) => text.parse::<Date>().is_ok(),
        _ => false,
    }
}

/// A date, or a time of a day with its zone.
pub(crate) fn is_date_time(text: &str) -> bool {
    if text.contains('T') { is_instant(text) } else { is_date(text) }
}

pub(crate) fn is_instant(text: &str) -> bool {
    let Some((date, rest)) = text.split_once('T') else { return false };
    let Some(zone) = rest.find(['Z', '+', '-']) else { return false };
    let (time, zone) = rest.split_at(zone);
    let zoned = match zone.as_bytes() {
        b"Z" => true,
        [b'+' | b'-', h, g, b':', m, n] => {
            let two = |a: &u8, b: &u8| {
                (a.is_ascii_digit() && b.is_ascii_digit()).then(|| (a - b'0') * 10 + b - b'0')
            };
            two(h, g)
                .zip(two(m, n))
                .is_some_and(|(hours, minutes)| hours < 14 && minutes < 60 || hours == 14 && minutes == 0)
        }
        _ => false,
    };
    date.len() == 10 && is_date(date) && is_time(time) && zoned
}

fn is_time(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let bytes = whole.as_bytes();
    let number = |at: usize| {
        let two = whole.get(at..at + 2)?;
        two.bytes().all(|b| b.is_ascii_digit()).then(|| two.parse::<u8>().ok())?
    };
    bytes.len() == 8
        && bytes.get(2) == Some(&b':')
        && bytes.get(5) == Some(&b':')
        && number(0).is_some_and(|hour| hour < 24)
        && number(3).is_some_and(|minute| minute < 60)
        // A leap second is a second.
        && number(6).is_some_and(|second| second < 61)
        && fraction.is_none_or(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn is_base64(text: &str) -> bool {
    let (mut length, mut ended) = (0_usize, 0_usize);
    let plain = text.bytes().filter(|b| !b.is_ascii_whitespace()).all(|b| {
        length += 1;
        if b == b'=' {
            ended += 1;
            true
        } else {
            ended == 0 && (b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
        }
    });
    plain && length > 0 && length.is_multiple_of(4) && ended < 3
}

/// Whether one time is certainly after another. Dates are compared as far as both go.
pub(crate) fn is_after(one: &str, other: &str) -> bool {
    if let (Ok(one), Ok(other)) = (one.parse::<jiff::Timestamp>(), other.parse::<jiff::Timestamp>()) {
        return one > other;
    }
    let day = |text: &str| text.split('T').next().unwrap_or_default().to_owned();
    let (one, other) = (day(one), day(other));
    let length = one.len().min(other.len());
    one.get(..length) > other.get(..length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_forms_that_fhir_gives_them() {
        for good in ["2019", "2019-03", "2019-03-01", "2019-03-01T10:00:00Z", "2019-03-01T10:00:00.120-05:00"]
        {
            assert!(is_date_time(good), "{good}");
        }
        for bad in [
            "",
            "19",
            "0000",
            "2019-13",
            "2019-02-30",
            "2019-03-01T10:00Z",
            "2019-03-01T10:00:00",
            "2019-03-01T24:00:00Z",
            "2019-03-01T10:00:00+15:00",
            "2019-03-01T10:00:00.Z",
            "2019-03-01 10:00:00Z",
            "2019-03-01T10:00:00+0500",
            "２０１９",
        ] {
            assert!(!is_date_time(bad), "{bad}");
        }
        assert!(is_instant("2016-12-31T23:59:60Z") && !is_instant("2019-03-01"));
    }

    #[test]
    fn codes_and_binaries_have_theirs() {
        assert!(is_code("a b") && is_code("a"));
        for bad in ["", " a", "a ", "a  b", "a\tb"] {
            assert!(!is_code(bad), "{bad:?}");
        }
        assert!(is_base64("YQ==") && is_base64("YWJj\nYWJj"));
        for bad in ["", "YQ=", "Y===", "YQ==YQ==", "Y-J_"] {
            assert!(!is_base64(bad), "{bad}");
        }
    }

    #[test]
    fn a_time_is_after_another_where_that_is_certain() {
        assert!(is_after("2019-03-02", "2019-03-01") && is_after("2020", "2019-12-31"));
        assert!(!is_after("2019-03", "2019-03-01") && !is_after("2019-03-01", "2019-03-01T00:00:00Z"));
        assert!(!is_after("2019-03-01T23:00:00-05:00", "2019-03-02T05:00:00Z"));
        assert!(is_after("2019-03-02T00:00:00Z", "2019-03-01T18:00:00-05:00"));
    }
}
