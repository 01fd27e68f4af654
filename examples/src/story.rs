//! Stories: who there is, what they do, and what each must then see. The format is described in `examples/STORIES.md`.

mod agreement;
mod alert;
mod check;
mod compared;
mod consent;
mod crossing;
mod meeting;
mod outreach;
mod pair;
mod signing;
mod step;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use caseline::id::{ContactId, OrganizationId};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Deserializer};

pub use agreement::{Agree, AgreementSeen};
pub use alert::{AlertSaid, AnswerSaid, FollowUpSaid, FoundSeen, StaySeen, VisitSaid, VisitSeen};
pub use compared::ComparedSeen;
pub use consent::{ConsentSaid, ConsentsSeen, DeniedSeen, MarksSaid, ReviewSaid, RevokedSaid};
pub use crossing::{Carry, CrossingsSeen};
pub use meeting::{AgendaSaid, AgendaSeen, BesideSeen, Decided, PanelSeen};
pub use outreach::{
    Answered, Asked, OutreachSeen, Prohibited, ReachSeen, Recorded, Reenrolled, Standing, TakenBack,
};
pub use pair::{
    Meet, MeetingAnswered, MeetingCancelled, MeetingHeld, MeetingMoved, MeetingSaid, MeetingSeen,
};
pub use signing::{ApprovedInHouse, Attested, Copied};
pub use step::{AnswerSeen, AnsweredIn, ConcernSeen, OpenedProgramme, Raised, Reopened};
pub use step::{Assigned, Completed, HandedOver, ReasonedTask, TaskSeen};
pub use step::{
    ByHand, CalledOff, CapacitySaid, OutcomeSaid, ReferSaid, ReferralSeen, SentOn, SubReferred, WithdrawnSaid,
};
pub use step::{ContactSeen, InvitationSeen, WhomToCall};
pub use step::{
    Corrected, Deed, DueSeen, Expected, MessageSeen, Open, PlanSeen, Refused, ReminderSeen, Returned, Step,
    StepKind, TeamSeen,
};

use crate::yaml::{self, Mistake};

/// A story, checked: every name that a step uses is somebody or something.
#[derive(Debug, Clone)]
pub struct Story {
    /// Its file.
    pub file: PathBuf,
    /// Its title.
    pub title: String,
    /// What it is about, in a paragraph.
    pub about: Option<String>,
    /// The time zone of its clocks and of the transcript.
    pub time_zone: TimeZone,
    /// When it begins.
    pub begins: Timestamp,
    /// The organisations, by the names that steps use.
    pub organizations: BTreeMap<String, Organization>,
    /// The people, by the names that steps use.
    pub people: BTreeMap<String, Person>,
    /// Whose case it is, where others can take their place.
    pub member: Option<Member>,
    /// The agreement between the organisations.
    pub agreement: PathBuf,
    /// The agreements of organisations with the programme office, or with the agency.
    pub programme: Vec<PathBuf>,
    /// The rule set.
    pub rules: PathBuf,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// An organisation of a story.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// How the transcript calls it.
    pub name: String,
    /// Its identifier.
    pub id: OrganizationId,
    /// Its transaction Bundle, beside the story.
    pub bundle: PathBuf,
    /// Others whom it knows, in Bundles of their own.
    #[serde(default, deserialize_with = "one_or_more")]
    pub directory: Vec<PathBuf>,
    /// The server's name under which its accounts are written in the Bundles; the running server's is put in its place.
    pub server: String,
    /// The localpart of its role account, where it has a keeper.
    #[serde(default)]
    pub keeper: Option<String>,
}

/// One file, or a list of them.
fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<PathBuf>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Files {
        One(PathBuf),
        More(Vec<PathBuf>),
    }
    Ok(match Files::deserialize(from)? {
        Files::One(file) => vec![file],
        Files::More(files) => files,
    })
}

/// A person of a story, with a driver of their own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// How the transcript calls them.
    pub name: String,
    /// Their identifier in the directory.
    pub contact: ContactId,
    /// Their organisation, by its name in the story.
    pub organization: String,
    /// The localpart of their account.
    pub account: String,
    /// Whether their driver runs from the beginning. A step `start:` starts it otherwise.
    #[serde(default = "yes")]
    pub present: bool,
}

/// Whose case it is. Somebody else can take their place: then their name stands where this one does, in what is said and seen,
/// and their own care team and care plan where these two do.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// What the story's people call them.
    pub name: String,
    /// Their CareTeam's identifier, `system|value`.
    pub care_team: String,
    /// Their CarePlan's identifier, `system|value`.
    pub care_plan: String,
}

fn yes() -> bool {
    true
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    story: String,
    #[serde(default)]
    about: Option<String>,
    #[serde(default)]
    time_zone: Option<serde_saphyr::Spanned<String>>,
    begins: serde_saphyr::Spanned<DateTime>,
    organizations: BTreeMap<String, serde_saphyr::Spanned<Organization>>,
    people: BTreeMap<String, serde_saphyr::Spanned<Person>>,
    #[serde(default)]
    member: Option<serde_saphyr::Spanned<Member>>,
    agreement: PathBuf,
    #[serde(default)]
    programme: Vec<PathBuf>,
    rules: PathBuf,
    steps: Vec<serde_saphyr::Spanned<step::Written>>,
}

impl Story {
    /// Where a file that stands beside the story's is.
    pub fn beside(&self, file: &Path) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(file)
    }

    /// Reads a story and checks it.
    ///
    /// # Errors
    /// The first mistake, with its line and field.
    pub fn read(file: &Path) -> Result<Self, Mistake> {
        let story = Self::parse(file, &yaml::text(file)?)?;
        check::files(&story)?;
        Ok(story)
    }

    /// The same of a text; paths in it are taken as beside `file`.
    pub fn parse(file: &Path, text: &str) -> Result<Self, Mistake> {
        let written: Written = yaml::parse(file, text)?;
        let beside = |path: PathBuf| file.parent().unwrap_or(Path::new("")).join(path);
        let time_zone = match &written.time_zone {
            None => TimeZone::UTC,
            Some(name) => TimeZone::get(&name.value).map_err(|_| {
                Mistake::new(file, "there is no such time zone; write one as `America/New_York`")
                    .at(name.referenced.line(), "time_zone")
            })?,
        };
        let instant = |at: DateTime, line: u64, field: &str| {
            time_zone.to_timestamp(at).map_err(|_| Mistake::new(file, "is out of range").at(line, field))
        };
        let begins = instant(written.begins.value, written.begins.referenced.line(), "begins")?;
        let mut steps = Vec::with_capacity(written.steps.len());
        for (index, step) in written.steps.into_iter().enumerate() {
            let line = step.referenced.line();
            let kind = match step.value {
                step::Written::Clock(at) => {
                    StepKind::Clock(instant(at, line, &format!("steps[{index}].clock"))?)
                }
                step::Written::Kind(kind) => kind,
            };
            let source =
                text.lines().nth(usize::try_from(line).unwrap_or(0).saturating_sub(1)).unwrap_or_default();
            steps.push(Step { line, source: source.trim().to_owned(), kind });
        }
        check::organizations(file, &written.organizations)?;
        check::people(file, &written.people, &written.organizations)?;
        check::member(file, written.member.as_ref())?;
        let mut story = Self {
            file: file.to_owned(),
            title: written.story,
            about: written.about,
            time_zone,
            begins,
            organizations: written.organizations.into_iter().map(|(key, value)| (key, value.value)).collect(),
            people: written.people.into_iter().map(|(key, value)| (key, value.value)).collect(),
            member: written.member.map(|member| member.value),
            agreement: beside(written.agreement),
            programme: written.programme.into_iter().map(beside).collect(),
            rules: beside(written.rules),
            steps,
        };
        for organization in story.organizations.values_mut() {
            organization.bundle = beside(std::mem::take(&mut organization.bundle));
            organization.directory =
                std::mem::take(&mut organization.directory).into_iter().map(beside).collect();
        }
        check::steps(&story)?;
        Ok(story)
    }

    /// The instant on the story's own wall clock.
    pub fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.time_zone.clone())
    }

    /// The server that an organisation is on, by the name of one of the two that have one: the programme office and the agency have none
    /// of their own.
    pub fn server_of(organization: &str) -> &str {
        if matches!(organization, "office" | "agency") { "aco" } else { organization }
    }

    /// The organisation whose keeper a step calls by this name (`aco-keeper`), where it has one.
    pub fn keeper(&self, actor: &str) -> Option<(&str, &Organization)> {
        let (key, organization) = self.organizations.get_key_value(actor.strip_suffix("-keeper")?)?;
        organization.keeper.as_ref().map(|_| (key.as_str(), organization))
    }

    /// Everybody that a step can kill, start, or take off the network: the people, then the keepers.
    pub fn actors(&self) -> Vec<String> {
        let keepers = self.organizations.iter().filter(|(_, organization)| organization.keeper.is_some());
        self.people.keys().cloned().chain(keepers.map(|(key, _)| format!("{key}-keeper"))).collect()
    }

    /// Who signs a plan elsewhere: the name, and the contact with the organization, or `member`.
    pub fn signer(&self, who: &str) -> (&str, &str, Option<&str>) {
        match self.people.get(who) {
            Some(person) => {
                let organization = self.organizations.get(&person.organization);
                (
                    &person.name,
                    person.contact.as_str(),
                    organization.map(|organization| organization.id.as_str()),
                )
            }
            // Who it is in this run: with `--people` somebody else.
            None => ("the member", step::MEMBER, None),
        }
    }

    /// How the transcript calls whoever a step names: a person, or an organisation's keeper.
    pub fn name_of(&self, actor: &str) -> String {
        if let Some(person) = self.people.get(actor) {
            return person.name.clone();
        }
        self.keeper(actor).map_or_else(
            || actor.to_owned(),
            |(_, organization)| format!("The keeper of {}", organization.name),
        )
    }
}
