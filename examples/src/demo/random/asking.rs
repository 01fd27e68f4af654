//! A request by chance: its fields from what the room has, or made up.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::chance::Chance;
use super::field::{EVENT, Field, Kind, Thing, Verb};
use crate::demo::actor::{Actor, SOON};
use crate::demo::seen::{list, text};
use crate::process::CallError;

const JANE: &str = "https://caseline.example/staff|jane";
/// Those whom the directories of the story know.
const STAFF: [&str; 6] = [
    JANE,
    "https://caseline.example/staff|joe",
    "https://caseline.example/staff|rao",
    "https://caseline.example/staff|lee",
    "https://caseline.example/staff|nora",
    "https://caseline.example/staff|nobody",
];
const BAY_RIVER: &str = "https://caseline.example/organization|bay-river";
const HARBOR_BRIDGE: &str = "https://caseline.example/organization|harbor-bridge";
const SYLLABLES: [&str; 8] = ["ba", "de", "fi", "go", "ku", "ly", "ma", "ne"];
const ORGANIZATIONS: [&str; 4] = [
    BAY_RIVER,
    HARBOR_BRIDGE,
    "https://caseline.example/organization|harbor-pantry",
    "https://caseline.example/organization|office",
];

/// Makes requests.
pub(super) struct Asking<'a> {
    pub(super) chance: &'a mut Chance,
    pub(super) actor: &'a mut Actor,
    /// The room that it is about.
    pub(super) room: Option<&'a str>,
    pub(super) now: Timestamp,
    /// Every text that was made up, to be looked for where it must not be.
    pub(super) texts: &'a mut Vec<String>,
    /// Whether it may be nonsense.
    pub(super) wild: bool,
    /// Whether there was nothing to name where something had to be.
    pub(super) nothing: bool,
}

impl Asking<'_> {
    /// The fields of a request, but for its room and its key. `None`: the room has nothing of what it is about.
    pub(super) fn fields(&mut self, verb: &Verb) -> Result<Option<Map<String, Value>>, CallError> {
        let mut fields = Map::new();
        for field in verb.fields {
            if !field.needed && self.chance.happens(50) {
                continue;
            }
            self.put(field, &mut fields)?;
        }
        if verb.name == "answer_visit" {
            // As the page says: each goes with one answer alone.
            let answer = text(&Value::Object(fields.clone()), "answer").to_owned();
            fields.remove("reason");
            fields.remove("to");
            match answer.as_str() {
                "decline" => drop(fields.insert("reason".into(), json!(self.text()))),
                "move" => drop(fields.insert("to".into(), json!(self.chance.instant(self.now).to_string()))),
                _ => {}
            }
        }
        Ok((!self.nothing || self.wild).then_some(fields))
    }

    fn put(&mut self, field: &Field, fields: &mut Map<String, Value>) -> Result<(), CallError> {
        let value = match field.kind {
            Kind::Text => json!(self.text()),
            Kind::Word(words) => json!(self.chance.word(words)),
            Kind::Words(words) => {
                let many = self.chance.below(4);
                json!((0..many).map(|_| self.chance.word(words)).collect::<std::collections::BTreeSet<_>>())
            }
            Kind::Instant => json!(self.chance.instant(self.now).to_string()),
            Kind::DayOrInstant if self.chance.happens(30) => {
                json!(self.chance.instant(self.now).to_string())
            }
            Kind::Day | Kind::DayOrInstant => json!(self.day()),
            Kind::Hour => json!(self.chance.word(&["10:00", "02:30", "23:59", "00:00"])),
            Kind::Yes => json!(self.chance.happens(60)),
            Kind::Minutes => {
                let wild = if self.wild { 2000 } else { 90 };
                json!(self.chance.below(wild) + u64::from(!self.wild))
            }
            Kind::Id(thing) => json!(self.of(thing)?.1),
            Kind::Ids(thing) => {
                let many = self.chance.below(3) + 1;
                let ids = (0..many).map(|_| self.of(thing).map(|of| of.1));
                json!(ids.collect::<Result<Vec<_>, _>>()?)
            }
            Kind::Key(thing) => {
                let (sender, id) = self.of(thing)?;
                json!({ "sender": sender, "id": id })
            }
            Kind::Contact => json!(self.contact()?.0),
            Kind::Organization => json!(self.chance.word(&ORGANIZATIONS)),
            Kind::Owner => {
                if self.chance.happens(30) {
                    let pool = self.chance.word(&[BAY_RIVER, BAY_RIVER, HARBOR_BRIDGE]);
                    fields.insert("pool".into(), json!(pool));
                    return Ok(());
                }
                json!(self.contact()?.0)
            }
            Kind::With => {
                let many = self.chance.below(3) + 1;
                let mut with = Vec::new();
                for _ in 0..many {
                    let (contact, organization) = self.contact()?;
                    with.push(json!({ "contact": contact, "organization": organization }));
                }
                json!(with)
            }
            Kind::Signer => match self.chance.below(4) {
                0 | 1 => json!("member"),
                2 => json!("representative"),
                _ => {
                    let (contact, organization) = self.contact()?;
                    fields.insert("organization".into(), json!(organization));
                    json!(contact)
                }
            },
            Kind::Marks => match self.chance.below(3) {
                0 => json!({ "labels": [self.chance.word(&["42CFRPart2", "MH", "HIV", "SUD"])] }),
                1 => json!({ "unlabelled": self.text() }),
                _ => json!({ "emergency": self.text() }),
            },
            Kind::Alert => self.alert(),
            Kind::Case => match list(&self.actor.call("cases", json!({}), SOON)?, "cases") {
                [] => json!(self.chance.id(self.now)),
                cases => {
                    let cases: Vec<&str> = cases.iter().map(|case| text(case, "case")).collect();
                    json!(self.chance.one(&cases))
                }
            },
            Kind::Known => {
                if self.chance.happens(30) {
                    let name = self.chance.word(&["marty exampleton", "Exampleton, Marty", "Somebody Else"]);
                    fields.insert("name".into(), json!(name));
                    fields.insert("birth_date".into(), json!("1961-03-17"));
                    return Ok(());
                }
                let of = ["100044071903", "100044071903", "100044071903", "1"];
                json!(format!("https://caseline.example/masshealth-id|{}", self.chance.word(&of)))
            }
            Kind::Scan => json!({ "content_type": "image/png", "data": "AAECAwQFBgc=" }),
        };
        fields.insert(field.name.into(), value);
        Ok(())
    }

    fn text(&mut self) -> String {
        // In letters alone: a number could be a member's.
        let letters: String = (0..12).map(|_| self.chance.word(&SYLLABLES)).collect();
        let text = format!("made up {letters} by chance");
        self.texts.push(text.clone());
        match self.chance.below(40) {
            0 if self.wild => String::new(),
            1 if self.wild => text.repeat(400),
            2 if self.wild => format!("{text}\u{0}\u{202e}"),
            3 => format!("{text}\nand another line — ünïcode 🙂"),
            _ => text,
        }
    }

    fn day(&mut self) -> String {
        let today = self.now.to_zoned(TimeZone::get("America/New_York").unwrap_or(TimeZone::UTC)).date();
        self.chance.day(today).to_string()
    }

    /// Something of the room, or an id that is of nothing.
    fn of(&mut self, thing: Thing) -> Result<(String, String), CallError> {
        // A stay's id is a hash.
        let hash = thing.id == "stay";
        let made_up = |chance: &mut Chance, now| {
            let id = if hash { format!("{:016x}", chance.below(u64::MAX)).repeat(4) } else { chance.id(now) };
            ("@nobody:example.org".to_owned(), id)
        };
        let Some(room) = self.room else { return Ok(made_up(self.chance, self.now)) };
        let thing = if !hash && self.chance.happens(3) { EVENT } else { thing };
        let answer = match self.actor.call(thing.verb, json!({ "case": room }), SOON) {
            Err(CallError::Refused(_)) => return Ok(made_up(self.chance, self.now)),
            other => other?,
        };
        let all = list(&answer, thing.list);
        self.nothing |= all.is_empty();
        // What was said last is what is talked about.
        let recent = all.get(all.len().saturating_sub(6)..).unwrap_or(all);
        let from = if self.chance.happens(70) { recent } else { all };
        let found = if self.chance.happens(4) { None } else { self.chance.one(from) };
        Ok(match found {
            Some(item) => (text(item, "sender").to_owned(), text(item, thing.id).to_owned()),
            None => made_up(self.chance, self.now),
        })
    }

    /// A contact and their organization: of the room's roster, or of the directory.
    fn contact(&mut self) -> Result<(String, String), CallError> {
        if let Some(room) = self.room.filter(|_| self.chance.happens(80)) {
            let state = match self.actor.call("state", json!({ "case": room }), SOON) {
                Err(CallError::Refused(_)) => Value::Null,
                other => other?,
            };
            if let Some(seat) = self.chance.one(list(&state, "roster")) {
                return Ok((text(seat, "id").to_owned(), text(seat, "organization").to_owned()));
            }
        }
        let contact = self.chance.word(&STAFF);
        let organization = if contact == JANE { HARBOR_BRIDGE } else { BAY_RIVER };
        Ok((contact.to_owned(), organization.to_owned()))
    }

    fn alert(&mut self) -> Value {
        let what =
            ["admitted", "admitted", "discharged", "discharged", "transferred", "ed-visit", "cancelled"];
        let mut alert = json!({
            "facility": self.chance.word(&["general", "general", "north"]),
            "visit": self.chance.word(&["V-1", "V-2", "V-3"]),
            "what": self.chance.word(&what),
            "at": self.chance.instant(self.now).to_string(),
            "class": self.chance.word(&["inpatient", "inpatient", "emergency"]),
            "source": self.text(),
        });
        if let Some(fields) = alert.as_object_mut() {
            if text(&Value::Object(fields.clone()), "what") == "cancelled" && self.chance.happens(60) {
                let cancels = self.chance.word(&["admitted", "discharged", "transferred", "ed-visit"]);
                fields.insert("cancels".into(), json!(cancels));
            }
            if self.chance.happens(30) {
                fields.insert("priority".into(), json!("urgent"));
            }
        }
        alert
    }
}
