//! The primitive types (FHIR R4, 2.24.0.1 "Primitive Types"), as far as their form says something.

use crate::fhir::json::Node;

/// What a value of a primitive type looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Primitive {
    /// Any text: `string`, `uri` and their kin.
    Text,
    Boolean,
    Decimal,
    /// Whole numbers from here on, of 32 bits.
    Integer(i32),
    Date,
    DateTime,
    Instant,
    Time,
}

impl Primitive {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "boolean" => Self::Boolean,
            "decimal" => Self::Decimal,
            "integer" => Self::Integer(i32::MIN),
            "unsignedInt" => Self::Integer(0),
            "positiveInt" => Self::Integer(1),
            "date" => Self::Date,
            "dateTime" => Self::DateTime,
            "instant" => Self::Instant,
            "time" => Self::Time,
            name if name.starts_with(|first: char| first.is_ascii_lowercase()) => Self::Text,
            _ => return None,
        })
    }

    pub(super) fn takes(self, node: &Node<'_>) -> bool {
        let raw = node.raw();
        let text = |is: fn(&str) -> bool| node.text().is_some_and(|text| is(&text));
        match self {
            Self::Text => raw.starts_with('"'),
            Self::Boolean => matches!(raw, "true" | "false"),
            Self::Decimal => raw.starts_with(|first: char| first == '-' || first.is_ascii_digit()),
            Self::Integer(least) => raw.parse::<i32>().is_ok_and(|number| number >= least),
            Self::Date => text(|text| date(text).is_some_and(|precision| text.len() == precision)),
            Self::DateTime => text(date_time),
            Self::Instant => text(|text| date(text) == Some(10) && text.len() > 10 && date_time(text)),
            Self::Time => text(|text| time(text) == Some("")),
        }
    }
}

/// A number of so many digits at the beginning of a text, and what follows it.
fn digits(text: &str, count: usize) -> Option<(i16, &str)> {
    let (number, rest) = text.split_at_checked(count)?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
    Some((number.parse().ok()?, rest))
}

/// How long the date at the beginning of a text is: `2019`, `2019-03` or `2019-03-01`, and there is such a day.
fn date(text: &str) -> Option<usize> {
    let (year, rest) = digits(text, 4)?;
    let Some(rest) = rest.strip_prefix('-') else { return Some(4) };
    let (month, rest) = digits(rest, 2)?;
    let (day, length) = match rest.strip_prefix('-') {
        Some(rest) => (digits(rest, 2)?.0, 10),
        None => (1, 7),
    };
    let there = jiff::civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).is_ok();
    there.then_some(length)
}

/// What follows the time at the beginning of a text: `14:00:00`, with parts of a second or without.
fn time(text: &str) -> Option<&str> {
    let (hour, rest) = digits(text, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 2)?;
    let (second, rest) = digits(rest.strip_prefix(':')?, 2)?;
    // 60 is a leap second.
    (hour < 24 && minute < 60 && second <= 60).then_some(())?;
    match rest.strip_prefix('.') {
        Some(parts) => {
            let rest = parts.trim_start_matches(|c: char| c.is_ascii_digit());
            (rest.len() < parts.len()).then_some(rest)
        }
        None => Some(rest),
    }
}

/// A date, or a day with a time and its zone.
fn date_time(text: &str) -> bool {
    let Some(length) = date(text) else { return false };
    if text.len() == length {
        return true;
    }
    let zone = text.get(length..).and_then(|rest| rest.strip_prefix('T')).and_then(time);
    length == 10
        && match zone.map(|zone| (zone, zone.strip_prefix(['+', '-']))) {
            Some(("Z", _)) => true,
            Some((_, Some(offset))) => {
                let hour = digits(offset, 2);
                let minute = hour.and_then(|(_, rest)| digits(rest.strip_prefix(':')?, 2));
                hour.zip(minute).is_some_and(|((hour, _), (minute, rest))| {
                    rest.is_empty() && minute < 60 && hour * 60 + minute <= 14 * 60
                })
            }
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::fhir::json;

    #[test]
    fn the_forms_are_those_of_the_standard() {
        let takes =
            |name: &str, text: &str| Primitive::named(name).unwrap().takes(&json::parse(text).unwrap());
        for (name, good, bad) in [
            ("boolean", &["true", "false"][..], &["\"true\"", "1", "null"][..]),
            ("decimal", &["1.50", "-0.0", "1E400", "7"], &["\"1\"", "true"]),
            ("integer", &["0", "-7", "2147483647"], &["1.0", "2147483648", "1e1", "\"1\""]),
            ("positiveInt", &["1"], &["0", "-1"]),
            ("unsignedInt", &["0"], &["-1"]),
            ("code", &["\"x\"", "\"\\u0041\""], &["1", "[\"x\"]", "{}"]),
            (
                "date",
                &["\"2019\"", "\"2019-02\"", "\"2020-02-29\""],
                &[
                    "\"2019-02-29\"",
                    "\"2019-13\"",
                    "\"19-01-01\"",
                    "\"2019-02-01T10:00:00Z\"",
                    "\"2019-\"",
                    "\"soon\"",
                    "\"2019-02-0€\"",
                    "2019",
                ],
            ),
            (
                "dateTime",
                &[
                    "\"2019\"",
                    "\"2019-02-01\"",
                    "\"2019-02-01T23:59:60.123+14:00\"",
                    "\"2019-02-01T00:00:00-00:00\"",
                ],
                &[
                    "\"2019-02-01T10:00Z\"",
                    "\"2019-02-01T10:00:00\"",
                    "\"2019-02T10:00:00Z\"",
                    "\"2019-02-01T24:00:00Z\"",
                    "\"2019-02-01T10:00:00.Z\"",
                    "\"2019-02-01T10:00:00+15:00\"",
                    "\"2019-02-01 10:00:00Z\"",
                ],
            ),
            ("instant", &["\"2019-02-01T10:00:00.5Z\""], &["\"2019-02-01\"", "\"2019\""]),
            ("time", &["\"10:00:00\"", "\"10:00:00.25\""], &["\"10:00\"", "\"10:00:00Z\"", "\"25:00:00\""]),
        ] {
            for text in good {
                assert!(takes(name, text), "{name} {text}");
            }
            for text in bad {
                assert!(!takes(name, text), "{name} {text}");
            }
        }
        assert_eq!(Primitive::named("Period"), None);
    }
}
