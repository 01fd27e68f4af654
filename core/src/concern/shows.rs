//! What any client shows of an event in a room without member data: its own text may say other things than its fields.

use jiff::tz::TimeZone;

use super::{check, texts};
use crate::agreement::Agreement;
use crate::agreement::proposal::{AgreementEvent, Proposals};
use crate::case::event::{Block, Content, Held, HeldBody};
use crate::meeting::MeetingEvent;

/// Whether what any client shows of an event of a room without member data holds some: its own text may say other things than its fields.
/// Of an agreement its title and version are not looked at: they go with it whole.
pub(crate) fn says_member_data(held: &Held, proposals: &Proposals) -> bool {
    let HeldBody::Whole(Content { body, block: Block::Event(event), .. }) = &held.body else { return false };
    let day = event.at.to_zoned(TimeZone::UTC).date();
    let here = texts(&event.data).is_some()
        || MeetingEvent::of(&event.data).is_some()
        || AgreementEvent::of(&event.data).is_some();
    if !here || check::formats(body, day).is_empty() {
        return false;
    }
    if AgreementEvent::of(&event.data).is_none() {
        return true;
    }
    let mut rest = body.clone();
    for carried in proposals.all().iter().map(|one| &one.agreement) {
        let title = Agreement::kept(&carried.text).ok().map(|one| one.title);
        for known in title.iter().chain([&carried.version]).filter(|known| !known.is_empty()) {
            rest = rest.replace(known.as_str(), "");
        }
    }
    !check::formats(&rest, day).is_empty()
}
