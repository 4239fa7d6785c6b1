use super::*;
use app::{GuideRecord, romanian};
use std::collections::BTreeSet;

fn shown() -> ApiGuide {
    guide("https://keys.example.com")
}

/// Every sentence that the page shows.
fn sentences(guide: &ApiGuide) -> BTreeSet<&str> {
    let mut all = BTreeSet::from([guide.about.as_str()]);
    for group in &guide.groups {
        all.insert(&group.about);
        for operation in &group.operations {
            all.insert(&operation.summary);
            all.extend(operation.description.as_deref());
            all.extend(operation.parameters.iter().map(|field| field.about.as_str()));
            all.extend(operation.answers.iter().chain(&operation.errors).map(|answer| answer.about.as_str()));
        }
    }
    for GuideRecord { about, fields, .. } in &guide.records {
        all.insert(about);
        all.extend(fields.iter().map(|field| field.about.as_str()));
    }
    all
}

#[test]
fn every_sentence_of_the_document_is_there_in_romanian() {
    let guide = shown();
    let lacking: Vec<_> =
        sentences(&guide).into_iter().filter(|english| romanian(english).is_none()).collect();
    assert!(lacking.is_empty(), "app/locales/document/ro.json lacks {lacking:#?}");
}

#[test]
fn every_operation_is_shown_once_and_its_body_has_an_example() {
    let document =
        serde_json::to_value(super::super::document::document("https://keys.example.com")).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let in_document: BTreeSet<_> = paths
        .values()
        .flat_map(|methods| methods.as_object().unwrap().values())
        .map(|operation| text(&operation["operationId"]))
        .collect();
    let guide = shown();
    let all: Vec<_> = guide.groups.iter().flat_map(|group| &group.operations).collect();
    assert_eq!(all.iter().map(|operation| operation.id.clone()).collect::<BTreeSet<_>>(), in_document);
    assert_eq!(all.len(), in_document.len());
    for operation in all {
        assert_eq!(operation.body.is_some(), operation.curl.contains("--json"), "{}", operation.id);
    }
}

#[test]
fn a_line_of_a_shell_names_everything_that_the_operation_takes() {
    let guide = shown();
    let mut all = guide.groups.iter().flat_map(|group| &group.operations);
    let rotate = all.find(|operation| operation.id == "rotate_key").unwrap();
    insta::assert_snapshot!(rotate.curl, @r#"
    curl -X POST "https://keys.example.com/v1/keys/$KEY_ID/rotate" \
      -H "Authorization: Bearer $LATCHKEY_KEY" \
      -H "Idempotency-Key: $(uuidgen)" \
      --json '{"overlap_seconds":86400}'
    "#);
}
