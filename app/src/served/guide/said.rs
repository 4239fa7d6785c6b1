//! The sentences of the document in the language of the page.

use leptos::prelude::*;

use crate::i18n::{Language, language};
use crate::part::{IntoPart, Part};

include!(concat!(env!("OUT_DIR"), "/document_texts.rs"));

/// The Romanian for a sentence of the document, if there is one.
#[must_use]
pub fn romanian(sentence: &str) -> Option<&'static str> {
    DOCUMENT_RO.binary_search_by_key(&sentence, |(english, _)| english).ok().map(|found| DOCUMENT_RO[found].1)
}

/// A sentence of the document in the language of the page; what stands between backticks is code.
pub(super) fn said(sentence: &str) -> Part {
    let text = match language() {
        Language::En => sentence,
        Language::Ro => romanian(sentence).unwrap_or(sentence),
    };
    let pieces = text.split('`').enumerate().map(|(at, piece)| {
        let piece = piece.to_owned();
        if at % 2 == 1 { view! { <code>{piece}</code> }.part() } else { piece.part() }
    });
    pieces.collect_view().part()
}
