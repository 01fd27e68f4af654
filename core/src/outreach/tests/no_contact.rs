//! A member who must not be contacted. All data is synthetic.

use super::*;

fn prohibited(on: &str) -> ContactProhibited {
    ContactProhibited { on: date(on), representative: false, reason: "secret words".into() }
}

fn permitted(who: &str, id: EventId) -> ContactPermitted {
    let prohibition = EventKey { sender: user(who), id };
    ContactPermitted { prohibition, reason: "secret words".into() }
}

fn not_made(channel: Channel, why: NotMade, when: &str) -> ContactRecorded {
    ContactRecorded { not_made: Some(why), ..contact(channel, false, when) }
}

#[test]
fn who_says_that_the_member_must_not_be_contacted() {
    for (who, on, expected) in [
        ("jane", "2019-03-01", None),
        ("joe", "2019-02-01", None),
        ("bot", "2019-03-01", Some("outreach-by-keeper")),
        ("doc", "2019-03-01", Some("outreach-not-a-side")),
        // Somewhere it is tomorrow already.
        ("jane", "2019-03-02", None),
        ("jane", "2019-03-03", Some("no-contact-date")),
        ("jane", "1899-12-31", Some("no-contact-date")),
    ] {
        let mut world = World::new(TERMS);
        let took = world.take(who, OutreachEvent::Prohibited(&prohibited(on)));
        assert_eq!(took.err().as_deref(), expected, "{who} {on}");
    }
    let mut world = World::new("");
    let first = world.take("jane", OutreachEvent::Prohibited(&prohibited("2019-03-01"))).unwrap();
    let again = world.take("joe", OutreachEvent::Prohibited(&prohibited("2019-03-01")));
    assert_eq!(again.unwrap_err(), "no-contact-known");
    for (who, event, expected) in [
        ("joe", permitted("joe", first), Some("no-contact-unknown")),
        ("doc", permitted("jane", first), Some("outreach-not-a-side")),
        ("joe", permitted("jane", first), None),
        ("jane", permitted("jane", first), Some("no-contact-lifted")),
    ] {
        let took = world.take(who, OutreachEvent::Permitted(&event));
        assert_eq!(took.err().as_deref(), expected, "{who}");
    }
    assert!(world.outreach.no_contact().is_none());
    let shown = format!("{:?}", world.outreach);
    assert!(!shown.contains("secret words"), "{shown}");
    assert!(prohibited("2019-03-01").withheld().reason.is_empty());
}

#[test]
fn an_organization_says_it_only_so_often() {
    let mut world = World::new("");
    for _ in 0..100 {
        let id = world.take("jane", OutreachEvent::Prohibited(&prohibited("2019-03-01"))).unwrap();
        world.take("jane", OutreachEvent::Permitted(&permitted("jane", id))).unwrap();
    }
    let more = world.take("jane", OutreachEvent::Prohibited(&prohibited("2019-03-01")));
    assert_eq!(more.unwrap_err(), "no-contact-too-often");
    world.take("joe", OutreachEvent::Prohibited(&prohibited("2019-03-01"))).unwrap();
}

#[test]
fn nobody_may_reach_out_as_long_as_it_stands() {
    for terms in ["", TERMS] {
        let mut world = World::new(terms);
        let before = world.may(Channel::Letter, "2019-03-01T14:00:00Z");
        let id = world.take("joe", OutreachEvent::Prohibited(&prohibited("2019-03-01"))).unwrap();
        let denied = (Reach::Denied, "outreach-no-contact".to_owned());
        for channel in Channel::ALL {
            assert_eq!(world.may(channel, "2019-03-01T15:00:00Z"), denied);
        }
        // What was before is not judged by it; what happens all the same is marked, whoever did it.
        assert_eq!(world.may(Channel::Letter, "2019-03-01T14:00:00Z"), before);
        for who in ["jane", "joe"] {
            let call = contact(Channel::Letter, true, "2019-03-01T15:01:00Z");
            world.take(who, OutreachEvent::Contact(&call)).unwrap();
            let last = world.outreach.contacts().last().unwrap();
            assert_eq!(last.against_terms.as_ref().unwrap().code, "outreach-no-contact", "{who}");
        }
        world.now = at("2019-03-02T15:00:00Z");
        world.take("jane", OutreachEvent::Permitted(&permitted("joe", id))).unwrap();
        assert_eq!(world.may(Channel::Letter, "2019-03-02T15:00:00Z").0, Reach::Allowed);
        assert_eq!(world.may(Channel::Letter, "2019-03-02T14:00:00Z"), denied, "as it was then");
    }
}

#[test]
fn what_was_not_made_is_no_attempt_and_could_not_be_made() {
    let mut world = World::new(TERMS);
    world.take("joe", OutreachEvent::Prohibited(&prohibited("2019-03-01"))).unwrap();
    world.now = at("2019-03-01T16:00:00Z");
    let (then, before) = ("2019-03-01T15:30:00Z", "2019-03-01T14:30:00Z");
    for (event, expected) in [
        (not_made(Channel::Letter, NotMade::Member, then), None),
        (not_made(Channel::Letter, NotMade::Member, before), Some("contact-not-prohibited")),
        (not_made(Channel::Phone, NotMade::Agreement, before), None),
        (not_made(Channel::Phone, NotMade::Agreement, then), None),
        (not_made(Channel::Letter, NotMade::Agreement, then), Some("contact-not-prohibited")),
        (not_made(Channel::Message, NotMade::Consent, then), None),
        (
            ContactRecorded { reached: true, ..not_made(Channel::Letter, NotMade::Member, then) },
            Some("contact-not-made"),
        ),
        (
            ContactRecorded { face_to_face: true, ..not_made(Channel::Visit, NotMade::Member, then) },
            Some("contact-not-made"),
        ),
    ] {
        let took = world.take("jane", OutreachEvent::Contact(&event));
        assert_eq!(took.err().as_deref(), expected, "{event:?} {:?}", event.not_made);
    }
    assert_eq!(world.outreach.contacts().len(), 4);
    assert_eq!(world.outreach.attempts(), 0);
    assert!(world.outreach.contacts().iter().all(|one| one.against_terms.is_none()));
    let early = closing(&world.outreach, CloseReason::Unreachable, &world.agreement);
    assert_eq!(early.unwrap_err().code, "unreachable-too-early");
}

#[test]
fn it_is_told_in_words() {
    let named = seat("jane");
    let id = EventId::new();
    let of = |event: OutreachEvent<'_>| tell(event, &named, &CaseState::default());
    let event = ContactProhibited { representative: true, ..prohibited("2019-03-01") };
    assert_eq!(
        of(OutreachEvent::Prohibited(&event)),
        "jane (CP care coordinator): the member must not be contacted, as whoever speaks for the member said on 2019-03-01: secret words."
    );
    assert_eq!(
        of(OutreachEvent::Permitted(&permitted("jane", id))),
        "jane (CP care coordinator): the member may be contacted again: secret words."
    );
    let event = not_made(Channel::Visit, NotMade::Member, "2019-03-01T15:30:00Z");
    let told = of(OutreachEvent::Contact(&event));
    let begins = "jane (CP care coordinator) did not reach out to the member by a visit, because the member must not be contacted: ";
    assert!(told.starts_with(begins), "{told}");
}
