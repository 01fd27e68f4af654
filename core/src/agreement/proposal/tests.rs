//! Agreements in the pair's room, through the fold. Everything is synthetic.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::case::fold::tests::world;
use crate::id::{EventId, OrganizationId};
use crate::meeting::room_tests::{Room, opening};

pub(crate) fn version(n: u32) -> AgreementProposed {
    let text = opening().agreement.text.replace("version: \"1\"", &format!("version: \"{n}\""));
    AgreementProposed { agreement: Carried::agreement(&text).unwrap(), from: "2026-02-01".parse().unwrap() }
}

pub(crate) fn accepted(proposal: &EventKey, n: u32) -> AgreementAccepted {
    AgreementAccepted { proposal: proposal.clone(), sha256: version(n).agreement.sha256 }
}

pub(crate) fn declined(proposal: &EventKey, reason: &str) -> AgreementDeclined {
    AgreementDeclined { proposal: proposal.clone(), reason: reason.into(), member_data: false }
}

fn text(room: &Room) -> &str {
    &room.fold.state().timeline.last().unwrap().text
}

fn status(room: &Room, n: usize) -> &'static str {
    room.fold.state().agreements.all()[n].status.code()
}

fn last(room: &Room) -> EventKey {
    room.events.last().unwrap().key()
}

#[test]
fn an_agreement_is_proposed_answered_and_replaced() {
    let mut room = Room::open();
    assert_eq!(room.act("jane", version(2)), "");
    let second = last(&room);
    // As its own text says, whatever day is named beside it.
    assert_eq!(
        text(&room),
        "jane (CP care coordinator) proposes the agreement “Synthetic”, version 2, in force from 1 January."
    );
    let owed = room.fold.state().owed();
    let zone = &room.fold.state().opening().unwrap().agreement.zone;
    assert_eq!(owed.len(), 1);
    assert_eq!(
        (owed[0].clock.as_str(), owed[0].owner.value(), crate::due::due_date(&owed[0], zone).to_string()),
        ("agreement-answer", "joe", "2026-01-19".into())
    );
    assert_eq!(owed[0].ladder.last().unwrap().phone.as_deref(), Some("555-0102"));
    assert_eq!(owed[0].what, "accept or decline an agreement that Bay Community Care proposes");

    for (who, data, code) in [
        ("jane", EventData::from(accepted(&second, 2)), "agreement-not-other-side"),
        ("rao", accepted(&second, 2).into(), "agreement-not-other-side"),
        ("joe", accepted(&second, 3).into(), "agreement-other-words"),
        ("joe", AgreementWithdrawn { proposal: second.clone() }.into(), "agreement-not-own-side"),
        ("joe", declined(&second, "He was born on 4/5/1961").into(), "agreement-member-data"),
        ("kim", accepted(&second, 2).into(), "no-seat"),
        ("cp-bot", version(3).into(), "agreement-by-keeper"),
        ("joe", accepted(&EventKey { id: EventId::new(), ..second.clone() }, 2).into(), "agreement-unknown"),
    ] {
        assert_eq!(room.act(who, data), code);
        assert!(!text(&room).contains("1961"));
    }
    assert_eq!(room.act("joe", accepted(&second, 2)), "");
    assert_eq!(
        text(&room),
        "joe (ACO care manager) accepts the agreement “Synthetic”, version 2: new cases open with it."
    );
    assert!(room.fold.state().owed().is_empty());
    assert_eq!(room.act("joe", declined(&second, "Late")), "agreement-settled");

    assert_eq!(room.act("joe", version(3)), "");
    let third = last(&room);
    assert_eq!(room.act("jane", declined(&third, "Fourteen days are too few")), "");
    assert_eq!((status(&room, 0), status(&room, 1)), ("accepted", "declined"));
    assert_eq!(room.act("joe", version(4)), "");
    let taken = last(&room);
    assert_eq!(room.act("joe", AgreementWithdrawn { proposal: taken }), "");
    assert_eq!(room.act("joe", version(4)), "");
    let fourth = last(&room);
    assert_eq!(room.act("jane", accepted(&fourth, 4)), "");
    let state = room.fold.state();
    assert_eq!(
        (status(&room, 2), state.agreements.all()[0].replaced_by.as_ref()),
        ("withdrawn", Some(&fourth))
    );
    assert!(!format!("{:?}", state.agreements).contains("Fourteen"));
}

#[test]
fn what_is_too_long_too_much_or_other_words_is_no_proposal() {
    let mut room = Room::open();
    let mut other = version(2);
    other.agreement.text.push('\n');
    assert_eq!(room.act("jane", other), "agreement-other-words");
    let mut long = version(2);
    long.agreement.text = "#".repeat(MOST_TEXT + 1);
    assert_eq!(room.act("jane", long), "agreement-too-long");
    // What this release cannot read counts, and is told by its id; nobody here accepts it.
    let mut newer = version(2);
    newer.agreement.text = "id: harbor-bay\nnews: yes\n".into();
    newer.agreement.sha256 = Sha256::of(&newer.agreement.text);
    assert_eq!(room.act("jane", newer), "");
    assert!(text(&room).contains("the agreement harbor-bay, version 2"));
    assert_eq!(room.fold.state().agreements.all()[0].read(), None);
    for n in 0..MOST_OPEN {
        assert_eq!(room.act("joe", version(10 + u32::try_from(n).unwrap())), "");
    }
    assert_eq!(room.act("joe", version(99)), "agreement-too-many");
    assert_eq!(room.act("jane", version(99)), "", "each side for itself");
    // Of no other room.
    let mut office = crate::concern::tests::Room::open();
    assert_eq!(office.act("jane", version(2)), "room-kind");
    assert!(world::opening().agreement.read().is_ok());
}

#[test]
fn what_one_side_takes_back_leaves_the_other_its_word() {
    let mut room = Room::open();
    assert_eq!(room.act("joe", version(2)), "");
    let proposal = last(&room);
    assert_eq!(room.act("joe", AgreementWithdrawn { proposal }), "");
    let mut all = room.fold.state().agreements.clone();
    let (one, side) = (all.proposals[0].clone(), all.proposals[0].by.organization.clone());
    let room_for = |all: &Proposals, side: &OrganizationId| life::room_for_another(all, side).is_ok();
    all.proposals = vec![one.clone(); MOST_PROPOSED];
    assert!(room_for(&all, &side), "what was taken back counts as nothing");
    all.proposals = vec![one.clone(); MOST_EVER];
    assert!(
        !room_for(&all, &side)
            && room_for(&all, &crate::case::fold::tests::world::seat("jane").contact.organization)
    );
    let declined = Arc::new(Proposal { status: ProposalStatus::Declined, ..Proposal::clone(&one) });
    all.proposals = vec![declined; MOST_PROPOSED];
    assert!(!room_for(&all, &side));
}

#[test]
fn of_what_is_refused_only_what_could_have_counted_is_kept() {
    let mut room = Room::open();
    let mut other = version(2);
    other.agreement.text.push('\n');
    for (who, proposed) in [("jane", other), ("kim", version(3)), ("cp-bot", version(4))] {
        assert_ne!(room.act(who, proposed), "");
    }
    assert!(room.fold.state().superseded_agreements.is_empty());
    let end = crate::case::life::SeatEnded {
        contact: crate::case::fold::tests::world::seat("lee").contact.id,
        organization: crate::case::fold::tests::world::seat("lee").contact.organization,
    };
    assert_eq!(room.act("joe", end), "");
    assert_eq!(room.act("lee", version(5)), "no-seat");
    assert_eq!(room.fold.state().superseded_agreements.len(), 1);
}
