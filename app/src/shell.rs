use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;
use leptos_router::location::RequestUrl;

use crate::app::App;
use crate::i18n::language;
use crate::page_table::Page;

/// Where the browser finds the site's files; their names change with their content.
#[derive(Clone)]
pub struct SiteFiles {
    /// The loader, such as `/pkg/latchkey.3f2a.js`.
    pub js: String,
    /// The program.
    pub wasm: String,
    /// The style.
    pub css: String,
}

/// The document around the application; only the server renders it.
pub fn shell(site: SiteFiles) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang=language().code()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="robots" content="noindex"/>
                <link rel="stylesheet" href=site.css/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                {(!is_plain()).then(|| start_script(site.js, site.wasm))}
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// Whether the page that is asked for stays as the server wrote it.
fn is_plain() -> bool {
    let asked = use_context::<RequestUrl>().and_then(|url| url.parse().ok());
    asked.is_some_and(|url| Page::find(url.path()).is_some_and(Page::is_served))
}

/// Starts the program. Leptos' own tags read file names from a file beside the binary, and there is none.
fn start_script(js: String, wasm: String) -> impl IntoView {
    let nonce = use_nonce();
    let start = format!(
        "import({js:?}).then(m => m.default({{ module_or_path: {wasm:?} }}).then(() => m.hydrate()))"
    );
    view! {
        <link rel="modulepreload" href=js nonce=nonce.clone()/>
        <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
        <script type="module" nonce=nonce>{start}</script>
    }
}
