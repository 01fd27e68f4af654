//! What the member's consents let be told: each category, to each organisation, for this purpose, on this day.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::agreement::Part2Terms;
use crate::audit::Purpose;
use crate::consent::{ConsentStanding, ConsentState, Consents, Redisclosure};
use crate::id::{EventId, OrganizationId};
use crate::label::{Emergency, Label, Labels, MOST_CONSENTS, STATEMENT, are_sensitive};
use crate::policy::Reason;

/// Something that is labelled, and whose it is. An event is of who says it; what is handed over is still of who said it first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Labelled {
    /// Its labels.
    pub labels: Labels,
    /// The organisation whose people said it: telling it to others of them discloses nothing.
    pub by: OrganizationId,
}

/// What is asked of the consents.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) labelled: &'a [Labelled],
    /// The organisations whose people would read it, and what they are called.
    pub(super) readers: &'a [(&'a OrganizationId, &'a str)],
    pub(super) purpose: Purpose,
    pub(super) day: Date,
    pub(super) consents: &'a Consents,
    pub(super) part2: Option<&'a Part2Terms>,
}

/// What the consents say.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    /// The consents that it rests on.
    pub(super) under: BTreeSet<EventId>,
    /// Why something of it may not be told, if anything.
    pub(super) denied: Vec<Reason>,
    /// Whether anything of it needs a consent at all.
    pub(super) asked: bool,
}

/// One thing that must be covered: this category, of theirs, for those.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Need<'a> {
    by: &'a OrganizationId,
    to: &'a OrganizationId,
    label: Label,
    /// Whether what bears the label is of a Part 2 program's records.
    part2: bool,
}

/// Judges by the consents.
pub(super) fn judge(question: &Question<'_>) -> Answer {
    let mut needs: BTreeSet<Need<'_>> = BTreeSet::new();
    for part in question.labelled {
        // The consent for a note is the one for what the note is about by being one.
        let implied = |label: Label| part.labels.iter().any(|other| other.implies(label));
        for label in part.labels.iter().copied().filter(|label| label.is_sensitive() && !implied(*label)) {
            let others = question.readers.iter().filter(|(reader, _)| **reader != part.by);
            let of_program = label == Label::CounsellingNotes || Label::Part2.covers(label);
            let part2 = part.labels.contains(&Label::Part2) && of_program;
            needs.extend(others.map(|(to, _)| Need { by: &part.by, to, label, part2 }));
        }
    }
    let mut answer = Answer { asked: !needs.is_empty(), ..Answer::default() };
    // The fewest, as far as that is found by taking what covers most.
    let all = question.consents.all();
    while !needs.is_empty() {
        let covers = |consent: &ConsentState, need: &Need<'_>| lacks(consent, need, question).is_none();
        let most = all
            .iter()
            .map(|consent| (needs.iter().filter(|need| covers(consent, need)).count(), consent))
            .filter(|(count, _)| *count > 0)
            .max_by(|(a, x), (b, y)| (a, &y.key).cmp(&(b, &x.key)));
        let Some((_, consent)) = most else { break };
        needs.retain(|need| !covers(consent, need));
        answer.under.insert(consent.key.id);
    }
    for need in &needs {
        let reason = refusal(need, question);
        if !answer.denied.contains(&reason) {
            answer.denied.push(reason);
        }
    }
    if answer.denied.is_empty() && answer.under.len() > MOST_CONSENTS {
        let text =
            "it would rest on more consents than can be explained beside it: record one that covers it";
        answer.denied.push(Reason::new("consents-too-many", text, "consent"));
    }
    answer
}

/// What a consent lacks for something, in the order in which one asks: the later it is, the nearer it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lack {
    Category,
    Organization,
    Redisclosure,
    Purpose,
    Explanation,
    Attested,
    NotBegun,
    Expired,
    Revoked,
    Ambiguous,
}

fn lacks(consent: &ConsentState, need: &Need<'_>, question: &Question<'_>) -> Option<Lack> {
    let scope = &consent.recorded.scope;
    let hipaa = |organization: &OrganizationId| {
        question.part2.is_some_and(|part2| part2.covered.contains(organization))
    };
    let may_be_told = |organization: &OrganizationId| {
        scope.recipients.contains(organization) || (scope.covered && hipaa(organization))
    };
    if !consent.covers(need.label) {
        return Some(Lack::Category);
    }
    let tells = scope.disclosers.is_empty() || scope.disclosers.contains(need.by);
    if tells && !may_be_told(need.to) {
        return Some(Lack::Organization);
    }
    if !tells {
        // Who was told it answers who told it; and passes it on to others as the consent lets them.
        let answers = may_be_told(need.by) && scope.disclosers.contains(need.to);
        // That whom HIPAA covers may pass things on is said of records, not of notes that are kept apart from them.
        let passes_on = scope.redisclosure == Redisclosure::Tpo
            && !need.label.needs_its_own_consent()
            && may_be_told(need.by)
            && hipaa(need.by)
            && (may_be_told(need.to) || hipaa(need.to));
        if !answers && !passes_on {
            return Some(Lack::Redisclosure);
        }
    }
    if !scope.purposes.iter().any(|purpose| purpose.includes(question.purpose)) {
        return Some(Lack::Purpose);
    }
    if !consent.explains() {
        return Some(Lack::Explanation);
    }
    if !attested(consent, need, question.part2) {
        return Some(Lack::Attested);
    }
    match consent.standing(question.day) {
        // What is told names its consents by their ids alone.
        ConsentStanding::Active if question.consents.get(consent.key.id).is_none() => Some(Lack::Ambiguous),
        ConsentStanding::Active => None,
        ConsentStanding::NotBegun => Some(Lack::NotBegun),
        ConsentStanding::Expired => Some(Lack::Expired),
        ConsentStanding::Revoked => Some(Lack::Revoked),
    }
}

/// Whether more than the word of who would be told stands for a consent: somebody of the side that tells recorded it, or its paper is
/// named by a hash. Who was told a Part 2 program's records and answers who told them, or passes them on as the consent lets them, goes
/// by that program's word: they are no program, so that it is nothing of their own. Of every other category they may have said it
/// themselves, and whoever recorded the consent names itself as who tells.
fn attested(consent: &ConsentState, need: &Need<'_>, part2: Option<&Part2Terms>) -> bool {
    let (scope, by) = (&consent.recorded.scope, &consent.by.organization);
    let is_program = |organization: &OrganizationId| {
        part2.is_some_and(|part2| part2.programs.iter().any(|one| one.organization == *organization))
    };
    let was_told = || {
        need.part2
            && !scope.disclosers.is_empty()
            && !scope.disclosers.contains(need.by)
            && scope.disclosers.contains(by)
            && is_program(by)
            && !is_program(need.by)
    };
    consent.recorded.document.is_some() || by == need.by || was_told()
}

/// Why something may not be told, by the consent that came nearest to letting it. Says nothing of which category it is.
fn refusal(need: &Need<'_>, question: &Question<'_>) -> Reason {
    let name =
        question.readers.iter().find(|(reader, _)| *reader == need.to).map_or("them", |(_, name)| name);
    let all = question.consents.all().iter();
    let nearest = all
        .filter_map(|consent| Some((lacks(consent, need, question)?, consent)))
        .max_by_key(|(lack, _)| *lack);
    let Some((lack, consent)) = nearest else {
        let text = format!("no consent of the member's is recorded that lets this be told to {name}");
        return Reason::new("consent-missing", text, "consent");
    };
    let (code, text) = match lack {
        Lack::Category if need.label.needs_its_own_consent() => (
            "consent-not-for-notes",
            "counselling and psychotherapy notes need a consent of their own, which is for nothing else: have one recorded",
        ),
        Lack::Category => {
            ("consent-not-for-category", "the member's consent does not speak of this category")
        }
        Lack::Organization => {
            ("consent-not-for-organization", "the member's consent does not let it be told to them")
        }
        Lack::Redisclosure => {
            ("consent-not-for-redisclosure", "the member's consent does not let you pass it on to them")
        }
        Lack::Purpose => ("consent-not-for-purpose", "the member's consent is for another purpose"),
        Lack::Explanation => (
            "consent-without-explanation",
            "the consent does not say in words what it allows: record it anew",
        ),
        Lack::Attested => (
            "consent-recipients-word",
            "nobody of the side that tells it has recorded the consent: let one of them record it, or have it recorded with its paper's hash",
        ),
        Lack::NotBegun => ("consent-not-begun", "the member's consent does not hold yet"),
        Lack::Expired => ("consent-expired", "the member's consent has ended: have it renewed"),
        Lack::Revoked => ("consent-revoked", "the member took the consent back"),
        Lack::Ambiguous => {
            ("consent-ambiguous", "two people recorded a consent under the same id: record it anew")
        }
    };
    Reason::new(code, format!("{text} ({name})"), format!("consent {}", consent.key.id))
}

/// What a person reads after what is told: of Part 2 records the statement of 42 CFR 2.32, and of whatever needs a consent what the
/// consents allow, or in which emergency it was told without. Nothing for what is not of that kind.
pub fn notice(
    labels: &Labels,
    under: &BTreeSet<EventId>,
    consents: &Consents,
    emergency: Option<&Emergency>,
) -> Option<String> {
    if !are_sensitive(labels) {
        return None;
    }
    let mut lines = Vec::new();
    if labels.contains(&Label::Part2) || labels.contains(&Label::CounsellingNotes) {
        lines.push(STATEMENT.to_owned());
    }
    for consent in under.iter().filter_map(|id| consents.get(*id)) {
        let recorded = &consent.recorded;
        let until = consent.ends.map_or(String::new(), |ends| format!(", until {ends}"));
        lines.push(format!(
            "Told under the member's consent of {}{until}: {}",
            recorded.signed_on, recorded.scope.explanation
        ));
    }
    if let Some(emergency) = emergency {
        let reason = &emergency.reason;
        lines.push(format!(
            "Told in a medical emergency, without waiting for consent (42 CFR 2.51): {reason}"
        ));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The longest notice, with every character of it escaped in JSON.
#[cfg(any(feature = "store", test))]
pub(crate) const NOTICE_LIMIT: usize = {
    let words = 128;
    let consents = MOST_CONSENTS * (crate::consent::EXPLANATION_LIMIT + words);
    2 * (consents + crate::label::REASON_LIMIT + STATEMENT.len() + words)
};
