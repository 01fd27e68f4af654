//! Clients driven against each other at random: whatever they are asked, in whatever order, with clocks moved, networks cut and
//! processes killed, they come to one state, in which nobody is left waiting.

mod asking;
mod chance;
mod field;
mod judge;
mod verbs;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::actor::SOON;
use super::seen::{list, text};
use super::stage::Stage;
use super::transcript::Transcript;
use super::trouble::Trouble;
use crate::interrupt;
use crate::process::CallError;
use asking::Asking;
use chance::Chance;
use field::{Verb, Where};
use verbs::VERBS;

/// How many of the last steps are told where something is wrong.
const LAST: usize = 40;
/// How often somebody else or something else is tried, where there is nothing to ask for.
const TRIES: u32 = 12;
/// How long an invitation may take to be accepted: with no network it takes for ever.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a driver took.
#[derive(Debug, Clone)]
pub(super) struct Accepted {
    who: String,
    verb: &'static str,
    room: String,
    sender: String,
    id: String,
}

/// A request that can be repeated, and its answer.
#[derive(Debug, Clone)]
struct Asked {
    who: String,
    verb: &'static str,
    fields: Map<String, Value>,
    answer: Option<Value>,
}

/// Plays `steps` random steps on the people of a story, and proves what must hold after them. Returns the texts that were made up.
pub(super) fn drive(
    stage: &mut Stage<'_>,
    seed: u64,
    steps: u32,
    time: Option<Duration>,
) -> Result<Vec<String>, Trouble> {
    Transcript::says(&format!("At random, from the seed {seed}:"));
    let mut play = Play {
        stage,
        chance: Chance::of(seed),
        told: Instant::now(),
        last: VecDeque::new(),
        accepted: Vec::new(),
        keyed: Vec::new(),
        texts: Vec::new(),
        counts: BTreeMap::new(),
    };
    let outcome = play.all(steps, time);
    outcome.map_err(|trouble| match trouble {
        Trouble::Interrupted => Trouble::Interrupted,
        other => {
            let last: Vec<&str> = play.last.iter().map(String::as_str).collect();
            Trouble::Proof(format!(
                "{other}\nThe seed is {seed}; the last steps were:\n  {}",
                last.join("\n  ")
            ))
        }
    })?;
    Ok(play.texts)
}

struct Play<'p, 's> {
    stage: &'p mut Stage<'s>,
    chance: Chance,
    /// When everybody was told the time.
    told: Instant,
    last: VecDeque<String>,
    accepted: Vec<Accepted>,
    keyed: Vec<Asked>,
    texts: Vec<String>,
    /// How often each verb was asked, and taken.
    counts: BTreeMap<&'static str, (u32, u32)>,
}

impl Play<'_, '_> {
    fn all(&mut self, steps: u32, time: Option<Duration>) -> Result<(), Trouble> {
        self.open()?;
        let begun = Instant::now();
        for _ in 0..steps {
            if time.is_some_and(|time| begun.elapsed() > time) {
                break;
            }
            if interrupt::is_asked() {
                return Err(Trouble::Interrupted);
            }
            self.step()?;
        }
        self.note("everybody is back".into());
        let keys: Vec<String> = self.stage.actors.keys().cloned().collect();
        for key in &keys {
            self.back(key)?;
        }
        self.time()?;
        let digests = judge::converge(self.stage)?;
        let owed = judge::owed(self.stage)?;
        judge::accepted(self.stage, &self.accepted)?;
        judge::restarted(self.stage, &digests)?;
        let (asked, taken) =
            self.counts.values().fold((0, 0), |(asked, taken), of| (asked + of.0, taken + of.1));
        Transcript::says(&format!(
            "{asked} requests, {taken} taken; {} events, each once in {} rooms of one state each; {owed} things owed.",
            self.accepted.len(),
            digests.len(),
        ));
        let never: Vec<&str> = VERBS
            .iter()
            .filter(|verb| self.counts.get(verb.name).is_none_or(|of| of.1 == 0))
            .map(|verb| verb.name)
            .collect();
        Transcript::says(&format!("Never taken: {}.", never.join(", ")));
        Ok(())
    }

    /// The rooms in which it happens.
    fn open(&mut self) -> Result<(), Trouble> {
        let organization = |name: &str| format!("https://caseline.example/organization|{name}");
        let staff = |name: &str| format!("https://caseline.example/staff|{name}");
        let case =
            self.sure("jane", "open", json!({ "care_team": "https://caseline.example/care-team|marty" }))?;
        let leads = |other: &str| json!([{ "contact": staff("jane"), "lead": true }, { "contact": staff(other), "lead": true }]);
        let contacts = leads("joe");
        self.sure("jane", "open_pair", json!({ "with": organization("bay-river"), "contacts": contacts }))?;
        if self.stage.actors.contains_key("ann") {
            let contacts = leads("ann");
            self.sure(
                "jane",
                "open_programme",
                json!({ "with": organization("office"), "contacts": contacts }),
            )?;
        }
        self.settle()?;
        self.everybody_accepts()?;
        self.some_things(text(&case, "case"))?;
        self.settle()?;
        self.everybody_accepts()
    }

    fn everybody_accepts(&mut self) -> Result<(), Trouble> {
        let people: Vec<String> = self.stage.story.people.keys().cloned().collect();
        for who in people {
            while self.accept(&who)? {}
        }
        self.settle()
    }

    /// What much of the rest is about, and seldom comes about by chance: a consent that lets a pantry be told, and a referral to it.
    fn some_things(&mut self, case: &str) -> Result<(), Trouble> {
        let pantry = "https://caseline.example/organization|harbor-pantry";
        if !self.stage.actors.contains_key("pat") {
            return Ok(());
        }
        let day = self.stage.now.to_zoned(self.stage.story.time_zone.clone()).date();
        let consent = self.sure(
            "jane",
            "record_consent",
            json!({
                "case": case, "categories": [], "recipients": [pantry], "purposes": ["COC"], "explanation": "it may be told",
                "from": day, "signed_on": day, "how": "paper", "source": "a folder", "fields": ["name", "phone", "address"],
            }),
        )?;
        self.sure(
            "jane",
            "refer",
            json!({
                "case": case, "organization": pantry, "service": "nutrition", "need": "meals", "consent": text(&consent, "id"),
                "fields": ["name"],
            }),
        )?;
        self.sure(
            "jane",
            "send_care_plan",
            json!({ "case": case, "care_plan": "https://caseline.example/care-plan|marty-2019" }),
        )
        .map(drop)
    }

    fn sure(&mut self, who: &str, verb: &'static str, fields: Value) -> Result<Value, Trouble> {
        self.note(format!("{who} {verb}"));
        Ok(self.stage.actor(who)?.call(verb, fields, SOON)?)
    }

    fn settle(&mut self) -> Result<(), Trouble> {
        self.stage.ask_all("settle", &json!({ "timeout_s": 30 })).map(drop)
    }

    fn note(&mut self, what: String) {
        if std::env::var_os("CASELINE_RANDOM_TELLS").is_some() {
            eprintln!("  {what}");
        }
        if self.last.len() >= LAST {
            self.last.pop_front();
        }
        self.last.push_back(what);
    }

    /// Tells everybody the time, which runs on by itself.
    fn time(&mut self) -> Result<(), Trouble> {
        let (now, elapsed) = (self.stage.now, self.told.elapsed());
        self.stage.now = now.checked_add(elapsed).unwrap_or(now);
        self.told = Instant::now();
        let now = self.stage.now.to_string();
        self.stage.ask_all("clock", &json!({ "now": now })).map(drop)
    }

    fn step(&mut self) -> Result<(), Trouble> {
        let keys: Vec<String> = self.stage.actors.keys().cloned().collect();
        let Some(key) = self.chance.one(&keys).cloned() else { return Ok(()) };
        match self.chance.below(100) {
            0..=5 => {
                self.time()?;
                let (span, now) = (self.chance.span(), self.stage.now);
                let zone = self.stage.story.time_zone.clone();
                self.stage.now = now.to_zoned(zone).checked_add(span).map_or(now, |then| then.timestamp());
                self.note(format!("the clock is {}", self.stage.now));
                self.told = Instant::now();
                let now = self.stage.now.to_string();
                self.stage.ask_all("clock", &json!({ "now": now })).map(drop)
            }
            6..=8 => {
                self.note(format!("{key} is killed"));
                self.stage.kill(&key)?;
                if self.chance.happens(60) { self.back(&key) } else { Ok(()) }
            }
            9..=11 => {
                self.note(format!("{key} is offline"));
                self.stage.actor(&key)?.proxy.cut();
                Ok(())
            }
            12..=17 => self.back(&key),
            18..=22 => self.accept(&key).map(drop),
            23 => {
                self.note("everybody settles".into());
                self.settle()
            }
            24..=26 => self.again(),
            _ => self.ask(),
        }
    }

    /// Whoever was killed runs again, whoever was offline is online, and whose client was suspended goes on.
    fn back(&mut self, key: &str) -> Result<(), Trouble> {
        self.stage.actor(key)?.proxy.restore();
        let actor = self.stage.actor(key)?;
        if actor.process.is_some() && !actor.keeper {
            return match actor.call("resume", json!({}), SOON) {
                Ok(_) | Err(CallError::Refused(_) | CallError::Silent { .. }) => Ok(()),
                Err(other) => Err(other.into()),
            };
        }
        if self.stage.actor(key)?.process.is_none() {
            self.note(format!("{key} starts"));
            let (now, elapsed) = (self.stage.now, self.told.elapsed());
            self.stage.now = now.checked_add(elapsed).unwrap_or(now);
            self.told = Instant::now();
            self.stage.start(key)?;
        }
        Ok(())
    }

    /// Accepts an invitation, where one waits.
    fn accept(&mut self, key: &str) -> Result<bool, Trouble> {
        let actor = self.stage.actor(key)?;
        if !actor.is_reachable() || actor.keeper {
            return Ok(false);
        }
        let answer = actor.call("invitations", json!({}), SOON)?;
        let Some(room) = list(&answer, "invitations").first().map(|one| text(one, "room").to_owned()) else {
            return Ok(false);
        };
        let outcome = self.stage.actor(key)?.call("accept", json!({ "room": room }), PATIENCE);
        self.note(format!("{key} accept: {}", shown(&outcome)));
        match outcome {
            Ok(_) => Ok(true),
            // Who invited may be away.
            Err(CallError::Refused(_) | CallError::Silent { .. }) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }

    fn ask(&mut self) -> Result<(), Trouble> {
        let people: Vec<String> = self
            .stage
            .actors
            .iter()
            .filter(|(_, actor)| !actor.keeper && actor.process.is_some())
            .map(|(key, _)| key.clone())
            .collect();
        for _ in 0..TRIES {
            let Some(key) = self.chance.one(&people).cloned() else { return Ok(()) };
            if self.ask_one(&key)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Asks somebody for something. Returns whether there was something to ask for.
    fn ask_one(&mut self, key: &str) -> Result<bool, Trouble> {
        let (room, of) = self.room(key)?;
        if of == Where::Nowhere && !self.chance.happens(10) {
            return Ok(false);
        }
        let Some(verb) = self.verb(of) else { return Ok(false) };
        let wild = self.chance.happens(12);
        let now = self.stage.now;
        let actor = self.stage.actor(key)?;
        let about = room.as_deref().filter(|_| verb.at != Where::Nowhere);
        let mut asking = Asking {
            chance: &mut self.chance,
            actor,
            room: about,
            now,
            texts: &mut self.texts,
            wild,
            nothing: false,
        };
        let Some(mut fields) = asking.fields(verb)? else { return Ok(false) };
        if let Some(room) = about {
            fields.insert("case".into(), json!(room));
        }
        if verb.keyed && self.chance.happens(25) {
            fields.insert("key".into(), json!(self.chance.id(now)));
        }
        if self.chance.happens(3) {
            // Killed while it is at it.
            let request =
                Asked { who: key.to_owned(), verb: verb.name, fields: fields.clone(), answer: None };
            self.note(format!("{key} {} {}, killed meanwhile", verb.name, Value::Object(fields.clone())));
            let actor = self.stage.actor(key)?;
            if let Some(process) = &mut actor.process {
                process.ask(verb.name, Value::Object(fields))?;
            }
            let wait = self.chance.below(40);
            std::thread::sleep(Duration::from_millis(wait));
            self.stage.kill(key)?;
            self.back(key)?;
            if request.fields.contains_key("key") {
                self.keyed.push(request);
            }
            return Ok(true);
        }
        self.request(key, verb.name, &fields).map(|()| true)
    }

    fn request(&mut self, key: &str, verb: &'static str, fields: &Map<String, Value>) -> Result<(), Trouble> {
        let outcome = self.stage.actor(key)?.call(verb, Value::Object(fields.clone()), SOON);
        self.note(format!("{key} {verb} {}: {}", Value::Object(fields.clone()), shown(&outcome)));
        let counted = self.counts.entry(verb).or_default();
        counted.0 += 1;
        let answer = match outcome {
            Ok(answer) => answer,
            Err(CallError::Refused(refusal)) => {
                // A request that is made as the page says is never wrong in form, and no error quotes what was said.
                let said = self.texts.iter().any(|text| refusal.detail.contains(text.as_str()));
                if said || matches!(refusal.code.as_str(), "internal" | "invalid-answer" | "invalid-request")
                {
                    return Err(Trouble::Proof(format!("{key} answers {refusal}")));
                }
                return Ok(());
            }
            Err(other) => return Err(other.into()),
        };
        counted.1 += 1;
        if fields.contains_key("key") {
            let request =
                Asked { who: key.to_owned(), verb, fields: fields.clone(), answer: Some(answer.clone()) };
            self.keyed.push(request);
        }
        let room = fields.get("case").or_else(|| fields.get("of"));
        // What a decision of a meeting makes is in the case that it is about.
        let room = fields.get("of").or(room).and_then(Value::as_str);
        let raised = list(&answer, "raised").iter().filter(|_| verb == "raise_alert");
        let mut said: Vec<(String, String, String)> = raised
            .map(|one| {
                (text(one, "case").to_owned(), text(one, "sender").to_owned(), text(one, "id").to_owned())
            })
            .collect();
        let (sender, id) = (text(&answer, "sender"), text(&answer, "id"));
        if let Some(room) = room.filter(|_| !sender.is_empty() && !id.is_empty()) {
            said.push((room.to_owned(), sender.to_owned(), id.to_owned()));
        }
        let who = key.to_owned();
        self.accepted.extend(said.into_iter().map(|(room, sender, id)| Accepted {
            who: who.clone(),
            verb,
            room,
            sender,
            id,
        }));
        Ok(())
    }

    /// A request with an id of the caller's own is repeated.
    fn again(&mut self) -> Result<(), Trouble> {
        let Some(before) = self.chance.one(&self.keyed).cloned() else { return Ok(()) };
        if self.stage.actor(&before.who)?.process.is_none() {
            return Ok(());
        }
        let fields = Value::Object(before.fields.clone());
        let outcome = self.stage.actor(&before.who)?.call(before.verb, fields.clone(), SOON);
        self.note(format!("{} {} {fields} again: {}", before.who, before.verb, shown(&outcome)));
        match (outcome, &before.answer) {
            (Ok(answer), Some(first)) if answer.get("id") != first.get("id") => {
                Err(Trouble::Proof(format!("{} is answered {answer}, and was answered {first}", before.verb)))
            }
            (Err(CallError::Refused(refusal)), Some(first)) if refusal.code == "conflict" => {
                Err(Trouble::Proof(format!("{} again is {refusal}, and was answered {first}", before.verb)))
            }
            (Ok(_) | Err(CallError::Refused(_)), _) => Ok(()),
            (Err(other), _) => Err(other.into()),
        }
    }

    /// A room that this client has, and of which kind it is.
    fn room(&mut self, key: &str) -> Result<(Option<String>, Where), Trouble> {
        let mut rooms = Vec::new();
        for (kind, at) in Where::ROOMS {
            let answer = self.stage.actor(key)?.call("rooms", json!({ "kind": kind }), SOON)?;
            let found: Vec<String> =
                list(&answer, "rooms").iter().map(|room| text(room, "case").to_owned()).collect();
            // Most of what can be asked is about a case.
            let times = if at == Where::Case { 4 } else { 2 };
            for room in found {
                rooms.extend((0..times).map(|_| (room.clone(), at)));
            }
        }
        Ok(self.chance.one(&rooms).cloned().map_or((None, Where::Nowhere), |(room, at)| (Some(room), at)))
    }

    fn verb(&mut self, of: Where) -> Option<&'static Verb> {
        let anywhere = self.chance.happens(4);
        let fits = |verb: &&Verb| match verb.at {
            Where::Nowhere => true,
            Where::Any => of != Where::Nowhere,
            at => at == of || anywhere && of != Where::Nowhere,
        };
        let all: u64 = VERBS.iter().filter(fits).map(|verb| verb.weight).sum();
        let mut at = self.chance.below(all);
        VERBS.iter().filter(fits).find(|verb| {
            let found = at < verb.weight;
            at = at.saturating_sub(verb.weight);
            found
        })
    }
}

fn shown(outcome: &Result<Value, CallError>) -> String {
    match outcome {
        Ok(answer) => match answer.get("id") {
            Some(id) => format!("ok {id}"),
            None => "ok".into(),
        },
        Err(error) => error.to_string(),
    }
}
