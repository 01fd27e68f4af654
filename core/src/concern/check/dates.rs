//! Dates that could be somebody's birth date.

use jiff::civil::Date;

use crate::concern::check::{Char, DataKind, Found, words};

/// The parts of a date, as they are written.
pub(super) struct Order<'a> {
    pub(super) year: &'a str,
    pub(super) month: &'a str,
    pub(super) day: &'a str,
}

/// Whether these are a date that somebody living could be born on: from 1900 to today. A year of two digits is of this century or
/// the last.
pub(super) fn past(year: &str, month: &str, day: &str, today: Date) -> bool {
    let (Ok(written), Ok(month), Ok(day)) = (year.parse::<i16>(), month.parse::<i8>(), day.parse::<i8>())
    else {
        return false;
    };
    let years = match year.len() {
        2 => vec![1900 + written, 2000 + written],
        4 if (1900..2100).contains(&written) => vec![written],
        _ => return false,
    };
    years.into_iter().filter_map(|year| Date::new(year, month, day).ok()).any(|date| date <= today)
}

/// Dates with the name of their month: `March 5, 1961`, `5th of March 1961`, `05-Mar-61`, `1961 March 5`.
pub(super) fn in_words(chars: &[Char], today: Date) -> Vec<Found> {
    // Without what is written and says nothing: "5th of March".
    let words: Vec<((usize, usize), String)> = words(chars)
        .into_iter()
        .map(|(place, word)| (place, word.to_lowercase()))
        .filter(|(_, word)| !["of", "st", "nd", "rd", "th", "the"].contains(&word.as_str()))
        .collect();
    let mut found = Vec::new();
    for three in words.windows(3) {
        let [(first, a), (_, b), (last, c)] = three else { continue };
        let (start, end) = (first.0, last.1);
        // Nothing but what dates are written with lies between them.
        let close = end.saturating_sub(start) <= a.len() + b.len() + c.len() + 12;
        let is = |order: Option<Order<'_>>| order.is_some_and(|o| past(o.year, o.month, o.day, today));
        let with_month = |name: &str, day, year| month(name).map(|month| (month, day, year));
        let orders = [
            with_month(a, b.as_str(), c.as_str()),
            with_month(b, a.as_str(), c.as_str()),
            with_month(b, c.as_str(), a.as_str()),
        ];
        let dated = orders.into_iter().enumerate().any(|(n, order)| {
            // A year of two digits stands at the end of "05-Mar-61" only.
            order.is_some_and(|(month, day, year)| {
                (n == 1 || year.len() == 4) && is(Some(Order { year, month, day }))
            })
        });
        if close && dated {
            found.push(Found { start, end, kind: DataKind::Date });
        }
    }
    found
}

/// The number of a month, by its name in English or Spanish, or the beginning of it.
fn month(name: &str) -> Option<&'static str> {
    const MONTHS: [(&str, &[&str]); 12] = [
        ("1", &["january", "enero"]),
        ("2", &["february", "febrero"]),
        ("3", &["march", "marzo"]),
        ("4", &["april", "abril"]),
        ("5", &["may", "mayo"]),
        ("6", &["june", "junio"]),
        ("7", &["july", "julio"]),
        ("8", &["august", "agosto"]),
        ("9", &["september", "septiembre"]),
        ("10", &["october", "octubre"]),
        ("11", &["november", "noviembre"]),
        ("12", &["december", "diciembre"]),
    ];
    let named = |names: &[&str]| names.iter().any(|full| name.len() >= 3 && full.starts_with(name));
    MONTHS.iter().find(|(_, names)| named(names)).map(|(number, _)| *number)
}
