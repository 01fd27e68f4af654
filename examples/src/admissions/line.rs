//! What became of a file, as the bot tells it: counts, and no word of the file's.

use std::collections::BTreeSet;

use caseline::id::{CaseId, Sha256};
use serde_json::{Value, json};

use super::Became;

/// How many records of a file became what.
#[derive(Default)]
pub(super) struct Line {
    told: u32,
    known: u32,
    nothing: u32,
    no_case: u32,
    to_confirm: BTreeSet<CaseId>,
    held: BTreeSet<String>,
    refused: BTreeSet<String>,
}

impl Line {
    pub(super) fn count(&mut self, became: &Became) {
        match became {
            Became::Nothing => self.nothing += 1,
            Became::Known => self.known += 1,
            Became::Told => self.told += 1,
            Became::NoCase => self.no_case += 1,
            Became::ToConfirm(cases) => self.to_confirm.extend(cases),
            Became::Held(code, _) => {
                self.held.insert(code.clone());
            }
            Became::Refused(code, _) => {
                self.refused.insert(code.clone());
            }
        }
    }

    pub(super) fn of(&self, name: &Sha256) -> Value {
        json!({
            "kind": "admissions", "file": name, "told": self.told, "known": self.known, "nothing": self.nothing,
            "no_case": self.no_case, "to_confirm": self.to_confirm, "held": self.held, "refused": self.refused,
        })
    }
}
