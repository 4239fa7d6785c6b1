use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::{SsrMode, path};

#[cfg(not(feature = "ssr"))]
use crate::components::NotFoundView;
use crate::components::{Announcer, Footer, Header, LastHeading, LiveRegion};
use crate::echo::provide_echo;
use crate::i18n::texts;
use crate::pages::{DashboardPage, DeleteKeyPage, GenerateKeyPage, KeyPageView, KeysPage};
#[cfg(not(feature = "ssr"))]
use crate::part::IntoPart;
use crate::part::Part;
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
            <Frame session announcer/>
        </Router>
    }
}

/// What stands around every page.
#[component]
fn Frame(
    /// Who looks at it.
    session: Session,
    /// Who speaks.
    announcer: Announcer,
) -> impl IntoView {
    LastHeading::provide();
    view! {
        // The router takes no part in this: the browser moves the focus.
        <a class="skip-link" href="#main" rel="external">{texts().skip_to_content}</a>
        <Header session/>
        <main id="main" tabindex="-1">
            <Pages/>
        </main>
        <Footer/>
        <LiveRegion announcer/>
    }
}

/// What the router finds no page for: the server knows a few more.
#[cfg(feature = "ssr")]
fn other_page() -> Part {
    crate::served::served_page()
}

/// What the router finds no page for.
#[cfg(not(feature = "ssr"))]
fn other_page() -> Part {
    view! { <NotFoundView/> }.part()
}

/// Every address and its page. The whole page is sent at once, because its status is known only then.
#[component]
fn Pages() -> impl IntoView {
    view! {
        <FlatRoutes fallback=other_page>
            <Route path=path!("/") view=DashboardPage ssr=SsrMode::Async/>
            <Route path=path!("/account/api-keys") view=KeysPage ssr=SsrMode::Async/>
            <Route path=path!("/account/api-keys/new") view=GenerateKeyPage ssr=SsrMode::Async/>
            <Route path=path!("/account/api-keys/:id") view=KeyPageView ssr=SsrMode::Async/>
            <Route path=path!("/account/api-keys/:id/delete") view=DeleteKeyPage ssr=SsrMode::Async/>
        </FlatRoutes>
    }
}
