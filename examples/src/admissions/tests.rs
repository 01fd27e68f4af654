//! Everybody in these messages is made up.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiff::civil::date;

use super::*;

const SYSTEM: &str = "https://caseline.example/masshealth-id";

fn feed() -> Feed {
    Feed {
        folder: PathBuf::new(),
        kept: PathBuf::new(),
        source: "a synthetic feed".into(),
        member_system: SYSTEM.into(),
        zone: TimeZone::get("America/New_York").unwrap(),
        authorities: vec!["MA".into()],
        payers: vec!["MASSHEALTH".into()],
    }
}

fn number(input: &AlertInput) -> Option<&str> {
    input.member.as_ref().map(|it| it.as_str().rsplit('|').next().unwrap())
}

fn stay(input: &AlertInput) -> (&str, &str) {
    match &input.alert.stay {
        StayKey::Named { facility, visit } => (facility, visit),
        StayKey::Withheld { .. } => panic!("it names its stay"),
    }
}

fn local(input: &AlertInput) -> String {
    input.alert.at.to_zoned(feed().zone).strftime("%Y-%m-%d %H:%M").to_string()
}

/// An ADT message of Marty Exampleton.
fn adt(event: &str, class: &str, more: &[&str]) -> String {
    let mut lines = vec![
        format!("MSH|^~\\&|ADT1|SYNTHETIC GENERAL|||20190305224500||ADT^{event}|MSG{event}|P|2.5.1"),
        format!("EVN|{event}|20190305224400||||20190306011500"),
        "PID|1||77001^^^SG^MR~100044071903^^^MA^MA||EXAMPLETON^MARTY^Q||19610317|M".to_owned(),
    ];
    let pv1 = |admitted: &str, left: &str| {
        let mut fields = vec![String::new(); 46];
        fields[0] = "PV1".into();
        fields[2] = class.into();
        fields[19] = "V-190305^^^SG^VN".into();
        fields[44] = admitted.into();
        fields[45] = left.into();
        fields.join("|")
    };
    lines.push(pv1("201903052240-0500", "20190307160000"));
    lines.extend(more.iter().map(|&line| line.to_owned()));
    lines.join("\r")
}

#[test]
fn what_an_adt_message_tells() {
    use Happening::{Admitted, Cancelled, Discharged, EdVisit, Transferred};
    let (inpatient, emergency) = (StayClass::Inpatient, StayClass::Emergency);
    for (event, class, what, cancels, of, at) in [
        ("A01", "I", Admitted, None, inpatient, "2019-03-05 22:40"),
        ("A01", "E", EdVisit, None, emergency, "2019-03-05 22:40"),
        ("A02", "I", Transferred, None, inpatient, "2019-03-06 01:15"),
        ("A03", "I", Discharged, None, inpatient, "2019-03-07 16:00"),
        ("A04", "E", EdVisit, None, emergency, "2019-03-05 22:40"),
        ("A06", "I", Admitted, None, inpatient, "2019-03-06 01:15"),
        ("A07", "O", Cancelled, Some(Admitted), emergency, "2019-03-06 01:15"),
        ("A11", "I", Cancelled, Some(Admitted), inpatient, "2019-03-06 01:15"),
        ("A11", "E", Cancelled, Some(EdVisit), emergency, "2019-03-06 01:15"),
        ("A12", "I", Cancelled, Some(Transferred), inpatient, "2019-03-06 01:15"),
        ("A13", "I", Cancelled, Some(Discharged), inpatient, "2019-03-06 01:15"),
    ] {
        let read = Form::Hl7.read(&adt(event, class, &[]), &feed());
        let told = read[0].read.as_ref().unwrap_or_else(|unread| panic!("{event} {class}: {unread}"));
        let [input] = told.as_slice() else { panic!("{event} {class}: {}", told.len()) };
        let alert = &input.alert;
        assert_eq!((alert.what, alert.cancels, alert.class), (what, cancels, of), "{event} {class}");
        assert_eq!(local(input), at, "{event} {class}");
        assert_eq!(stay(input), ("SYNTHETIC GENERAL", "V-190305"));
        assert_eq!(number(input), Some("100044071903"));
        assert_eq!(input.name.as_deref(), Some("MARTY EXAMPLETON"));
        assert_eq!(input.birth_date, Some(date(1961, 3, 17)));
        assert_eq!(alert.message.as_deref(), Some(format!("ADT1|SYNTHETIC GENERAL|MSG{event}").as_str()));
    }
}

#[test]
fn what_is_no_admission_is_not_told() {
    for (event, class) in [("A04", "O"), ("A01", "O"), ("A03", "O"), ("A08", "I"), ("A31", "I")] {
        let read = Form::Hl7.read(&adt(event, class, &[]), &feed());
        assert!(read[0].read.as_ref().is_ok_and(Vec::is_empty), "{event} {class}");
    }
}

#[test]
fn a_number_stands_with_a_payer_of_the_programme_or_there_is_a_name() {
    let without = adt("A01", "I", &[]).replace("~100044071903^^^MA^MA", "");
    let of = |text: &str| Form::Hl7.read(text, &feed()).remove(0).read.unwrap().remove(0);
    assert_eq!(of(&without).member, None);
    assert_eq!(of(&without).name.as_deref(), Some("MARTY EXAMPLETON"));
    let insured = |payer: &str| {
        let mut fields = vec![String::new(); 37];
        fields[0] = "IN1".into();
        fields[3] = payer.into();
        fields[36] = "100044071903".into();
        format!("{without}\r{}", fields.join("|"))
    };
    assert_eq!(number(&of(&insured("MASSHEALTH"))), Some("100044071903"));
    assert_eq!(of(&insured("ANOTHER")).member, None, "the number of another payer finds nobody");
    let elsewhere = adt("A01", "I", &[]).replace("^^^MA^MA", "^^^NH^MA");
    assert_eq!(of(&elsewhere).member, None, "another state's number finds nobody");
    let nobody = without.replace("EXAMPLETON^MARTY^Q||19610317", "EXAMPLETON^MARTY^Q||");
    let read = Form::Hl7.read(&nobody, &feed()).remove(0).read;
    assert_eq!(read.unwrap_err().field, "member");
}

#[test]
fn a_batch_of_messages_is_read_one_by_one() {
    let batch = format!(
        "FHS|^~\\&|SG\rBHS|^~\\&|SG\r{}\r\n{}\nBTS|2\rFTS|1\r",
        adt("A01", "I", &[]),
        adt("A03", "I", &[]).replace('\r', "\n")
    );
    let framed = format!("\u{b}{}\u{1c}\r", adt("A01", "I", &[]));
    let whats = |text: &str| -> Vec<Happening> {
        let records = Form::Hl7.read(text, &feed());
        records.into_iter().map(|record| record.read.unwrap()[0].alert.what).collect()
    };
    assert_eq!(whats(&batch), [Happening::Admitted, Happening::Discharged]);
    assert_eq!(whats(&framed), [Happening::Admitted]);
}

#[test]
fn escapes_are_read_beside_letters_of_any_length() {
    let of = |name: &str| {
        let text = adt("A01", "I", &[]).replace("EXAMPLETON^MARTY", name);
        Form::Hl7.read(&text, &feed()).remove(0).read.unwrap().remove(0).name.unwrap()
    };
    assert_eq!(of("ÉÉ\\S\\O^ZOË"), "ZOË ÉÉ^O");
    assert_eq!(of("Ö \\T\\ SÖHNE^\\R\\É"), "~É Ö & SÖHNE");
    assert_eq!(of("A\\E\\B^\\F\\C"), "|C A\\B");
    // What is no escape that we know stays as it is.
    assert_eq!(of("É\\H\\X^Y\\"), "Y\\ É\\H\\X");
}

#[test]
fn whatever_a_feed_sends_is_read_or_refused() {
    // A small generator of our own, so that the same run comes again.
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).unwrap()
    };
    let sound = [
        (Form::Hl7, adt("A01", "I", &["IN1|1||MASSHEALTH"])),
        (Form::Table, TABLE.to_owned()),
        (Form::Notification, notification("notification-admit", "IMP", "planned").to_string()),
    ];
    let bits = [
        "É", "\\", "\\S\\", "|", "^", "~", "&", "\r", "\n", "\"", ",", "MSH", "MSH|", "\u{0}", "{", "9",
        "日本", "",
    ];
    for _ in 0..20_000 {
        let (form, text) = &sound[next(3)];
        let mut letters: Vec<char> = text.chars().collect();
        for _ in 0..=next(4) {
            let most = if next(3) == 0 { 12 } else { usize::MAX };
            let at = next(letters.len().clamp(1, most));
            let until = (at + next(3)).min(letters.len());
            let at = at.min(until);
            letters.splice(at..until, bits[next(bits.len())].chars());
        }
        let text: String = letters.into_iter().collect();
        let records = form.read(&text, &feed());
        assert!(
            records
                .iter()
                .all(|record| record.read.as_ref().is_ok_and(|told| told.len() < 3) || record.read.is_err())
        );
    }
}

#[test]
fn a_message_that_cannot_be_read_says_where() {
    let sound = adt("A01", "I", &[]);
    for (text, field) in [
        ("an unrelated text".to_owned(), "MSH"),
        (sound.replace("ADT^A01", "ORU^R01"), "MSH-9"),
        (adt("A40", "I", &[]), "MSH-9"),
        (sound.replace("SYNTHETIC GENERAL", ""), "MSH-4"),
        (sound.replace("V-190305^^^SG^VN", ""), "PV1-19"),
        (sound.replace("201903052240-0500", "20191305224000"), "EVN, PV1, MSH"),
        (sound.replace("201903052240-0500", "20190305"), "EVN, PV1, MSH"),
        (sound.replace("100044071903", "1000 4407"), "member"),
    ] {
        let unread = Form::Hl7.read(&text, &feed()).remove(0).read.unwrap_err();
        assert_eq!(unread.field, field);
        assert!(!unread.to_string().contains("EXAMPLETON"));
    }
}

const TABLE: &str = "\
Medicaid ID,Name,Date of Birth,Gender,Admit Date,Discharge Date,Disposition,Class,Visit Type,Facility,Complaint,Attending
100044071903,\"Exampleton, Marty\",1961-03-17,M,2019-03-05 22:40,03/07/2019 16:00,home,Inpatient,urgent,Synthetic General,pain,Dr. Q
,Nora Sample,03/02/1950,F,03/06/2019,,,ED,,Synthetic General,\"a \"\"fall\"\"\",
100044071903,Marty Exampleton,1961-03-17,M,2019-03-09,,,Outpatient,,Synthetic General,,
100044071903,Marty Exampleton,1961-03-17,M,yesterday,,,Inpatient,,Synthetic General,,
100044071903,Marty Exampleton
";

#[test]
fn what_a_table_tells() {
    let records = Form::Table.read(TABLE, &feed());
    assert_eq!(records.len(), 5);
    let [came, left] = records[0].read.as_ref().unwrap().as_slice() else { panic!("two things happened") };
    assert_eq!((came.alert.what, left.alert.what), (Happening::Admitted, Happening::Discharged));
    assert_eq!((local(came).as_str(), local(left).as_str()), ("2019-03-05 22:40", "2019-03-07 16:00"));
    assert_eq!(came.name.as_deref(), Some("Marty Exampleton"));
    assert_eq!(stay(came), ("Synthetic General", "2019-03-05"));
    assert_eq!(stay(left), stay(came), "both are of one stay");
    let [visit] = records[1].read.as_ref().unwrap().as_slice() else { panic!("one thing happened") };
    assert_eq!((visit.alert.what, visit.member.as_ref()), (Happening::EdVisit, None));
    assert_eq!(visit.birth_date, Some(date(1950, 3, 2)));
    assert!(records[2].read.as_ref().unwrap().is_empty());
    assert_eq!(records[3].read.as_ref().unwrap_err().field, "admit date");
    assert_eq!(records[4].read.as_ref().unwrap_err().field, "row");
}

#[test]
fn a_row_stands_by_itself_as_a_table() {
    let records = Form::Table.read(TABLE, &feed());
    let again = Form::Table.read(&records[1].text, &feed());
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].read, records[1].read);
    assert_eq!(again[0].text, records[1].text);
}

#[test]
fn a_table_without_its_columns_is_refused_whole() {
    let records = Form::Table.read("Medicaid ID,Name\n1,Nobody\n", &feed());
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].read.as_ref().unwrap_err().field, "admit date");
}

fn notification(event: &str, class: &str, status: &str) -> serde_json::Value {
    serde_json::json!({
        "resourceType": "Bundle", "id": "synthetic-message", "type": "message",
        "timestamp": "2019-03-06T08:00:00-05:00",
        "entry": [
            { "fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000001", "resource": {
                "resourceType": "MessageHeader", "id": "message-1",
                "eventCoding": { "system": notification::EVENTS, "code": event },
                "source": { "endpoint": "https://synthetic.example/adt" },
                "focus": [{ "reference": "urn:uuid:00000000-0000-4000-8000-000000000002" }],
            } },
            { "fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000002", "resource": {
                "resourceType": "Encounter", "status": status,
                "class": { "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": class },
                "identifier": [{ "value": "other" }, { "type": { "coding": [{ "code": "VN" }] }, "value": "V-190305" }],
                "subject": { "reference": "Patient/p1" },
                "period": { "start": "2019-03-05T22:40:00-05:00", "end": "2019-03-07T16:00:00-05:00" },
                "location": [
                    { "location": { "display": "Ward 1" }, "period": { "start": "2019-03-05T23:00:00-05:00" } },
                    { "location": { "display": "Ward 3" }, "period": { "start": "2019-03-06T07:15:00-05:00" } },
                ],
                "serviceProvider": { "reference": "Organization/o1" },
            } },
            { "fullUrl": "https://synthetic.example/fhir/Patient/p1", "resource": {
                "resourceType": "Patient", "id": "p1", "birthDate": "1961-03-17",
                "identifier": [{ "system": "urn:other", "value": "9" }, { "system": SYSTEM, "value": "100044071903" }],
                "name": [{ "use": "old", "text": "Nobody" }, { "use": "official", "family": "Exampleton", "given": ["Marty", "Q"] }],
            } },
            { "fullUrl": "https://synthetic.example/fhir/Organization/o1", "resource": {
                "resourceType": "Organization", "id": "o1", "name": "Synthetic General",
                "identifier": [{ "value": "SG" }],
            } },
        ],
    })
}

#[test]
fn what_a_notification_tells() {
    use Happening::{Admitted, Cancelled, Discharged, EdVisit, Transferred};
    for (event, class, status, what, cancels, at) in [
        ("notification-admit", "IMP", "in-progress", Admitted, None, "2019-03-05 22:40"),
        ("notification-admit", "EMER", "in-progress", EdVisit, None, "2019-03-05 22:40"),
        ("notification-transfer", "IMP", "in-progress", Transferred, None, "2019-03-06 07:15"),
        ("notification-discharge", "ACUTE", "finished", Discharged, None, "2019-03-07 16:00"),
        ("notification-admit", "IMP", "entered-in-error", Cancelled, Some(Admitted), "2019-03-06 08:00"),
    ] {
        let read = Form::Notification.read(&notification(event, class, status).to_string(), &feed());
        let told = read[0].read.as_ref().unwrap_or_else(|unread| panic!("{event}: {unread}"));
        let [input] = told.as_slice() else { panic!("{event}: {}", told.len()) };
        assert_eq!((input.alert.what, input.alert.cancels), (what, cancels), "{event}");
        assert_eq!(local(input), at, "{event}");
        assert_eq!(stay(input), ("SG", "V-190305"));
        assert_eq!(input.alert.facility_name.as_deref(), Some("Synthetic General"));
        assert_eq!((number(input), input.name.as_deref()), (Some("100044071903"), Some("Marty Exampleton")));
        assert_eq!(input.birth_date, Some(date(1961, 3, 17)));
    }
    let ambulatory = notification("notification-admit", "AMB", "in-progress").to_string();
    assert!(Form::Notification.read(&ambulatory, &feed())[0].read.as_ref().is_ok_and(Vec::is_empty));
}

#[test]
fn a_notification_that_cannot_be_read_says_where() {
    type Change = fn(&mut serde_json::Value);
    let changes: [(Change, &str); 7] = [
        (|it| it["type"] = "collection".into(), "Bundle.type"),
        (
            |it| it["entry"][0]["resource"]["eventCoding"]["system"] = "urn:x".into(),
            "MessageHeader.eventCoding",
        ),
        (
            |it| it["entry"][0]["resource"]["focus"][0]["reference"] = "Encounter/9".into(),
            "MessageHeader.focus",
        ),
        (|it| it["entry"][1]["resource"]["identifier"] = serde_json::json!([]), "Encounter.identifier"),
        (|it| it["entry"][1]["resource"]["period"]["start"] = "2019-03-05".into(), "Encounter.period"),
        (|it| it["entry"][1]["resource"]["subject"]["reference"] = "Patient/9".into(), "Encounter.subject"),
        (
            |it| {
                let patient = &mut it["entry"][2]["resource"];
                patient["identifier"] = serde_json::json!([]);
                patient["birthDate"] = "1961".into();
            },
            "member",
        ),
    ];
    for (change, field) in changes {
        let mut message = notification("notification-admit", "IMP", "in-progress");
        change(&mut message);
        let unread = Form::Notification.read(&message.to_string(), &feed()).remove(0).read.unwrap_err();
        assert_eq!(unread.field, field);
    }
    assert_eq!(Form::Notification.read("{", &feed())[0].read.as_ref().unwrap_err().field, "Bundle");
}
