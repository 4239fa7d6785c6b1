use super::*;
use serde_json::json;
use std::fs;

#[test]
fn a_path_leads_to_its_page() {
    let found = |path: &str| Page::find(path).map(|page| page.path);
    assert_eq!(found("/"), Some("/"));
    assert_eq!(found("/account/api-keys/new"), Some("/account/api-keys/new"));
    assert_eq!(found("/account/api-keys/0198"), Some("/account/api-keys/:id"));
    assert_eq!(found("/account/webhooks/7/remove/"), Some("/account/webhooks/:id/remove"));
    for path in ["/nowhere", "/account", "/account/webhooks/7/8", "/login/codes", ""] {
        let is_root = path.is_empty();
        assert_eq!(found(path), is_root.then_some("/"), "{path}");
    }
}

#[test]
fn a_step_that_stands_for_any_is_written_as_one_likes() {
    let written = |path| Page::find(path).unwrap().path_with(|name| format!("<{name}>"));
    assert_eq!(written("/"), "/");
    assert_eq!(written("/account/api-keys/0198/delete"), "/account/api-keys/<id>/delete");
}

#[test]
fn a_post_is_for_one_form() {
    assert_eq!(One("log_in").find("whatever"), Some("log_in"));
    assert_eq!(Named(NOTICE_FORMS).find(""), None);
    assert_eq!(Named(NOTICE_FORMS).find("ignore_notice"), Some("ignore_notice"));
    let webhooks = OneOrNamed("add_webhook", &["have_it"]);
    assert_eq!(webhooks.find(""), Some("add_webhook"));
    assert_eq!(webhooks.find("have_it"), Some("have_it"));
    assert_eq!((webhooks.find("log_in"), Forms::None.find("")), (None, None));
    assert_eq!(webhooks.names().collect::<Vec<_>>(), ["add_webhook", "have_it"]);
}

#[test]
fn the_menu_leads_to_pages_that_its_reader_may_see() {
    let viewer = |is_owner| Viewer {
        username: "demo".into(),
        is_owner,
        unread: 3,
        may_manage: true,
        code_needed: false,
        applications: is_owner,
        has_sub_users: false,
    };
    let shown = |is_owner| {
        let viewer = viewer(is_owner);
        MENU.iter().filter_map(|entry| (entry.text)(&viewer)).collect::<Vec<_>>()
    };
    assert_eq!(
        shown(true),
        ["Dashboard", "API Keys", "Sub-users", "Applications", "Profile", "Notifications (3)"]
    );
    assert_eq!(shown(false), ["Dashboard", "API Keys", "Profile", "Notifications (3)"]);
    for entry in MENU {
        let page = Page::find(entry.path).unwrap();
        assert_eq!((page.seen_by, page.is_served()), (Users, entry.external), "{}", entry.path);
    }
}

/// The tests in a browser read the table from a file; where it does not say what the table says, it is written anew.
#[test]
fn the_tests_in_a_browser_know_every_page() {
    let rows: Vec<_> = PAGES
        .iter()
        .map(|page| {
            let seen_by = format!("{:?}", page.seen_by).to_lowercase();
            json!({ "path": page.path, "title": page.title(), "served": page.is_served(), "seen_by": seen_by })
        })
        .collect();
    let table = serde_json::to_string_pretty(&rows).unwrap() + "\n";
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../end2end/pages.json");
    if fs::read_to_string(file).ok().as_ref() != Some(&table) {
        fs::write(file, table).unwrap();
        panic!("end2end/pages.json was not the table of pages; it is now: look at it, and keep it");
    }
}
