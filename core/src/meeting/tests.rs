#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use proptest::prelude::*;

use super::*;
use crate::alert::{AlertRaised, FollowUpDone, Happening, Matched, StayClass, StayKey};
use crate::care_plan::{PlanReturned, PlanSent};
use crate::care_team::Whom;
use crate::case::event::EventData;
use crate::case::fold::Fold;
use crate::case::fold::tests::world::{acts, at, document, event, held, opening, organization, play, seat};
use crate::communication::{MessageSent, Priority};
use crate::id::CaseId;
use crate::panel::{Summary, TurnKind};
use crate::task::{Assignee, TaskAssigned, TaskDeclined, TaskDue};

/// The first day, at nine.
fn day(n: i64) -> Timestamp {
    at(0) + SignedDuration::from_hours(24 * n)
}

/// A case in which these happen, each on its day.
fn case(deeds: &[(i64, &str, EventData)]) -> Fold {
    let mut fold = Fold::new();
    fold.insert(held("jane", "opened", &event(0, Vec::new(), opening()), at(0)));
    for (n, (on, sender, data)) in deeds.iter().enumerate() {
        let mut one = event(n + 1, fold.state().heads(), data.clone());
        one.at = day(*on);
        fold.insert(held(sender, "words", &one, day(*on)));
        let entry = fold.state().timeline.last().unwrap();
        assert_eq!(entry.standing.code(), "counted", "{n}: {:?}", entry.standing);
    }
    fold
}

pub(crate) fn frame(now: Timestamp, minutes: u32) -> Frame {
    let pair = Pair { plan_side: organization("aco"), community_side: organization("cp") };
    let date = now.to_zoned(TimeZone::UTC).date();
    let mut order = AgendaOrder::new(Meeting::of(pair.clone(), date), minutes);
    order.since = Some("2026-01-01".parse().unwrap());
    Frame {
        order,
        of: NamedPair { pair, plan_name: "Harbor ACO".into(), community_name: "Bay Community Care".into() },
        zone: TimeZone::get("America/New_York").unwrap(),
        at: now,
        turn_rounds: Vec::new(),
        points: Vec::new(),
        concerns: Vec::new(),
        own: Some(organization("cp")),
    }
}

fn alert(what: Happening, on: i64) -> EventData {
    AlertRaised {
        stay: StayKey::Named { facility: "GEN".into(), visit: "1".into() },
        what,
        cancels: None,
        at: day(on),
        class: StayClass::Inpatient,
        facility_name: Some("General".into()),
        source: "feed".into(),
        message: None,
        matched: Matched::ByMemberId,
        priority: Priority::Routine,
    }
    .into()
}

fn plan() -> EventData {
    PlanSent { document: document("plan"), sign_by: None, member_approved: None, replaces: None, on: None }
        .into()
}

fn task(to: Assignee, due: i64) -> EventData {
    TaskAssigned {
        title: "Housing form".into(),
        detail: None,
        to,
        due: TaskDue::At(day(due)),
        priority: Priority::Routine,
    }
    .into()
}

fn owner(who: &str) -> Assignee {
    let contact = seat(who).contact;
    Assignee::Owner(Whom { contact: contact.id, organization: contact.organization })
}

fn told(deeds: &[(i64, &str, EventData)], now: i64) -> Vec<(MatterKind, String)> {
    let item = look(case(deeds).state(), &frame(day(now), 60));
    let matters = item.map_or(Vec::new(), |item| item.matters);
    matters
        .into_iter()
        .map(|matter| (matter.kind, format!("{} {}", matter.headline, matter.detail.join(" "))))
        .collect()
}

#[test]
fn each_matter_is_told_in_words_of_who_owes_what_since_when() {
    use MatterKind as Kind;
    let said: EventData = MessageSent::default().into();
    let stay = case(&[(1, "jane", alert(Happening::Admitted, 1))]).state().alerts.stays()[0].id;
    let done = FollowUpDone { stay, at: day(4), face_to_face: true, outcome: None };
    let plan_id = case(&[(1, "jane", plan())]).state().plans.all()[0].sent.id;
    let returned = PlanReturned { plan: plan_id, changes: "Add who\ndrives".into() };
    let task_id = case(&[(1, "jane", task(owner("joe"), 9))]).state().tasks.all()[0].key.clone();
    let declined = TaskDeclined { task: task_id, reason: "Away".into() };
    let admitted = || (1, "jane", alert(Happening::Admitted, 1));
    let left = || (3, "jane", alert(Happening::Discharged, 3));
    let joe = "joe (Harbor ACO)";
    for (deeds, now, wanted) in [
        (vec![(1, "joe", said)], 10, vec![]),
        (vec![], 31, vec![(Kind::Quiet, "Nothing has happened since 5 January, 31 days ago. ".to_owned())]),
        (
            vec![admitted()],
            3,
            vec![(
                Kind::Admitted,
                "In the hospital since 6 January (2 days): General. Nobody has proposed to visit them together.".into(),
            )],
        ),
        (
            vec![admitted(), left()],
            40,
            vec![
                (
                    Kind::FollowUpOverdue,
                    "Left the hospital on 8 January, 37 days ago: General. Nobody has followed up yet. joe (Harbor ACO) was to \
                     meet them face to face by 7 February (7 days over)."
                        .replace("joe (Harbor ACO)", "jane (Bay Community Care)"),
                ),
                (Kind::Quiet, "Nothing has happened since 8 January, 37 days ago. ".into()),
            ],
        ),
        (
            vec![admitted(), left(), (4, "jane", done.into())],
            5,
            vec![(
                Kind::SinceLast,
                "Left the hospital on 8 January, 2 days ago: General. jane (Bay Community Care) followed up on 9 January.".into(),
            )],
        ),
        (
            vec![(1, "jane", plan())],
            2,
            vec![(
                Kind::PlanUnsigned,
                format!(
                    "The care plan has waited for a signature since 6 January, yesterday. {joe} is to return it by 20 January. Nobody has said that it arrived."
                ),
            )],
        ),
        (
            vec![(1, "jane", plan())],
            20,
            vec![(
                Kind::PlanOverdue,
                format!(
                    "The care plan has waited for a signature since 6 January, 19 days ago. {joe} was to return it by 20 January (5 days over). Nobody has said that it arrived."
                ),
            )],
        ),
        (
            vec![(1, "jane", plan()), (2, "rao", returned.into())],
            3,
            vec![(
                Kind::PlanReturned,
                "The care plan came back with changes on 7 January, yesterday. rao (Harbor ACO) returned it, and no new version \
                 was sent. jane (Bay Community Care) is to send the new version by 6 February. To change: Add who drives"
                    .into(),
            )],
        ),
        (
            vec![(1, "jane", task(owner("joe"), 9)), (2, "joe", declined.into())],
            2,
            vec![(
                Kind::TaskDeclined,
                format!("{joe} declined a task on 7 January: “Housing form”. jane (Bay Community Care) is to give it to somebody else by 8 January."),
            )],
        ),
        (
            vec![(1, "jane", task(Assignee::Pool(organization("aco")), 9))],
            1,
            vec![(
                Kind::TaskUnclaimed,
                format!("Nobody at Harbor ACO has taken a task since 6 January, today: “Housing form”. {joe} is to take it by 7 January."),
            )],
        ),
        (
            vec![(1, "jane", task(owner("joe"), 3))],
            5,
            vec![(Kind::Overdue, format!("A task is overdue: “Housing form”. {joe} was to do it by 8 January (2 days over)."))],
        ),
        (
            vec![(1, "jane", task(owner("joe"), 9))],
            2,
            vec![(Kind::TaskOpen, format!("A task is open: “Housing form”. {joe} is to do it by 14 January."))],
        ),
    ] {
        assert_eq!(told(&deeds, now), wanted);
    }
}

#[test]
fn an_item_says_what_to_decide_and_whom_to_call() {
    let item = look(case(&[(1, "jane", plan())]).state(), &frame(day(20), 60)).unwrap();
    assert_eq!(item.decide, ["What keeps the signature, and who gives it by when?"]);
    // The ladder's last person has a number, whoever else has none.
    assert_eq!(item.call.len(), 1);
    assert_eq!((item.call[0].name.as_str(), item.call[0].phone.as_str()), ("lee", "555-0102"));
    assert_eq!(item.leads.iter().map(|lead| lead.name.as_str()).collect::<Vec<_>>(), ["joe", "lee", "jane"]);
    assert!(!format!("{item:?}").contains("Synthetic"), "{item:?}");
}

/// Another case with the same matters.
fn again(item: &Item, n: u128) -> Item {
    Item { case: CaseId::from_uuid(uuid::Uuid::from_u128(n)), ..item.clone() }
}

#[test]
fn what_matters_comes_first_and_nothing_is_left_out() {
    let now = day(20);
    let of = |deeds: &[(i64, &str, EventData)]| look(case(deeds).state(), &frame(now, 60)).unwrap();
    let admitted = again(&of(&[(18, "jane", alert(Happening::Admitted, 18))]), 1);
    let overdue = again(&of(&[(1, "jane", plan())]), 2);
    let unsigned = again(&of(&[(15, "jane", plan())]), 3);
    let older = again(&of(&[(14, "jane", plan())]), 4);
    let open = again(&of(&[(19, "jane", task(owner("joe"), 30))]), 5);
    let cases = vec![open.clone(), unsigned.clone(), overdue.clone(), older.clone(), admitted.clone()];
    let ids = |items: &[Item]| items.iter().map(|item| item.case.as_uuid().as_u128()).collect::<Vec<_>>();
    let all = agenda(frame(now, 60), cases.clone());
    assert_eq!((ids(&all.items), all.not_reached.len()), (vec![1, 2, 4, 3, 5], 0));
    // Twelve minutes: six, five, and no case for the one that is left.
    let short = agenda(frame(now, 12), cases);
    assert_eq!((ids(&short.items), ids(&short.not_reached)), (vec![1, 2], vec![4, 3, 5]));
    assert!(!format!("{all:?}").contains("Synthetic"), "{all:?}");
}

#[test]
fn what_is_measured_is_said_in_sentences() {
    let mut frame = frame(day(1), 60);
    let hours = SignedDuration::from_hours;
    let turn = |kind, samples, median, ninetieth| TurnRound {
        kind,
        samples,
        median: hours(median),
        ninetieth: hours(ninetieth),
    };
    frame.turn_rounds =
        vec![turn(TurnKind::PlanReturn, 12, 6 * 24, 13 * 24), turn(TurnKind::FirstAnswer, 1, 5, 5)];
    let agenda = agenda(frame, Vec::new());
    assert_eq!(
        agenda.process,
        [
            "Half of the time a care plan is back within 6 days, nine times of ten within 13 days (12 care plans).",
            "So far the other side answers for the first time within 5 hours (1 case)."
        ]
    );
    assert_eq!(agenda.process_minutes, 5);
}

#[test]
fn a_meeting_has_one_id_whoever_names_it() {
    let of = |date: &str| Meeting::of(frame(day(0), 30).of.pair, date.parse().unwrap());
    assert_eq!(of("2026-01-06").id, of("2026-01-06").id);
    assert_ne!(of("2026-01-06").id, of("2026-01-07").id);
}

pub(crate) fn written() -> Agenda {
    let fold = case(&[(1, "jane", plan()), (2, "jane", task(owner("joe"), 30))]);
    let mut item = look(fold.state(), &frame(day(20), 30)).unwrap();
    item.member = "Marty <b>*Nguyen*</b> & Co".into();
    let quiet = again(&look(case(&[]).state(), &frame(day(40), 30)).unwrap(), 9);
    let mut agenda = agenda(frame(day(20), 30), vec![item]);
    agenda.not_reached.push(quiet);
    agenda
}

#[test]
fn a_page_shows_names_as_they_are_and_needs_nothing_else() {
    let page = page(&written());
    assert!(page.contains("Marty &lt;b&gt;*Nguyen*&lt;/b&gt; &amp; Co, born 1 January 1980"), "{page}");
    assert!(!page.contains("<b>*Nguyen"));
    assert!(page.contains("@media print") && !page.contains("http") && !page.contains("<script"));
    let text = markdown(&written());
    assert!(
        text.contains("## 1. Marty \\<b\\>\\*Nguyen\\*\\</b\\> \\& Co, born 1 January 1980 (6 minutes)"),
        "{text}"
    );
    assert!(text.contains("**To call:** lee (Harbor ACO) 555-0102"), "{text}");
    assert!(text.contains("Not reached this time (1)"), "{text}");
}

#[test]
fn a_calendar_says_nothing_of_a_member() {
    let agenda = written();
    let text = calendar(&agenda);
    for leak in ["Marty", "Nguyen", "1980", "plan waits", "Housing", "hospital"] {
        assert!(!text.contains(leak), "{leak}: {text}");
    }
    assert!(text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") && text.ends_with("END:VCALENDAR\r\n"));
    assert!(text.contains(&format!("UID:{}@caseline\r\n", agenda.meeting.id)));
    assert!(text.contains("DTSTART:20260125T150000Z\r\nDTEND:20260125T153000Z\r\n"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 75));
    let unfolded = text.replace("\r\n ", "");
    assert!(unfolded.contains(&agenda.items[0].case.to_string()) && unfolded.contains("6 min"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever happened: who is told of something is named, nothing that is overdue is passed over, and every case is on one of
    /// the two lists.
    #[test]
    fn nothing_that_is_overdue_is_passed_over(acts in acts(true), later in 0i64..90, minutes in 0u32..90) {
        let mut fold = Fold::new();
        fold.extend(play(&acts));
        let now = at(1000) + SignedDuration::from_hours(24 * later);
        let item = look(fold.state(), &frame(now, minutes));
        let overdue = fold.state().owed().iter().filter(|owed| owed.due <= now).count();
        // Of a closed case an emergency can still wait to be looked at: its ladder is reminded of that, and no meeting talks of it.
        prop_assert!(overdue == 0 || item.is_some() || fold.state().life.closed.is_some());
        let Some(item) = item else { return Ok(()) };
        prop_assert!(!item.matters.is_empty() && item.minutes > 0);
        prop_assert!(item.matters.is_sorted_by_key(|matter| (matter.kind, matter.since)));
        let (_, summary) = Summary::of(fold.state(), &crate::case::fold::tests::world::user("joe")).unwrap();
        prop_assert!(summary.concerns(now, frame(now, minutes).since_instant()), "{:?}", item.matters);
        let many: Vec<Item> = (0..20).map(|n| again(&item, n)).collect();
        let made = agenda(frame(now, minutes), many);
        prop_assert_eq!(made.items.len() + made.not_reached.len(), 20);
        prop_assert!(made.items.iter().map(|item| item.minutes).sum::<u32>() + made.process_minutes <= minutes);
        let (_, _, _) = (markdown(&made), page(&made), calendar(&made));
    }
}

#[test]
fn what_is_labelled_is_on_no_agenda() {
    let labels = || crate::label::Labels::from([crate::label::Label::MentalHealth]);
    let plan_id = case(&[(1, "jane", plan())]).state().plans.all()[0].sent.id;
    let returned = PlanReturned { plan: plan_id, changes: "Add who drives".into() };
    let deeds = [
        (1, "jane", plan()),
        (2, "joe", returned.into()),
        (3, "jane", task(owner("joe"), 9)),
        (4, "jane", alert(Happening::Admitted, 4)),
    ];
    let mut fold = Fold::new();
    fold.insert(held("jane", "opened", &event(0, Vec::new(), opening()), at(0)));
    for (n, (on, sender, data)) in deeds.iter().enumerate() {
        let mut one = event(n + 1, fold.state().heads(), data.clone());
        one.at = day(*on);
        one.marks.labels = labels();
        fold.insert(held(sender, "words", &one, day(*on)));
    }
    let item = look(fold.state(), &frame(day(10), 60)).unwrap();
    let told = format!("{:?}", item.matters.iter().map(|m| (&m.headline, &m.detail)).collect::<Vec<_>>());
    assert_eq!(item.matters.len(), 3, "{told}");
    for secret in ["Housing", "drives", "General"] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
}
