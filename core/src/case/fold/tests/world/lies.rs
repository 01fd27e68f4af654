//! What somebody sends who lies.

use super::*;

pub(crate) fn lie(n: usize, who: &str, lie: u8, other: &Held, state: &CaseState) -> Held {
    let message = || event(n, state.heads(), MessageSent::default());
    match lie % 10 {
        0 => held(who, "clock 0", &Event { clock: 0, after: Vec::new(), ..message() }, at(n)),
        1 => held(who, "too high", &Event { clock: message().clock + 5, ..message() }, at(n)),
        2 => held(who, "beyond 2^53 - 1", &Event { clock: 1 << 53, ..message() }, at(n)),
        3 => raw(who, id(n), &json!({"body": "broken", BLOCK: {"v": 1, "id": id(n)}}), at(n)),
        // Another content under a key that was used.
        4 | 5 => {
            let again = Event { id: other.id, ..message() };
            let mut held = held(who, "another content", &again, at(n));
            held.sender = other.sender.clone();
            held
        }
        // A predecessor that never was, with a clock as high as can be.
        6 => {
            let key = EventKey { sender: user(who), id: id(n + 100_000) };
            let after = vec![Head { key, clock: (1 << 53) - 2 }];
            held(who, "a gap", &event(n, after, MessageSent::default()), at(n))
        }
        // Names an event with another clock than it has, so that each could come before the other.
        7 => {
            let after = vec![Head { key: other.key(), clock: 0 }];
            held(who, "before its predecessor", &event(n, after, MessageSent::default()), at(n))
        }
        8 => {
            let mut held = held(who, "not proven", &message(), at(n));
            held.receipt = Receipt::FirstHand { proven: false };
            held
        }
        _ => raw(who, id(n), &json!({"msgtype": "m.text", "body": format!("other client {n}")}), at(n)),
    }
}
