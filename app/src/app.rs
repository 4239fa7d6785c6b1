use leptos::prelude::*;
use leptos_router::components::Router;

use crate::components::{Announcer, Footer, Header, LastHeading, live_region};
use crate::echo::provide_echo;
use crate::i18n::texts;
use crate::page_table::routes;
use crate::session::Session;

/// The whole application; what hydrates in the browser.
#[component]
pub fn App() -> impl IntoView {
    #[cfg(feature = "ssr")]
    leptos_meta::provide_meta_context();
    provide_echo();
    let session = Session::provide();
    let announcer = Announcer::provide();
    view! {
        <Router>
            {frame(session, announcer)}
        </Router>
    }
}

/// What stands around every page.
fn frame(session: Session, announcer: Announcer) -> impl IntoView {
    LastHeading::provide();
    view! {
        // The router takes no part in this: the browser moves the focus.
        <a class="skip-link" href="#main" rel="external">{texts().skip_to_content}</a>
        <Header session/>
        <main id="main" tabindex="-1">
            {routes()}
        </main>
        <Footer/>
        {live_region(announcer)}
    }
}
