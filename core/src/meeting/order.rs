//! In which order a meeting takes its cases, and how many of them.

use jiff::civil::Date;

use super::words::{length, many};
use super::{Agenda, AgendaEntry, Frame, Item, MOST_CASES, talk};
use crate::contact::Contact;
use crate::panel::{TurnKind, TurnRound};

/// What is kept for how the two work together, of a meeting that is at least this long.
const PROCESS: u32 = 5;
const PROCESS_FROM: u32 = 30;
/// A case that is given less than this is better talked about at another time.
const LEAST: u32 = 2;

/// The agenda of these cases: what matters most comes first, of equals what waits longest, then the older case. What does not fit
/// into the time is listed as not reached; what was brought, and one's own concerns, come after the cases, and some minutes of a longer
/// meeting are kept for them. The last case that is reached may be given less time than it asks for, down to half.
pub fn agenda(frame: Frame, mut cases: Vec<Item>) -> Agenda {
    cases.sort_by_cached_key(|item| {
        let first = item.matters.first();
        (first.map(|matter| matter.kind), first.map(|matter| matter.since), item.case)
    });
    let minutes = frame.order.minutes;
    let process = process(&frame.turn_rounds);
    let process_minutes = if process.is_empty() || minutes < PROCESS_FROM { 0 } else { PROCESS };
    let kept = talk::kept(&frame);
    let mut left = minutes.saturating_sub(process_minutes).saturating_sub(kept);
    let (mut items, mut not_reached) = (Vec::new(), Vec::new());
    for mut item in cases {
        let least = item.minutes.div_ceil(2).max(LEAST);
        if not_reached.is_empty() && left >= least {
            item.minutes = item.minutes.min(left);
            left -= item.minutes;
            items.push(item);
        } else {
            not_reached.push(item);
        }
    }
    let mut people: Vec<Contact> = Vec::new();
    for contact in items.iter().chain(&not_reached).flat_map(|item| &item.leads) {
        let known = |one: &Contact| one.id == contact.id && one.organization == contact.organization;
        if !people.iter().any(known) {
            people.push(contact.clone());
        }
    }
    let side = |contact: &Contact| contact.organization != frame.of.pair.plan_side;
    people.sort_by(|a, b| (side(a), &a.name, &a.id).cmp(&(side(b), &b.name, &b.id)));
    let mut agenda = Agenda {
        begins: frame.begins(),
        since: frame.since(),
        meeting: frame.order.meeting,
        of: frame.of,
        minutes,
        zone: frame.zone,
        at: frame.at,
        items,
        not_reached,
        come_up: Vec::new(),
        process,
        process_minutes,
        people,
        standing: None,
        points: Vec::new(),
        points_not_reached: Vec::new(),
        concerns: Vec::new(),
        concerns_not_reached: Vec::new(),
        own: frame.own,
    };
    talk::sized(&mut agenda, frame.points, frame.concerns, left.saturating_add(kept));
    agenda
}

/// The agenda as the pair's room has it, with the words of these cases: in its order, with the minutes that it gives; a case without
/// minutes is not reached. What the agenda names and no case here has words for is left out; of the cases that it does not name there
/// is what has come up since.
pub fn as_set(mut frame: Frame, entries: &[AgendaEntry], mut cases: Vec<Item>, come_up: Vec<Item>) -> Agenda {
    let (mut items, mut not_reached) = (Vec::new(), Vec::new());
    for entry in entries {
        let Some(place) = cases.iter().position(|item| item.case == entry.case) else { continue };
        let mut item = cases.swap_remove(place);
        if entry.minutes == 0 {
            not_reached.push(item);
        } else {
            item.minutes = entry.minutes;
            items.push(item);
        }
    }
    let given = entries.iter().map(|entry| entry.minutes).fold(0, u32::saturating_add);
    let (points, concerns) = (std::mem::take(&mut frame.points), std::mem::take(&mut frame.concerns));
    let mut agenda = agenda(frame, Vec::new());
    let left = agenda.minutes.saturating_sub(given);
    agenda.process_minutes = agenda.process_minutes.min(left);
    let left = left - agenda.process_minutes;
    talk::sized(&mut agenda, points, concerns, left);
    Agenda { items, not_reached, come_up, ..agenda }
}

/// The same as it travels to the pair's room: by opaque ids and codes, and no words.
impl From<&Agenda> for Vec<AgendaEntry> {
    fn from(agenda: &Agenda) -> Self {
        let entry = |item: &Item, minutes| AgendaEntry {
            case: item.case,
            why: item.matters.iter().map(|matter| matter.kind.code().to_owned()).collect(),
            minutes,
        };
        let reached = agenda.items.iter().map(|item| entry(item, item.minutes));
        let all = reached.chain(agenda.not_reached.iter().map(|item| entry(item, 0)));
        let mut entries: Self = all.take(MOST_CASES).collect();
        for entry in &mut entries {
            let mut known = std::collections::BTreeSet::new();
            entry.why.retain(|code| known.insert(code.clone()));
        }
        entries
    }
}

/// How the two work together, in sentences.
fn process(turn_rounds: &[TurnRound]) -> Vec<String> {
    let told = |turn: &TurnRound| {
        let (what, times) = match turn.kind {
            TurnKind::PlanReturn => ("a care plan is back", "care plan"),
            TurnKind::FollowUp => ("a stay in a hospital is followed up", "follow-up"),
            TurnKind::FirstAnswer => ("the other side answers for the first time", "case"),
        };
        let (median, ninetieth) = (length(turn.median), length(turn.ninetieth));
        let samples = many(i64::try_from(turn.samples).unwrap_or(i64::MAX), times);
        if turn.samples < 4 {
            return format!("So far {what} within {ninetieth} ({samples}).");
        }
        format!("Half of the time {what} within {median}, nine times of ten within {ninetieth} ({samples}).")
    };
    turn_rounds.iter().map(told).collect()
}

/// How a message that a meeting decided on begins.
pub fn decided(date: Date) -> String {
    format!("Decided at the meeting of {}:", date.strftime("%-d %B %Y"))
}
