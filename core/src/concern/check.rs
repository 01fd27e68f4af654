//! Does a text hold member data? Pure.
//!
//! What has the form of a member's number, a telephone number, an e-mail address or a full date in the past is refused, whatever it
//! is; so is the number of a member whom this device knows. A name is only asked about, since some people are called Grace. What is found is
//! told by its kind and its place, never by repeating it.

use jiff::civil::Date;

use crate::error::InvalidInput;
use crate::member::Member;

mod dates;
mod numbers;
#[cfg(test)]
mod tests;

/// What kind of member data something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DataKind {
    /// A member's number: of the programme, of Medicare, or any number of nine digits or more.
    MemberNumber,
    /// A social security number.
    SocialSecurity,
    /// A telephone number.
    Phone,
    /// A full date in the past: it could be a birth date.
    Date,
    /// An e-mail address.
    Email,
    /// A word that is the name of a member, or of somebody of theirs, whom this device knows. To be asked about.
    Name,
}

impl DataKind {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::MemberNumber => "member-number",
            Self::SocialSecurity => "social-security-number",
            Self::Phone => "phone",
            Self::Date => "date",
            Self::Email => "email",
            Self::Name => "name",
        }
    }

    /// What to do about it, as a sentence for a person.
    pub fn advice(self) -> &'static str {
        match self {
            Self::MemberNumber => {
                "the programme office gets no member data: take out this number, which looks like a member's"
            }
            Self::SocialSecurity => {
                "the programme office gets no member data: take out this number, which looks like a social security number"
            }
            Self::Phone => "the programme office gets no member data: take out this telephone number",
            Self::Date => {
                "the programme office gets no member data: take out this date, which could be a birth date; say the month, or the day without its year"
            }
            Self::Email => "the programme office gets no member data: take out this e-mail address",
            Self::Name => {
                "this is the name of a member, or of somebody of theirs: take it out, or confirm that it is not meant"
            }
        }
    }
}

/// Something that looks like member data: what, and where. In characters of the text, the first counted as 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Its first character.
    pub start: usize,
    /// The first character after it.
    pub end: usize,
    /// What it looks like.
    pub kind: DataKind,
}

impl Found {
    /// The error that says where it is in a field, and what to do.
    pub fn refusal(&self, field: &str) -> InvalidInput {
        let code = if self.kind == DataKind::Name { "concern-name" } else { "concern-member-data" };
        InvalidInput::new(code, self.kind.advice()).field(format!("{field}[{}..{}]", self.start, self.end))
    }
}

/// A character of a text, in its plain form, and its place there.
#[derive(Debug, Clone, Copy)]
struct Char {
    c: char,
    at: usize,
}

/// The text in plain characters: digits of other scripts and dashes in one form, without what has no width.
fn plain(text: &str) -> Vec<Char> {
    let chars = text.chars().enumerate().filter_map(|(at, c)| {
        let c = match c {
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => return None,
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => '-',
            '\u{ff0f}' | '\u{2044}' | '\u{2215}' => '/',
            '\u{ff0e}' | '\u{2024}' => '.',
            '\u{ff20}' => '@',
            '\u{ff0b}' => '+',
            c if c.is_whitespace() => ' ',
            c => digit(c).unwrap_or(c),
        };
        Some(Char { c, at })
    });
    chars.collect()
}

/// A decimal digit of any of the scripts that are written here, as an ASCII digit.
fn digit(c: char) -> Option<char> {
    // Where each script's digits begin.
    const ZEROS: [u32; 6] = [0xff10, 0x0660, 0x06f0, 0x0966, 0x09e6, 0x1_d7ce];
    let n = ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(*zero).filter(|n| *n < 10))?;
    char::from_digit(n, 10)
}

/// What of a text has the form of member data, on this day.
pub fn formats(text: &str, today: Date) -> Vec<Found> {
    let chars = plain(text);
    let mut found = numbers::numbers(&chars, today);
    found.extend(dates::in_words(&chars, today));
    found.extend(dates::of_birth(&chars, today));
    found.extend(emails(&chars));
    found.extend(numbers::medicare(&chars));
    apart(found)
}

/// What of a text is the number of one of these members, whatever its form.
pub fn known_numbers<'m>(text: &str, members: impl IntoIterator<Item = &'m Member>) -> Vec<Found> {
    let chars: Vec<Char> = plain(text).into_iter().filter(|one| one.c.is_alphanumeric()).collect();
    let lower: Vec<char> = chars.iter().map(|one| lower(one.c)).collect();
    let mut found = Vec::new();
    for member in members {
        let number: Vec<char> =
            member.id.value().chars().filter(|c| c.is_alphanumeric()).map(lower_of).collect();
        // A shorter one would be found everywhere.
        if number.len() < 5 {
            continue;
        }
        let starts =
            lower.windows(number.len()).enumerate().filter(|(_, window)| *window == number.as_slice());
        found.extend(starts.filter_map(|(n, _)| {
            let (first, last) = (chars.get(n)?, chars.get(n + number.len() - 1)?);
            Some(Found { start: first.at, end: last.at + 1, kind: DataKind::MemberNumber })
        }));
    }
    apart(found)
}

/// What of a text is a word of one of these names, with a capital letter, or one of them whole, however it is written: who writes it
/// is asked whether that person is meant.
pub fn names<'n>(text: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<Found> {
    let chars = plain(text);
    // A letter alone, as in a middle name, is nobody's.
    let parts = |name: &str| -> Vec<String> {
        let words = name.split(|c: char| !c.is_alphanumeric());
        let words = words.filter(|word| word.chars().count() > 1 && word.chars().all(char::is_alphabetic));
        words.map(str::to_lowercase).collect()
    };
    let names: Vec<&str> = names.into_iter().collect();
    let known: std::collections::BTreeSet<String> = names.iter().flat_map(|name| parts(name)).collect();
    let words =
        words(&chars).into_iter().filter(|(_, word)| word.chars().next().is_some_and(char::is_uppercase));
    let found = words.filter(|(_, word)| known.contains(&word.to_lowercase()));
    let mut found: Vec<Found> =
        found.map(|((start, end), _)| Found { start, end, kind: DataKind::Name }).collect();
    // With its middle names, without its initials, and of the first and the last alone.
    let mut whole: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    for parts in names.iter().map(|name| parts(name)) {
        whole.extend(parts.first().zip(parts.last()).map(|(first, last)| format!("{first} {last}")));
        whole.push(parts.join(" "));
    }
    let whole = whole_names(text, whole.iter().map(String::as_str)).into_iter();
    let apart = |one: &Found| found.iter().all(|other| one.end <= other.start || other.end <= one.start);
    let whole: Vec<Found> = whole.filter(apart).collect();
    found.extend(whole);
    found.sort();
    found
}

/// Where a text has one of these names whole, word by word; names of one word alone are looked for nowhere.
pub fn whole_names<'n>(text: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<Found> {
    let chars = plain(text);
    let words: Vec<((usize, usize), String)> =
        words(&chars).into_iter().map(|(place, word)| (place, word.to_lowercase())).collect();
    let mut found = Vec::new();
    for name in names {
        let name: Vec<String> =
            self::words(&plain(name)).into_iter().map(|(_, word)| word.to_lowercase()).collect();
        if name.len() < 2 {
            continue;
        }
        let alike = |window: &&[((usize, usize), String)]| window.iter().map(|(_, word)| word).eq(&name);
        found.extend(words.windows(name.len()).filter(alike).filter_map(|window| {
            let ((start, _), (_, end)) = (window.first()?.0, window.last()?.0);
            Some(Found { start, end, kind: DataKind::Name })
        }));
    }
    apart(found)
}

/// The words of a text with their places: runs of letters, or of digits.
fn words(chars: &[Char]) -> Vec<((usize, usize), String)> {
    let mut words: Vec<((usize, usize), String)> = Vec::new();
    let mut last: Option<char> = None;
    for one in chars {
        let joins = last.is_some_and(|last| last.is_ascii_digit() == one.c.is_ascii_digit());
        if !one.c.is_alphanumeric() {
            last = None;
            continue;
        }
        match words.last_mut() {
            Some(((_, end), word)) if joins => {
                *end = one.at + 1;
                word.push(one.c);
            }
            _ => words.push(((one.at, one.at + 1), one.c.to_string())),
        }
        last = Some(one.c);
    }
    words
}

fn emails(chars: &[Char]) -> Vec<Found> {
    let local = |c: char| c.is_alphanumeric() || "._%+-".contains(c);
    let domain = |c: char| c.is_alphanumeric() || ".-".contains(c);
    let mut found = Vec::new();
    for (n, at) in chars.iter().enumerate().filter(|(_, one)| one.c == '@') {
        let before = chars.get(..n).unwrap_or_default();
        let name = before.iter().rev().take_while(|one| local(one.c)).count();
        let after: Vec<&Char> = chars.iter().skip(n + 1).take_while(|one| domain(one.c)).collect();
        let host: String = after.iter().map(|one| one.c).collect();
        let dotted = host.trim_end_matches('.').contains('.');
        if name == 0 || !dotted {
            continue;
        }
        let start = before.get(n - name).map_or(at.at, |one| one.at);
        let end = after.last().map_or(at.at, |one| one.at) + 1;
        found.push(Found { start, end, kind: DataKind::Email });
    }
    found
}

/// In the order of the text, each place once.
fn apart(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|one| (one.start, std::cmp::Reverse(one.end), one.kind));
    let mut end = 0;
    found.retain(|one| {
        let free = one.start >= end;
        end = end.max(one.end);
        free
    });
    found
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

fn lower_of(c: char) -> char {
    lower(digit(c).unwrap_or(c))
}
