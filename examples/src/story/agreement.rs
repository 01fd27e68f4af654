//! Steps of a story in a pair's room: agreements that are proposed.

use std::path::PathBuf;

use serde::Deserialize;

use super::Story;
use super::step::Deed;

/// What somebody does about an agreement.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agree {
    /// Proposes the one of this file, beside the story's.
    Propose(PathBuf),
    /// Accepts the one of this name.
    Accept(String),
    /// Declines it.
    Decline(AgreementDeclined),
    /// Takes the one of this name back.
    Withdraw(String),
}

/// An agreement that is declined.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementDeclined {
    /// The agreement, by its name.
    pub agreement: String,
    /// Why.
    pub reason: String,
}

/// An agreement that was proposed, as somebody sees it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementSeen {
    /// The agreement, by its name.
    pub name: String,
    /// `proposed`, `accepted`, `declined` or `withdrawn`.
    pub is: String,
    /// Its version.
    pub version: Option<String>,
}

impl Agree {
    /// The verb that is asked of the driver.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Propose(_) => "propose_agreement",
            Self::Accept(_) => "accept_agreement",
            Self::Decline(_) => "decline_agreement",
            Self::Withdraw(_) => "withdraw_agreement",
        }
    }

    /// The agreement that it is about, by its name; nothing where it proposes one.
    pub fn agreement(&self) -> Option<&String> {
        match self {
            Self::Propose(_) => None,
            Self::Accept(name) | Self::Withdraw(name) => Some(name),
            Self::Decline(said) => Some(&said.agreement),
        }
    }
}

/// The names of agreements that a step speaks of, with where it does.
pub(super) fn labels(deed: &Deed) -> impl Iterator<Item = (&String, &'static str)> {
    let agreed = deed.agree.iter().filter_map(Agree::agreement).map(|name| (name, ".agree"));
    let seen = deed.sees.iter().filter_map(|sees| sees.agreement.as_ref()).map(|one| &one.name);
    agreed.chain(seen.map(|name| (name, ".sees.agreement")))
}

/// Whether what a step says of agreements can be played.
pub(super) fn check(story: &Story, deed: &Deed) -> Result<(), (String, String)> {
    if let Some(Agree::Propose(file)) = &deed.agree
        && !story.beside(file).is_file()
    {
        return Err((".agree.propose".to_owned(), "there is no such file beside the story".to_owned()));
    }
    let all = ["proposed", "accepted", "declined", "withdrawn", "unproven"];
    let seen = deed.sees.as_ref().and_then(|sees| sees.agreement.as_ref());
    if seen.is_some_and(|seen| !all.contains(&seen.is.as_str())) {
        return Err((".sees.agreement.is".to_owned(), format!("is one of {}", all.join(", "))));
    }
    Ok(())
}
