use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{Form, account_menu, once_there};
use crate::i18n::texts;
use crate::page_table::{MENU, MenuEntry};
use crate::part::{IntoPart, Part};
use crate::portal::{PortalError, Viewer};
use crate::server_fns::LogOut;
use crate::session::Session;

/// The title band and, for a user, the navigation.
#[component]
pub(crate) fn Header(
    /// The session of the visitor.
    session: Session,
) -> impl IntoView {
    // A page load, not a step of the router: nothing of the user stays in the browser's memory.
    let log_out = Form::<LogOut>::then(|()| {
        let _ = window().location().set_href("/login");
    });
    let navigation = move |viewer: Result<Option<Viewer>, PortalError>| {
        viewer.ok().flatten().map(|viewer| navigation_bar(viewer, log_out)).part()
    };
    view! {
        <header class="site-header">
            <div class="band">
                <a class="brand" href="/">"Latchkey"</a>
            </div>
            {once_there(session.viewer, || ().part(), navigation)}
        </header>
    }
}

/// The dark bar with the ways to all pages.
fn navigation_bar(viewer: Viewer, log_out: Form<LogOut>) -> Part {
    let t = texts();
    let unread = (viewer.unread > 0).then(|| {
        view! {
            <a class="unread" href="/account/notifications" rel="external">
                <span class="visually-hidden">{t.notifications}": "</span>
                {viewer.unread}
            </a>
        }
    });
    let (account, bar): (Vec<_>, Vec<_>) = MENU.iter().partition(|entry| entry.path.starts_with("/account/"));
    let bar = menu_links(bar, &viewer);
    let account = menu_links(account, &viewer);
    view! {
        <nav class="bar" aria-label=t.navigation_label>
            <ul class="bar-links">
                {bar}
                {account_menu(account, log_out)}
            </ul>
            <p class="user">
                <span class="visually-hidden">{t.logged_in_as}" "</span>
                <span class="username">{viewer.username}</span>
                {unread}
            </p>
        </nav>
    }
    .part()
}

/// The entries of the menu that this viewer has.
fn menu_links(entries: Vec<&'static MenuEntry>, viewer: &Viewer) -> Part {
    let entries = entries.into_iter().filter_map(|entry| Some((entry, (entry.text)(viewer)?)));
    let links = entries.map(|(entry, text)| {
        view! { <li>{nav_link(entry.path, text, entry.external)}</li> }
    });
    links.collect_view().part()
}

/// "Notifications (3)"
pub(crate) fn notifications(unread: u32) -> String {
    let text = texts().notifications;
    if unread == 0 { text.to_owned() } else { format!("{text} ({unread})") }
}

/// A link that knows whether it leads to the page that is shown, or to the one above it.
fn nav_link(to: &'static str, text: String, external: bool) -> Part {
    let path = use_location().pathname;
    let current = Signal::derive(move || {
        path.with(|path| match path.strip_prefix(to) {
            Some("") => Some("page"),
            Some(rest) if rest.starts_with('/') => Some("true"),
            _ => None,
        })
    });
    view! { <a href=to rel=external.then_some("external") aria-current=current>{text}</a> }.part()
}
