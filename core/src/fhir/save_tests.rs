//! Changes that meet others' changes. All data is synthetic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use futures_util::future::join_all;

use super::*;
use crate::fhir::json;
use crate::testing::{PlainRecord, RecordEndpoint};

const TEAM: &str = r#"{"resourceType":"CareTeam","status":"proposed","x":1.50,"participant":[]}"#;

async fn team(record: &PlainRecord) -> Stored {
    record.create("CareTeam", TEAM, &[]).await.unwrap().stored
}

fn with_participant(text: &str, who: usize) -> Result<String> {
    let team = json::parse(text)?;
    let added =
        format!(r#"{{"role":[{{"text":"synthetic"}}],"member":{{"reference":"Practitioner/p{who}"}}}}"#);
    let items: Vec<&str> = team.list("participant").iter().map(json::Node::raw).chain([&*added]).collect();
    Ok(team.with(&[("participant", format!("[{}]", items.join(",")))]))
}

#[tokio::test]
async fn a_conflict_shows_both_versions_and_who_changed_what() {
    let record = PlainRecord::new();
    let base = team(&record).await;
    let theirs = record
        .change_by_another(
            "CareTeam",
            &base.id,
            &with_participant(TEAM, 1).unwrap().replace("proposed", "inactive"),
        )
        .unwrap();
    let ours = with_participant(TEAM, 2).unwrap().replace("proposed", "active");
    let Err(Unsaved::Conflict { kind, conflict }) = save(&record, "CareTeam", &base, &ours).await else {
        panic!("nothing of theirs may be written over");
    };
    assert_eq!((kind.as_str(), &conflict.base, &conflict.theirs), ("CareTeam", &base, &theirs));
    let told: Vec<(&str, ChangedBy)> = conflict.changes.iter().map(|one| (&*one.path, one.by)).collect();
    assert_eq!(
        told,
        [
            ("status", ChangedBy::BothDifferently),
            ("participant[0]", ChangedBy::Us),
            ("participant[1]", ChangedBy::Them)
        ]
    );
    assert_eq!(conflict.contested().count(), 1);
    assert_eq!(record.read("CareTeam", &base.id).await.unwrap(), theirs, "nothing was written");
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_is_made_once() {
    let record = PlainRecord::new();
    let base = team(&record).await;
    let ours = with_participant(TEAM, 1).unwrap();
    record.lose_answer_next(RecordEndpoint::Update);
    let lost = save(&record, "CareTeam", &base, &ours).await.unwrap_err();
    assert!(matches!(lost, Unsaved::Record(PortError::Unavailable { .. })));
    // Somebody goes on from it meanwhile.
    let more = with_participant(&ours, 2).unwrap();
    let theirs = record.change_by_another("CareTeam", &base.id, &more).unwrap();
    assert_eq!(save(&record, "CareTeam", &base, &ours).await.unwrap(), theirs, "it is in there");
    assert_eq!(record.history("CareTeam", &base.id).await.unwrap().len(), 3);
}

#[tokio::test]
async fn no_change_is_no_request() {
    let record = PlainRecord::new();
    let base = team(&record).await;
    let same = base.json.replace(':', " : ");
    assert_eq!(save(&record, "CareTeam", &base, &same).await.unwrap(), base);
    assert_eq!(record.requests(RecordEndpoint::Update), 0);
}

#[tokio::test]
async fn eight_writers_of_one_care_team_lose_nothing() {
    let record = PlainRecord::new();
    let base = team(&record).await;
    let writers =
        (0..8).map(|who| edit(&record, "CareTeam", &base.id, move |text| with_participant(text, who)));
    for saved in join_all(writers).await {
        saved.unwrap();
    }
    let team = record.read("CareTeam", &base.id).await.unwrap().json;
    let node = json::parse(&team).unwrap();
    assert_eq!(node.list("participant").len(), 8);
    assert!(team.contains("1.50"));
    assert_eq!(record.history("CareTeam", &base.id).await.unwrap().len(), 9);
}

#[tokio::test]
async fn a_change_that_breaks_a_rule_is_not_written() {
    let record = PlainRecord::new();
    let base = team(&record).await;
    let ours = with_participant(TEAM, 1).unwrap().replace(r#""role":[{"text":"synthetic"}],"#, "");
    let refused = save(&record, "CareTeam", &base, &ours).await.unwrap_err();
    let Unsaved::Invalid(Error::InvalidInput(refused)) = refused else { panic!("{refused:?}") };
    let told = (refused.code, refused.field.as_deref());
    assert_eq!(told, ("us-core-careteam", Some("CareTeam.participant[0].role")));
    assert_eq!(record.requests(RecordEndpoint::Update), 0);
}

#[tokio::test]
async fn a_change_that_cannot_be_made_writes_nothing() {
    let record = PlainRecord::new();
    let base = team(&record).await;
    let refused = edit(&record, "CareTeam", &base.id, |_| Err(Error::NotFound { what: "participant" })).await;
    assert!(matches!(refused, Err(Unsaved::Invalid(Error::NotFound { .. }))));
    assert!(matches!(save(&record, "CareTeam", &base, "{").await, Err(Unsaved::Invalid(_))));
    assert_eq!(record.requests(RecordEndpoint::Update), 0);
}

#[tokio::test]
async fn what_is_new_is_made_once_by_its_identifier_or_its_tag() {
    let record = PlainRecord::new();
    let named = r#"{"resourceType":"Goal","identifier":[{"use":"usual"},{"system":"urn:example:goal","value":"1"}],
        "lifecycleStatus":"active","description":{"text":"synthetic"},"subject":{"reference":"Patient/1"}}"#;
    record.lose_answer_next(RecordEndpoint::Create);
    let lost = create(&record, "Goal", named).await.unwrap_err();
    assert!(matches!(lost, Unsaved::Record(PortError::Unavailable { .. })));
    let created = create(&record, "Goal", named).await.unwrap();
    assert!(!created.created, "it was made, and its answer lost");
    assert_eq!(record.all().len(), 1);

    let tagged = named.replace(
        r#""identifier":[{"use":"usual"},{"system":"urn:example:goal","value":"1"}]"#,
        r#""meta":{"tag":[{"system":"urn:example:event","code":"2"}]}"#,
    );
    assert!(create(&record, "Goal", &tagged).await.unwrap().created);
    assert!(!create(&record, "Goal", &tagged).await.unwrap().created);

    let nameless = named.replace("\"value\":\"1\"", "\"use\":\"old\"");
    let broken = named.replace("active", "asleep");
    for (kind, text, code) in [
        ("Goal", nameless.as_str(), "create-unnamed"),
        ("Task", named, "wrong-kind"),
        ("Goal", "{", "invalid-json"),
        ("Goal", &broken, "required-binding"),
    ] {
        let Unsaved::Invalid(Error::InvalidInput(why)) = create(&record, kind, text).await.unwrap_err()
        else {
            panic!("{text}");
        };
        assert_eq!(why.code, code);
    }
    assert_eq!(record.all().len(), 2);
}

#[tokio::test]
async fn a_resource_is_not_taken_for_one_that_its_identifier_or_tag_only_spells() {
    let record = PlainRecord::new();
    let goal = |more: &str| {
        format!(
            r#"{{"resourceType":"Goal",{more},"lifecycleStatus":"active","description":{{"text":"synthetic"}},"subject":{{"reference":"Patient/1"}}}}"#
        )
    };
    let identified = |system: &str, value: &str| {
        goal(&format!(r#""identifier":[{{"system":"{system}","value":"{value}"}}]"#))
    };
    let tagged =
        |code: &str| goal(&format!(r#""meta":{{"tag":[{{"system":"urn:example:t","code":"{code}"}}]}}"#));
    let all = [
        identified("urn:other", "B"),
        identified("urn:example:goal", "A,B"),
        identified("urn:example:goal", "A"),
        identified("urn:example:goal", "A|B"),
        identified("urn:example:goal|A", "B"),
        identified("urn:example:goal", r"A\\B"),
        tagged("x,y"),
        tagged("x"),
    ];
    for text in &all {
        assert!(create(&record, "Goal", text).await.unwrap().created, "{text}");
    }
    for text in &all {
        let again = create(&record, "Goal", text).await.unwrap();
        assert!(!again.created && again.stored.json == *text, "{text}");
    }
}
