//! What a server says of itself (FHIR R4, CapabilityStatement), read into the record's words.

use std::collections::BTreeSet;

use super::json::{self, Node};
use crate::error::{InvalidInput, Result};
use crate::ports::{Capabilities, Interaction, Offer};

/// Reads what a server takes from its CapabilityStatement, as `GET [base]/metadata` answers it.
///
/// A type that is not listed is not taken. Of one that is listed, what the statement leaves out is not taken either, since
/// there is no default for it in R4; but where it lists no interactions at all, which R4 permits in a summary, the type is
/// taken as one that is read, searched, created and updated.
///
/// # Errors
/// `InvalidInput`: `invalid-json`, or `no-capabilities` where it is no CapabilityStatement of a REST server.
pub fn capabilities(statement: &str) -> Result<Capabilities> {
    let statement = json::parse(statement)?;
    let server = statement
        .list("rest")
        .iter()
        .find(|rest| rest.str("mode").is_none_or(|mode| mode == "server"))
        .filter(|_| statement.str("resourceType").as_deref() == Some("CapabilityStatement"));
    let Some(server) = server else {
        let detail = "this is no CapabilityStatement of a server with a REST interface";
        return Err(InvalidInput::new("no-capabilities", detail).field("rest").into());
    };
    let everywhere = params(server);
    let transactions = codes(server).contains("transaction");
    let mut all = Capabilities::none().with_transactions(transactions);
    for resource in server.list("resource") {
        let Some(kind) = resource.str("type") else { continue };
        let params = params(resource).into_iter().chain(everywhere.iter().cloned());
        all = all.with(&kind, Offer::new(interactions(resource), params));
    }
    Ok(all)
}

fn interactions(resource: &Node<'_>) -> Vec<Interaction> {
    let listed = codes(resource);
    let takes = |code: &str| listed.contains(code) || listed.is_empty();
    let (creates, updates) = (takes("create"), takes("update"));
    let is_true = |name: &str| resource.get(name).is_some_and(|value| value.raw() == "true");
    let versioned = resource.str("versioning").is_some_and(|how| how == "versioned-update");
    [
        (Interaction::Read, takes("read")),
        (Interaction::Search, takes("search-type")),
        (Interaction::Create, creates),
        (Interaction::Update, updates),
        (Interaction::History, listed.contains("history-instance")),
        (Interaction::ConditionalCreate, creates && is_true("conditionalCreate")),
        (Interaction::ConditionalUpdate, updates && is_true("conditionalUpdate")),
        (Interaction::VersionedUpdate, updates && versioned),
    ]
    .into_iter()
    .filter_map(|(interaction, taken)| taken.then_some(interaction))
    .collect()
}

fn codes(node: &Node<'_>) -> BTreeSet<String> {
    node.list("interaction").iter().filter_map(|one| Some(one.str("code")?.into_owned())).collect()
}

fn params(node: &Node<'_>) -> Vec<String> {
    node.list("searchParam").iter().filter_map(|one| Some(one.str("name")?.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::Error;
    use Interaction::{
        ConditionalCreate, ConditionalUpdate, Create, History, Read, Search, Update, VersionedUpdate,
    };

    /// A synthetic statement with one resource type.
    fn of(resource: &str) -> Capabilities {
        let text = format!(
            r#"{{"resourceType":"CapabilityStatement","rest":[{{"mode":"client"}},{{"mode":"server",
            "searchParam":[{{"name":"_tag","type":"token"}}],"interaction":[{{"code":"transaction"}}],
            "resource":[{{"type":"CareTeam"{resource}}}]}}]}}"#
        );
        capabilities(&text).unwrap()
    }

    #[test]
    fn each_interaction_is_read_and_what_is_left_out_is_not_taken() {
        let all = r#""interaction":[{"code":"read"},{"code":"search-type"},{"code":"create"},{"code":"update"},{"code":"history-instance"}]"#;
        let some = r#""interaction":[{"code":"read"},{"code":"vread"},{"code":"search-type"}]"#;
        for (resource, expected) in [
            (format!(",{all}"), vec![Read, Search, Create, Update, History]),
            (
                format!(
                    r#",{all},"versioning":"versioned-update","conditionalCreate":true,"conditionalUpdate":true"#
                ),
                Interaction::ALL.to_vec(),
            ),
            (
                format!(r#",{all},"versioning":"versioned","conditionalCreate":false"#),
                vec![Read, Search, Create, Update, History],
            ),
            // A condition of what is not taken counts for nothing.
            (
                format!(
                    r#",{some},"versioning":"versioned-update","conditionalCreate":true,"conditionalUpdate":true"#
                ),
                vec![Read, Search],
            ),
            (r#","interaction":[{}]"#.into(), vec![Read, Search, Create, Update]),
            (
                r#","versioning":"versioned-update","conditionalCreate":true"#.into(),
                vec![Read, Search, Create, Update, ConditionalCreate, VersionedUpdate],
            ),
        ] {
            let found = of(&resource);
            for interaction in Interaction::ALL {
                let wanted = expected.contains(&interaction);
                assert_eq!(found.takes("CareTeam", interaction), wanted, "{interaction:?} of {resource}");
                assert!(!found.takes("CarePlan", interaction), "a type that is not listed");
            }
            assert!(found.transactions());
        }
        assert!(!of("").takes("CareTeam", ConditionalUpdate));
    }

    #[test]
    fn parameters_are_those_of_the_type_and_those_of_all() {
        let found = of(r#","searchParam":[{"name":"identifier"},{"type":"token"}]"#);
        assert!(found.searches("CareTeam", "identifier") && found.searches("CareTeam", "_tag"));
        assert!(!found.searches("CareTeam", "participant") && !found.searches("CarePlan", "_tag"));
    }

    #[test]
    fn what_is_no_statement_is_refused() {
        for text in [
            "{}",
            "[]",
            r#"{"resourceType":"CapabilityStatement"}"#,
            r#"{"resourceType":"CapabilityStatement","rest":[{"mode":"client"}]}"#,
            r#"{"resourceType":"OperationOutcome","rest":[{"mode":"server"}]}"#,
        ] {
            match capabilities(text) {
                Err(Error::InvalidInput(invalid)) => assert_eq!(invalid.code, "no-capabilities", "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
