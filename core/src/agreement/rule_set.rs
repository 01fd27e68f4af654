//! Rule sets.

use jiff::civil::Date;

use crate::agreement::clocks::clock_name;
use crate::agreement::completion::{self, Completion, CompletionRow};
use crate::agreement::term::{Clock, CountsFrom, Length, Period};
use crate::error::Result;
use crate::id::RuleSetId;
use crate::yaml::{Document, Fields, Value};

/// The programme's dated clocks: a file that a site can replace. This is all that it can say:
///
/// ```
/// use caseline::agreement::RuleSet;
///
/// let rules = RuleSet::parse(r#"
/// id: masshealth/bh-cp                 # letters, digits and -._/
/// version: "2023-04"                   # always between quotation marks
/// title: Behavioural-health Community Partners
/// clocks:                              # one row for each period of each clock
///   - clock: inpatient-follow-up
///     days: 3                          # `days` or `months`
///     business: true                   # Mondays to Fridays only; false where left out
///     until: 2023-04-01                # the first day on which it no longer holds; no `until`: until further notice
///     mark: F                          # S stated, F found, U unverified
///   - clock: inpatient-follow-up
///     days: 7
///     from: 2023-04-01                 # the first day on which it holds; no `from`: from ever
///     mark: F
///   - clock: ed-follow-up
///     days: 7
///     counts_from: same-day            # `day-after` (where left out), `same-day` or `next-month`
///     mark: F
///   - clock: plan-renewal
///     months: 12
///     mark: F
/// plan_complete:                       # when a care plan is complete; without it, when both have signed
///   - when: both-signed                # `both-signed` (member and PCP or designee) or `sent-approved`
///     until: 2023-04-01
///     mark: F
///   - when: sent-approved              # sent to the PCP, with in-house clinical approval
///     from: 2023-04-01
///     mark: F
/// "#)?;
/// let day = "2020-02-03".parse()?;
/// assert_eq!(rules.clock("inpatient-follow-up", day).unwrap().due_date(day), "2020-02-06".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleSet {
    /// Its id, for example `masshealth/bh-cp`.
    pub id: RuleSetId,
    /// Its version.
    pub version: String,
    /// What it is, for a person.
    pub title: String,
    /// The rows, as written. No two rows of one clock hold on one day.
    pub rows: Vec<ClockRow>,
    /// When a care plan is complete, as written. No two rows hold on one day.
    pub plan_complete: Vec<CompletionRow>,
}

/// One clock in one period.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClockRow {
    /// The clock's name, for example `plan-return`: one of the product's.
    pub name: String,
    /// The clock.
    pub clock: Clock,
    /// The days of the events from which it counts so.
    pub period: Period,
    /// How well it is known.
    pub mark: Mark,
}

/// How well a rule is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Stated by the programme.
    Stated,
    /// Found in contracts, or in an implementer's encoding.
    Found,
    /// Unverified.
    Unverified,
}

impl RuleSet {
    /// Reads a rule set.
    ///
    /// # Errors
    /// `InvalidInput` with the line and the field: `yaml-syntax`, `field-missing`, `field-unknown`, `field-wrong` (a clock's name
    /// that nothing counts among them), the code of an id that has not its form, `rows-overlap` where two rows of one clock, or two that say when a plan is complete,
    /// hold on one day.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text, true)
    }

    /// Reads a rule set that was taken before, perhaps by a newer release: a clock that is not known is kept, and counts nothing.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn kept(text: &str) -> Result<Self> {
        Self::read(text, false)
    }

    fn read(text: &str, strict: bool) -> Result<Self> {
        let document = Document::parse(text, strict)?;
        let mut fields = document.fields()?;
        let rules = Self {
            id: fields.need("id")?.parsed()?,
            version: fields.need("version")?.text()?.to_owned(),
            title: fields.need("title")?.text()?.to_owned(),
            rows: rows(&fields.need("clocks")?)?,
            plan_complete: fields
                .take("plan_complete")
                .map_or(Ok(Vec::new()), |value| completion::rows(&value))?,
        };
        fields.end()?;
        Ok(rules)
    }

    /// The clock of this name for an event of this day.
    pub fn clock(&self, name: &str, on: Date) -> Option<Clock> {
        self.rows.iter().find(|row| row.name == name && row.period.contains(on)).map(|row| row.clock)
    }

    /// When a plan of this day is complete.
    pub fn completion(&self, on: Date) -> Completion {
        self.plan_complete
            .iter()
            .find(|row| row.period.contains(on))
            .map_or_else(Completion::default, |row| row.when)
    }
}

fn rows(list: &Value<'_>) -> Result<Vec<ClockRow>> {
    let mut rows: Vec<ClockRow> = Vec::new();
    for value in list.list()? {
        let mut fields = value.fields()?;
        let row = ClockRow {
            name: {
                let name = fields.need("clock")?;
                clock_name(name.text()?, &name)?
            },
            clock: clock(&mut fields, &value)?,
            period: period(&mut fields)?,
            mark: mark(&mut fields)?,
        };
        fields.end()?;
        if rows.iter().any(|other| other.name == row.name && other.period.overlaps(&row.period)) {
            return Err(value.wrong("rows-overlap", "an earlier row of this clock holds on the same days"));
        }
        rows.push(row);
    }
    Ok(rows)
}

/// How well a row is known.
pub(super) fn mark(fields: &mut Fields<'_>) -> Result<Mark> {
    fields.need("mark")?.one_of(
        &[("S", Mark::Stated), ("F", Mark::Found), ("U", Mark::Unverified)],
        "this must be `S` (stated), `F` (found) or `U` (unverified)",
    )
}

/// The part of a row that an agreement's own clocks have too.
pub(super) fn clock(fields: &mut Fields<'_>, whole: &Value<'_>) -> Result<Clock> {
    let days = fields.take("days").map(|value| value.whole()).transpose()?;
    let months = fields.take("months").map(|value| value.whole()).transpose()?;
    let business = fields.take("business");
    let is_business = business.as_ref().map(Value::flag).transpose()?.unwrap_or(false);
    let length = match (days, months) {
        (Some(days), None) if is_business => Length::BusinessDays(days),
        (Some(days), None) => Length::Days(days),
        (None, Some(_)) if is_business => {
            return Err(whole.wrong("field-wrong", "`business` goes with `days`, not with `months`"));
        }
        (None, Some(months)) => Length::Months(months),
        _ => return Err(whole.wrong("field-wrong", "a clock has either `days` or `months`")),
    };
    let counts_from = fields.take("counts_from").map_or(Ok(CountsFrom::default()), |value| {
        value.one_of(
            &[
                ("day-after", CountsFrom::DayAfter),
                ("same-day", CountsFrom::SameDay),
                ("next-month", CountsFrom::NextMonth),
            ],
            "this must be `day-after`, `same-day` or `next-month`",
        )
    })?;
    if counts_from == CountsFrom::SameDay && matches!((days, months), (Some(0), _) | (_, Some(0))) {
        return Err(whole.wrong("field-wrong", "where the same day counts, there is at least one day"));
    }
    Ok(Clock { length, counts_from })
}

/// `from` and `until`.
pub(super) fn period(fields: &mut Fields<'_>) -> Result<Period> {
    let from = fields.take("from").map(|value| value.date()).transpose()?;
    let Some(value) = fields.take("until") else { return Ok(Period { from, until: None }) };
    let until = value.date()?;
    if from.is_some_and(|from| until <= from) {
        return Err(value.wrong("field-wrong", "this day must be later than `from`"));
    }
    Ok(Period { from, until: Some(until) })
}
