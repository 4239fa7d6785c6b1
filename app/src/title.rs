//! The title of a page.

/// Names the page in the browser's tab.
#[cfg(not(feature = "ssr"))]
pub(crate) fn set_title(text: &str) {
    leptos::prelude::document().set_title(&whole(text));
}

/// Names the page in the browser's tab.
#[cfg(feature = "ssr")]
pub(crate) fn set_title(text: &str) {
    // leptos_meta writes a title as it is, and this one may hold what a customer entered.
    let text = whole(text).replace('&', "&amp;").replace('<', "&lt;");
    // The call alone puts it into the page's head.
    let _ = leptos_meta::Title(leptos_meta::TitleProps::builder().text(text).build());
}

fn whole(text: &str) -> String {
    format!("{text} · Latchkey")
}
