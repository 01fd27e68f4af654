//! Reading an agreement's text.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use crate::agreement::clocks::clock_name;
use crate::agreement::outreach::outreach;
use crate::agreement::part2::part2;
use crate::agreement::rule_set::{clock, period};
use crate::agreement::{Agreement, Category, Clock, Delay, HandoverTerms, History, LadderRung, Party};
use crate::case::kind::RoomKind;
use crate::contact::Topic;
use crate::error::{InvalidInput, Result};
use crate::id::OrganizationId;
use crate::yaml::{Document, Fields, Value};

const ZONE: &str = "America/New_York";
/// The fewest digits of a telephone number: a local one, without its area code.
const FEWEST_DIGITS: usize = 7;

/// The zone where none is named.
pub(crate) fn default_zone() -> TimeZone {
    TimeZone::get(ZONE).unwrap_or(TimeZone::UTC)
}

pub(super) fn agreement(text: &str, strict: bool) -> Result<Agreement> {
    let document = Document::parse(text, strict)?;
    let mut fields = document.fields()?;
    let id = fields.need("id")?.parsed()?;
    let version = fields.need("version")?.text()?.to_owned();
    let title = fields.need("title")?.text()?.to_owned();
    let room = fields.take("kind").map_or(Ok(RoomKind::Case), |value| {
        let words = [RoomKind::Case, RoomKind::Programme, RoomKind::Referral].map(|kind| (kind.code(), kind));
        value.one_of(&words, "this must be `case`, `programme` or `referral`")
    })?;
    let sides = match room {
        RoomKind::Case | RoomKind::Pair => ["plan_side", "community_side"],
        RoomKind::Programme => ["programme_office", "organization"],
        RoomKind::Referral => ["referrer", "agency"],
    };
    let [first, second] = sides;
    let plan_side = party(&fields.need(first)?)?;
    let community = fields.need(second)?;
    let community_side = party(&community)?;
    if plan_side.id == community_side.id {
        return Err(community.wrong("same-sides", "an agreement is between two organisations"));
    }
    let dates = fields.need("in_force")?;
    let mut days = dates.fields()?;
    let in_force = period(&mut days)?;
    days.end()?;
    let Some(first_day) = in_force.from else {
        return Err(dates.wrong("field-missing", "an agreement says `from` which day it is in force"));
    };
    let (plan_side_shares, community_side_shares) = share(&fields.need("share")?, sides)?;
    let zone = zone(&mut fields)?;
    let story_clock = fields
        .take("clock")
        .map_or(Ok(false), |value| value.one_of(&[("story", true)], "this can only be `story`"))?;
    let quiet = fields.take("quiet").map_or(Ok(Delay::Days(30)), |value| some_time(&value))?;
    let grace = fields.take("grace").map_or(Ok(Delay::Days(1)), |value| value.parsed())?;
    let clocks = clocks(&mut fields)?;
    let ladders = ladders(&fields.need("ladder")?, room, [&plan_side.id, &community_side.id])?;
    let handover = handover(&mut fields)?;
    let outreach = outreach(&mut fields, first_day)?;
    let part2 = part2(&mut fields, [&plan_side.id, &community_side.id])?;
    fields.end()?;
    Ok(Agreement {
        id,
        version,
        title,
        room,
        plan_side,
        community_side,
        in_force,
        zone,
        story_clock,
        plan_side_shares,
        community_side_shares,
        quiet,
        grace,
        clocks,
        ladders,
        handover,
        outreach,
        part2,
    })
}

fn party(value: &Value<'_>) -> Result<Party> {
    let mut fields = value.fields()?;
    let party = Party {
        id: fields.need("id")?.parsed()?,
        name: fields.need("name")?.text()?.to_owned(),
        keeper: fields.take("keeper").map_or(Ok(false), |value| value.flag())?,
    };
    fields.end()?;
    Ok(party)
}

fn zone(fields: &mut Fields<'_>) -> Result<TimeZone> {
    let unknown = InvalidInput::new("unknown-time-zone", "the time-zone database lacks its default zone");
    let Some(value) = fields.take("zone") else {
        return TimeZone::get(ZONE).map_err(|_| unknown.into());
    };
    TimeZone::get(value.text()?).map_err(|_| {
        value.wrong("unknown-time-zone", "this must be a zone of the IANA database, like `America/New_York`")
    })
}

fn categories(value: &Value<'_>) -> Result<BTreeSet<Category>> {
    let words = Category::ALL.map(|category| (category.code(), category));
    let detail = "this must be `message`, `care-plan`, `roster`, `reminder`, `handover`, `task`, `alert`, `outreach`, `consent`, `concern` or `referral`";
    value.list()?.iter().map(|entry| entry.one_of(&words, detail)).collect()
}

fn share(value: &Value<'_>, [first, second]: [&str; 2]) -> Result<(BTreeSet<Category>, BTreeSet<Category>)> {
    let mut fields = value.fields()?;
    let mut of = |name| fields.take(name).map_or(Ok(BTreeSet::new()), |value| categories(&value));
    let both = of("both")?;
    let mut plan_side = of(first)?;
    let mut community_side = of(second)?;
    plan_side.extend(&both);
    community_side.extend(both);
    fields.end()?;
    Ok((plan_side, community_side))
}

fn clocks(fields: &mut Fields<'_>) -> Result<BTreeMap<String, Clock>> {
    let mut clocks = BTreeMap::new();
    let Some(value) = fields.take("clocks") else { return Ok(clocks) };
    for (name, key, value) in value.fields()?.all() {
        let name = clock_name(name, &key)?;
        let mut fields = value.fields()?;
        clocks.insert(name, clock(&mut fields, &value)?);
        fields.end()?;
    }
    Ok(clocks)
}

fn ladders(
    value: &Value<'_>,
    room: RoomKind,
    sides: [&OrganizationId; 2],
) -> Result<BTreeMap<Topic, Vec<LadderRung>>> {
    let mut ladders = BTreeMap::new();
    let mut fields = value.fields()?;
    for topic in Topic::ALL {
        if let Some(value) = fields.take(topic.code()) {
            ladders.insert(topic, ladder(&value, sides)?);
        }
    }
    fields.end()?;
    let [plan_side, _] = sides;
    let (topic, detail) = match room {
        RoomKind::Case | RoomKind::Pair => (
            Topic::CarePlan,
            "the ladder for `care-plan` must name somebody of the plan side, who owes its return",
        ),
        RoomKind::Programme => (
            Topic::Concern,
            "the ladder for `concern` must name somebody of the programme office, who owes the answer",
        ),
        RoomKind::Referral => (
            Topic::Referral,
            "the ladder for `referral` must name somebody of the referrer, who sees it through",
        ),
    };
    let named = ladders.get(&topic).map_or(&[][..], Vec::as_slice);
    if !named.iter().any(|rung| rung.organization == *plan_side) {
        return Err(value.wrong("ladder-without-owner", detail));
    }
    Ok(ladders)
}

fn ladder(value: &Value<'_>, sides: [&OrganizationId; 2]) -> Result<Vec<LadderRung>> {
    let entries = value.list()?;
    let Some(last) = entries.len().checked_sub(1) else {
        return Err(value.wrong("ladder-empty", "a ladder names at least one person"));
    };
    let mut rungs: Vec<LadderRung> = Vec::with_capacity(entries.len());
    for (n, entry) in entries.iter().enumerate() {
        let mut fields = entry.fields()?;
        let contact = fields.need("contact")?.parsed()?;
        let name = fields.need("name")?.text()?.to_owned();
        let organization = fields.need("organization")?;
        let phone = fields.take("phone");
        let after = fields.take("after");
        let rung = LadderRung {
            contact,
            name,
            organization: organization.parsed()?,
            role: fields.need("role")?.parsed()?,
            phone: phone.as_ref().map(telephone).transpose()?,
            after: after.as_ref().map_or(Ok(Delay::Days(0)), Value::parsed)?,
        };
        fields.end()?;
        if !sides.contains(&&rung.organization) {
            let detail = "nobody reminds them: this must be one of the agreement's two organisations";
            return Err(organization.wrong("ladder-of-another", detail));
        }
        if rungs
            .iter()
            .any(|known| (&known.contact, &known.organization) == (&rung.contact, &rung.organization))
        {
            return Err(entry.wrong("ladder-twice", "a ladder names each person once: each is reminded once"));
        }
        if rungs.last().is_some_and(|before| rung.after.is_shorter_than(before.after)) {
            let detail = "a ladder is in the order of its turns: this comes before the entry above it";
            return Err(after.as_ref().unwrap_or(entry).wrong("ladder-order", detail));
        }
        if n == last && rung.phone.is_none() {
            return Err(entry.wrong_in(
                "phone",
                "ladder-without-phone",
                "the last on a ladder has a telephone number",
            ));
        }
        rungs.push(rung);
    }
    Ok(rungs)
}

/// A span of time that is not nothing.
fn some_time(value: &Value<'_>) -> Result<Delay> {
    let delay = value.parsed()?;
    match delay {
        Delay::Minutes(0) | Delay::Hours(0) | Delay::Days(0) if value.is_strict() => {
            let detail = "this must be longer than nothing, or every case would be quiet at once: `30 d`";
            Err(value.wrong("field-wrong", detail))
        }
        _ => Ok(delay),
    }
}

/// A number that one can dial, perhaps with an extension: the last on a ladder is called, and nobody finds out before that day that
/// it is none.
fn telephone(value: &Value<'_>) -> Result<String> {
    let text = value.text()?;
    let lower = text.to_lowercase();
    let parts = lower.split_once("ext").or_else(|| lower.split_once('x'));
    let (number, extension) = parts.unwrap_or((&lower, ""));
    let digits = number.chars().filter(char::is_ascii_digit).count();
    if !value.is_strict() && !text.is_empty() {
        return Ok(text.to_owned());
    }
    if digits >= FEWEST_DIGITS && ![number, extension].iter().any(|part| part.contains(char::is_alphabetic)) {
        return Ok(text.to_owned());
    }
    let detail = "this must be a telephone number of seven digits or more, like `+1 617 555 0142`, with `ext 5` after it where \
                  there is an extension";
    Err(value.wrong("field-wrong", detail))
}

fn handover(fields: &mut Fields<'_>) -> Result<HandoverTerms> {
    let Some(value) = fields.take("handover") else { return Ok(HandoverTerms::default()) };
    let mut fields = value.fields()?;
    let terms = HandoverTerms {
        history: fields.take("history").map_or(Ok(History::All), |value| {
            value.one_of(
                &[("all", History::All), ("since-naming", History::SinceNaming), ("none", History::Nothing)],
                "this must be `all`, `since-naming` or `none`",
            )
        })?,
        withhold: fields.take("withhold").map_or(Ok(BTreeSet::new()), |value| categories(&value))?,
    };
    fields.end()?;
    Ok(terms)
}
