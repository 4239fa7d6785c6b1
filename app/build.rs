//! Turns `locales/*.json` into one struct of texts, so that a missing text does not compile.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

type Locale = BTreeMap<String, String>;

fn main() {
    let english = read("locales/en.json");
    let romanian = read("locales/ro.json");
    check(&english, &romanian);
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    std::fs::write(out.join("texts.rs"), generate(&english, &romanian)).expect("OUT_DIR can be written");
}

fn read(path: &str) -> Locale {
    println!("cargo::rerun-if-changed={path}");
    let json = std::fs::read_to_string(Path::new(path)).expect("the locale can be read");
    serde_json::from_str(&json).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn check(english: &Locale, romanian: &Locale) {
    for (key, text) in english {
        let Some(other) = romanian.get(key) else { panic!("locales/ro.json lacks {key:?}") };
        assert!(
            placeholders(text) == placeholders(other),
            "the placeholders of {key:?} differ between locales/en.json and locales/ro.json"
        );
    }
    if let Some(key) = romanian.keys().find(|key| !english.contains_key(*key)) {
        panic!("locales/en.json lacks {key:?}");
    }
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name)).collect()
}

fn generate(english: &Locale, romanian: &Locale) -> String {
    let mut code = String::from("/// Every text of the pages.\npub struct Texts {\n");
    for (key, text) in english {
        let _ = writeln!(code, "    #[doc = {text:?}]\n    pub {key}: &'static str,");
    }
    code.push_str("}\n");
    for (name, title, locale) in [("EN", "English", english), ("RO", "Romanian", romanian)] {
        let _ = writeln!(code, "/// {title}.\npub static {name}: Texts = Texts {{");
        for (key, text) in locale {
            let _ = writeln!(code, "    {key}: {text:?},");
        }
        code.push_str("};\n");
    }
    code
}
