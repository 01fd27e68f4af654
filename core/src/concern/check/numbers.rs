//! Numbers that look like a member's, a telephone's or a date's.

use jiff::civil::Date;

use crate::concern::check::dates::{Order, past};
use crate::concern::check::{Char, DataKind, Found};

/// A run of digits.
struct Run {
    digits: String,
    start: usize,
    end: usize,
    /// What stands between it and the run before it, where that is no more than numbers are written with.
    before: Option<String>,
    /// Whether a plus sign stands right before it.
    plus: bool,
    /// Whether it belongs to an amount: `$1,250`.
    amount: bool,
}

/// Everything that is written in digits.
pub(super) fn numbers(chars: &[Char], today: Date) -> Vec<Found> {
    let runs = runs(chars);
    let mut found = Vec::new();
    let mut n = 0;
    while let Some(rest) = runs.get(n..).filter(|rest| !rest.is_empty()) {
        let linked = 1 + rest.iter().skip(1).take(5).take_while(|run| run.before.is_some()).count();
        // The longest of a place says what it is.
        let sizes = (1..=linked).rev();
        let mut read = sizes.filter_map(|size| Some((size, rest.get(..size)?)));
        let kind = read.find_map(|(size, runs)| Some((size, kind(runs, today)?)));
        match (kind, rest.first()) {
            (Some((size, kind)), Some(first)) => {
                let end = rest.get(size - 1).map_or(first.end, |last| last.end);
                found.push(Found { start: first.start, end, kind });
                n += size;
            }
            _ => n += 1,
        }
    }
    found
}

fn runs(chars: &[Char]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut between = String::new();
    let mut in_run = false;
    for one in chars {
        if one.c.is_ascii_digit() {
            if let Some(run) = runs.last_mut().filter(|_| in_run) {
                run.digits.push(one.c);
                run.end = one.at + 1;
            } else {
                let plus = between.ends_with('+');
                let amount = between.ends_with(['$', '€', '£', ',']);
                let linked = !runs.is_empty()
                    && between.chars().count() <= 3
                    && between.chars().all(|c| " -./()".contains(c));
                runs.push(Run {
                    digits: one.c.to_string(),
                    start: one.at,
                    end: one.at + 1,
                    before: linked.then(|| between.clone()),
                    plus,
                    amount,
                });
            }
            in_run = true;
        } else {
            if in_run {
                between.clear();
            }
            in_run = false;
            between.push(one.c);
        }
    }
    runs
}

/// What these runs together are, if they are something.
fn kind(runs: &[Run], today: Date) -> Option<DataKind> {
    let lengths: Vec<usize> = runs.iter().map(|run| run.digits.len()).collect();
    let total: usize = lengths.iter().sum();
    let between: Vec<&str> = runs.iter().skip(1).filter_map(|run| run.before.as_deref()).collect();
    let simple = |allowed: &str| between.iter().all(|one| one.len() == 1 && allowed.contains(one));
    let digits: Vec<&str> = runs.iter().map(|run| run.digits.as_str()).collect();
    if let ([one, two, three], [first, second]) = (digits.as_slice(), between.as_slice())
        && first == second
        && simple("-/.")
        && is_date([one, two, three], first, today)
    {
        return Some(DataKind::Date);
    }
    let plus = runs.first().is_some_and(|run| run.plus);
    match lengths.as_slice() {
        [3, 2, 4] if simple("- .") => Some(DataKind::SocialSecurity),
        [3, 3, 4] | [1, 3, 3, 4] => Some(DataKind::Phone),
        [3, 4] if simple("-.") => Some(DataKind::Phone),
        [3, 4] if simple(" ") && is_local(runs) => Some(DataKind::Phone),
        _ if plus && (8..=15).contains(&total) => Some(DataKind::Phone),
        [8] if digits.first().is_some_and(|run| is_written_together(run, today)) => Some(DataKind::Date),
        [n] if *n >= 9 => Some(DataKind::MemberNumber),
        [_, _, ..] if (10..=12).contains(&total) && lengths.iter().all(|n| *n >= 3) && simple("- ") => {
            Some(DataKind::MemberNumber)
        }
        _ => None,
    }
}

/// A telephone number without its area code, `555 0171`: none begins with 0 or 1, and `404 2019` is as often a number and a year.
fn is_local(runs: &[Run]) -> bool {
    let [first, second] = runs else { return false };
    let year = second.digits.starts_with("19") || second.digits.starts_with("20");
    !first.amount && !first.digits.starts_with(['0', '1']) && !year
}

fn is_date([one, two, three]: [&str; 3], between: &str, today: Date) -> bool {
    if one.len() == 4 {
        return past(one, two, three, today);
    }
    // Two digits of a year are written with a slash or a dash: with points it is as often a version.
    let year = three.len() == 4 || (three.len() == 2 && between != ".");
    let short = |part: &str| part.len() <= 2;
    year && short(one) && short(two) && (past(three, one, two, today) || past(three, two, one, today))
}

/// `19610405`, `04051961` or `05041961`.
fn is_written_together(run: &str, today: Date) -> bool {
    let part = |from: usize, to: usize| run.get(from..to).unwrap_or_default();
    let orders = [
        Order { year: part(0, 4), month: part(4, 6), day: part(6, 8) },
        Order { year: part(4, 8), month: part(0, 2), day: part(2, 4) },
        Order { year: part(4, 8), month: part(2, 4), day: part(0, 2) },
    ];
    orders.iter().any(|order| past(order.year, order.month, order.day, today))
}

/// A Medicare beneficiary identifier, with or without its dashes.
pub(super) fn medicare(chars: &[Char]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut run: Vec<&Char> = Vec::new();
    let end = Char { c: ' ', at: usize::MAX };
    for one in chars.iter().chain([&end]) {
        if one.c.is_ascii_alphanumeric() || (one.c == '-' && !run.is_empty()) {
            run.push(one);
            continue;
        }
        let letters: Vec<char> = run.iter().map(|one| one.c).filter(|c| *c != '-').collect();
        if let ([first, .., last], true) = (run.as_slice(), is_medicare(&letters)) {
            found.push(Found { start: first.at, end: last.at + 1, kind: DataKind::MemberNumber });
        }
        run.clear();
    }
    found
}

fn is_medicare(letters: &[char]) -> bool {
    let fits = |(form, c): (char, &char)| match form {
        'N' => c.is_ascii_digit(),
        'A' => c.is_ascii_alphabetic(),
        _ => c.is_ascii_alphanumeric(),
    };
    letters.len() == 11 && "NA*NA*NAANN".chars().zip(letters).all(fits)
}
