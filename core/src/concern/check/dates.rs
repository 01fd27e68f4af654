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

/// A word that a date may be made of, as it is read.
struct Word {
    start: usize,
    end: usize,
    /// In small letters; the number of an ordinal.
    text: String,
    /// The number of an ordinal that is written out: `seventeenth`.
    ordinal: Option<u8>,
    /// Whether an `of` stands before it.
    of: bool,
    /// Whether an apostrophe stands before it, as before a year of two digits.
    cut: bool,
}

/// Dates with the name of their month: `March 5, 1961`, `5th of March 1961`, `05-Mar-61`, `Mar 5 '61`, `the fifth of March 1961`,
/// `1961 March 5`.
pub(super) fn in_words(chars: &[Char], today: Date) -> Vec<Found> {
    let words = read(chars);
    let mut found = Vec::new();
    for three in words.windows(3) {
        let [a, b, c] = three else { continue };
        let written = [a, b, c].iter().map(|word| word.end - word.start).sum::<usize>();
        // Nothing but what dates are written with lies between them.
        let close = c.end.saturating_sub(a.start) <= written + 12;
        let is = |order: Option<Order<'_>>| order.is_some_and(|o| past(o.year, o.month, o.day, today));
        // "At first, March 2019 was quiet" has no day.
        let counts = b.of || a.ordinal.is_none_or(|n| n > 3);
        let with_month = |name: &Word, day, year| month(&name.text).map(|month| (month, day, year));
        let orders = [
            with_month(a, b.text.as_str(), c.text.as_str()),
            with_month(b, a.text.as_str(), c.text.as_str()).filter(|_| counts),
            with_month(b, c.text.as_str(), a.text.as_str()),
        ];
        let dated = orders.into_iter().enumerate().any(|(n, order)| {
            // A year of two digits stands at the end of "05-Mar-61", or is written "'61".
            order.is_some_and(|(month, day, year)| {
                (n == 1 || (n == 0 && c.cut) || year.len() == 4) && is(Some(Order { year, month, day }))
            })
        });
        if close && dated {
            found.push(Found { start: a.start, end: c.end, kind: DataKind::Date });
        }
    }
    found
}

/// The words, without those that are written in a date and say nothing: "5th of March".
fn read(chars: &[Char]) -> Vec<Word> {
    let mut read: Vec<Word> = Vec::new();
    let mut of = false;
    for ((start, end), word) in words(chars) {
        let word = word.to_lowercase();
        if ["of", "st", "nd", "rd", "th", "the"].contains(&word.as_str()) {
            of |= word == "of";
            continue;
        }
        let before = chars.partition_point(|one| one.at < start).checked_sub(1).and_then(|n| chars.get(n));
        let cut = before.is_some_and(|one| "'\u{2018}\u{2019}`".contains(one.c));
        let mut next = Word { start, end, text: word, ordinal: None, of: std::mem::take(&mut of), cut };
        if let Some(unit) = ordinal(&next.text) {
            let tens = read.last().filter(|last| unit < 10 && start <= last.end + 1);
            let tens = tens.and_then(|last| match last.text.as_str() {
                "twenty" => Some((20, last.start, last.of)),
                "thirty" => Some((30, last.start, last.of)),
                _ => None,
            });
            let mut number = unit;
            if let Some((tens, start, of)) = tens {
                number += tens;
                (next.start, next.of) = (start, of);
                read.pop();
            }
            (next.text, next.ordinal) = (number.to_string(), Some(number));
        }
        read.push(next);
    }
    read
}

/// The number of an ordinal that is one word.
fn ordinal(word: &str) -> Option<u8> {
    const ORDINALS: [(&str, u8); 21] = [
        ("first", 1),
        ("second", 2),
        ("third", 3),
        ("fourth", 4),
        ("fifth", 5),
        ("sixth", 6),
        ("seventh", 7),
        ("eighth", 8),
        ("ninth", 9),
        ("tenth", 10),
        ("eleventh", 11),
        ("twelfth", 12),
        ("thirteenth", 13),
        ("fourteenth", 14),
        ("fifteenth", 15),
        ("sixteenth", 16),
        ("seventeenth", 17),
        ("eighteenth", 18),
        ("nineteenth", 19),
        ("twentieth", 20),
        ("thirtieth", 30),
    ];
    ORDINALS.iter().find(|(name, _)| *name == word).map(|(_, number)| *number)
}

/// Six digits that are said to be a birth date: `DOB 031761`. Without that word they are as often anything else.
pub(super) fn of_birth(chars: &[Char], today: Date) -> Vec<Found> {
    let words: Vec<((usize, usize), String)> =
        words(chars).into_iter().map(|(place, word)| (place, word.to_lowercase())).collect();
    let mut found = Vec::new();
    for (n, ((start, end), digits)) in words.iter().enumerate() {
        if digits.len() != 6 || !digits.bytes().all(|c| c.is_ascii_digit()) {
            continue;
        }
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
        let (one, two, three) = (part(0, 2), part(2, 4), part(4, 6));
        let orders = [(three, one, two), (three, two, one), (one, two, three)];
        let dated = orders.into_iter().any(|(year, month, day)| past(year, month, day, today));
        let before = words.get(..n).unwrap_or_default().iter().rev();
        // Not in another sentence, further up.
        let before = before.take_while(|((_, end), _)| start.saturating_sub(*end) <= 12);
        let before: Vec<&str> = before
            .map(|(_, word)| word.as_str())
            .skip_while(|word| ["is", "was", "on", "date", "el"].contains(word))
            .collect();
        let said = match before.as_slice() {
            ["b", "o", "d", ..] => true,
            [word, ..] => {
                ["dob", "born", "birth", "birthdate", "birthday", "nacido", "nacida"].contains(word)
            }
            [] => false,
        };
        if dated && said {
            found.push(Found { start: *start, end: *end, kind: DataKind::Date });
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
