//! A page of the list is read by ids, wherever in the list it lies, and what is due by when it is due.

use crate::stores::open;

#[tokio::test]
async fn a_page_of_the_list_is_found_by_ids() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log) = open(dir.path()).await;
    let plan = store.explain_list().await.unwrap();
    assert!(
        plan.iter().any(|step| step.starts_with("SEARCH k USING INDEX sqlite_autoindex_keys_1 (id=?)")),
        "{plan:?}"
    );
    assert!(!plan.iter().any(|step| step.starts_with("SCAN k")), "{plan:?}");
}

#[tokio::test]
async fn keys_with_a_mark_are_found_without_reading_all_keys() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log) = open(dir.path()).await;
    let plan = store.explain_marked_keys().await.unwrap();
    for index in ["keys_that_manage", "keys_that_rotate", "notices_by_user"] {
        assert!(plan.iter().any(|step| step.contains(index)), "{index}: {plan:?}");
    }
    assert!(!plan.iter().any(|step| step.starts_with("SCAN")), "{plan:?}");
}

#[tokio::test]
async fn a_page_of_the_history_reads_its_lines_in_the_order_of_an_index() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log) = open(dir.path()).await;
    for (filter, plan) in store.explain_history().await.unwrap() {
        let mut indexes = plan.iter().filter(|step| step.contains("SEARCH audit USING"));
        let column = if filter.contains("key: Some") { "key_no=? AND " } else { "_no=? AND " };
        assert!(
            indexes.clone().count() > 0 && indexes.all(|step| step.contains(column)),
            "{filter}: {plan:?}"
        );
        let sorted: Vec<_> = plan.iter().filter(|step| step.contains("TEMP B-TREE")).collect();
        // Only the lines of one page are put in order.
        assert!(
            sorted.len() <= 1 && !plan.iter().any(|step| step.starts_with("SCAN audit")),
            "{filter}: {plan:?}"
        );
    }
}

#[tokio::test]
async fn what_is_due_to_webhooks_is_found_without_reading_what_was_sent() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log) = open(dir.path()).await;
    let plan = store.explain_due_deliveries().await.unwrap();
    let by_due = "SEARCH webhook_deliveries USING INDEX webhook_deliveries_by_due";
    assert!(plan.iter().any(|step| step.starts_with(by_due)), "{plan:?}");
    assert!(!plan.iter().any(|step| step.starts_with("SCAN webhook_deliveries")), "{plan:?}");
}

#[tokio::test]
async fn what_is_looked_for_by_the_clock_is_found_without_reading_everything() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log) = open(dir.path()).await;
    for (query, plan) in store.explain_work_by_the_clock().await.unwrap() {
        // What is listed in a parameter, or found by the search before, is read whole.
        let reads_all = |step: &&String| {
            step.starts_with("SCAN")
                && !["json_each", "(subquery", "first"].iter().any(|few| step.contains(few))
        };
        assert_eq!(plan.iter().find(reads_all), None, "{query}: {plan:?}");
    }
}
