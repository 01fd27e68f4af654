//! Referrals after Gravity SDOH: what is asked as ServiceRequest, what becomes of it as Task.

use std::collections::BTreeMap;

use super::directory::person_name;
use super::json::{self, Node};
use crate::error::Result;
use crate::referral::Field;

/// The fields of a member's that a referral can tell, as a Patient of our own record has them.
///
/// # Errors
/// `InvalidInput` (`invalid-json`) where it cannot be read.
pub fn referral_fields(patient: &str) -> Result<BTreeMap<Field, String>> {
    let node = json::parse(patient)?;
    let phone = node
        .list("telecom")
        .iter()
        .find(|point| {
            point.str("system").as_deref() == Some("phone") && point.str("use").as_deref() != Some("old")
        })
        .and_then(|point| point.str("value").map(|value| value.into_owned()));
    let address =
        node.list("address").iter().find(|one| one.str("use").as_deref() != Some("old")).map(address);
    let spoken = node.list("communication").iter().filter_map(|one| one.get("language")).map(words);
    let language: Vec<String> = spoken.filter(|one| !one.is_empty()).collect();
    let all = [
        (Field::Name, Some(person_name(&node))),
        (Field::BirthDate, node.str("birthDate").map(|day| day.into_owned())),
        (Field::Phone, phone),
        (Field::Address, address),
        (Field::Language, Some(language.join(", "))),
    ];
    let all = all.into_iter().filter_map(|(field, value)| Some((field, value?)));
    Ok(all.filter(|(_, value)| !value.trim().is_empty()).collect())
}

fn address(node: &Node<'_>) -> String {
    if let Some(text) = node.str("text") {
        return text.into_owned();
    }
    let lines = node.list("line").iter().filter_map(Node::text);
    let rest = ["city", "state", "postalCode"].into_iter().filter_map(|part| node.str(part));
    lines.chain(rest).collect::<Vec<_>>().join(", ")
}

fn words(language: &Node<'_>) -> String {
    let coding = language.list("coding");
    let coded = || coding.iter().find_map(|one| one.str("display").or_else(|| one.str("code")));
    language.str("text").or_else(coded).map(|words| words.into_owned()).unwrap_or_default()
}
