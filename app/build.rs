//! Turns `locales/*.json` into structs of texts, so that a missing text does not compile: one of the pages that
//! the browser's program shows, and one for each folder beside them, which only the server knows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

type Locale = BTreeMap<String, String>;

/// Folder, type of its texts, names of its two statics.
const SETS: &[(&str, &str, [&str; 2])] = &[
    ("", "Texts", ["EN", "RO"]),
    ("door/", "DoorTexts", ["DOOR_EN", "DOOR_RO"]),
    ("security/", "SecurityTexts", ["SECURITY_EN", "SECURITY_RO"]),
    ("profile/", "ProfileTexts", ["PROFILE_EN", "PROFILE_RO"]),
    ("history/", "HistoryTexts", ["HISTORY_EN", "HISTORY_RO"]),
    ("sub_users/", "SubUserTexts", ["SUB_USERS_EN", "SUB_USERS_RO"]),
    ("notices/", "NoticeTexts", ["NOTICES_EN", "NOTICES_RO"]),
    ("keys/", "KeyTexts", ["KEYS_EN", "KEYS_RO"]),
    ("dashboard/", "DashboardTexts", ["DASHBOARD_EN", "DASHBOARD_RO"]),
    ("trial/", "TrialTexts", ["TRIAL_EN", "TRIAL_RO"]),
    ("usage/", "UsageTexts", ["USAGE_EN", "USAGE_RO"]),
    ("webhooks/", "WebhookTexts", ["WEBHOOKS_EN", "WEBHOOKS_RO"]),
    ("applications/", "ApplicationTexts", ["APPLICATIONS_EN", "APPLICATIONS_RO"]),
    ("mail/", "MailTexts", ["MAIL_EN", "MAIL_RO"]),
    ("guide/", "GuideTexts", ["GUIDE_EN", "GUIDE_RO"]),
];
/// The Romanian for each sentence of the OpenAPI document, by the English.
const DOCUMENT: &str = "locales/document/ro.json";

fn main() {
    let (mut code, mut served) = (String::new(), String::new());
    for &(folder, kind, names) in SETS {
        let english = read(&format!("locales/{folder}en.json"));
        let romanian = read(&format!("locales/{folder}ro.json"));
        check(folder, &english, &romanian);
        let code = if folder.is_empty() { &mut code } else { &mut served };
        code.push_str(&generate(kind, names, &english, &romanian));
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    std::fs::write(out.join("texts.rs"), code).expect("OUT_DIR can be written");
    std::fs::write(out.join("served_texts.rs"), served).expect("OUT_DIR can be written");
    std::fs::write(out.join("document_texts.rs"), sentences(&read(DOCUMENT)))
        .expect("OUT_DIR can be written");
}

fn read(path: &str) -> Locale {
    println!("cargo::rerun-if-changed={path}");
    let json = std::fs::read_to_string(Path::new(path)).expect("the locale can be read");
    serde_json::from_str(&json).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn check(folder: &str, english: &Locale, romanian: &Locale) {
    for (key, text) in english {
        let Some(other) = romanian.get(key) else { panic!("locales/{folder}ro.json lacks {key:?}") };
        assert!(
            placeholders(text) == placeholders(other),
            "the placeholders of {key:?} differ between the two files of locales/{folder}"
        );
    }
    if let Some(key) = romanian.keys().find(|key| !english.contains_key(*key)) {
        panic!("locales/{folder}en.json lacks {key:?}");
    }
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name)).collect()
}

/// A table from English to Romanian, in the order of the English.
fn sentences(romanian: &Locale) -> String {
    let rows: String =
        romanian.iter().map(|(english, text)| format!("    ({english:?}, {text:?}),\n")).collect();
    format!("static DOCUMENT_RO: &[(&str, &str)] = &[\n{rows}];\n")
}

fn generate(kind: &str, names: [&str; 2], english: &Locale, romanian: &Locale) -> String {
    let mut code = format!("/// Texts of `locales/`.\npub struct {kind} {{\n");
    for (key, text) in english {
        let _ = writeln!(code, "    #[doc = {text:?}]\n    pub {key}: &'static str,");
    }
    code.push_str("}\n");
    for (name, title, locale) in [(names[0], "English", english), (names[1], "Romanian", romanian)] {
        let _ = writeln!(code, "/// {title}.\npub static {name}: {kind} = {kind} {{");
        for (key, text) in locale {
            let _ = writeln!(code, "    {key}: {text:?},");
        }
        code.push_str("};\n");
    }
    code
}
