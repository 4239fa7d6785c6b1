//! Calls of server functions whose result a page needs before it can be shown.
//!
//! While the server renders it calls its own functions; the browser finds their results in the page, and asks for new ones.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::portal::{FoundKey, KeyDetails, KeyHtml, KeyId, KeyPage, PageHtml, PortalError, Viewer};

/// A result on its way.
pub(crate) type Loading<T> = Resource<Result<T, PortalError>>;

/// The user who is logged in.
pub(crate) fn viewer() -> Loading<Option<Viewer>> {
    Resource::new_blocking(|| (), |()| calls::viewer())
}

/// HTML that the server has finished. A page that is sent holds it once, as HTML: what the program in the browser starts
/// from leaves it out, because the program takes over elements that are there without setting them.
#[derive(Clone)]
pub(crate) struct Written<T>(pub(crate) T);

impl<T> Serialize for Written<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de, T: Default> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <()>::deserialize(deserializer).map(|()| Self(T::default()))
    }
}

/// The first page over a range of time; called again whenever that changes.
pub(crate) fn dashboard(range: Memo<String>) -> Loading<Written<String>> {
    Resource::new_blocking(
        move || range.get(),
        |range| async move { calls::dashboard(range).await.map(|found| Written(found.html)) },
    )
}

/// A page of keys, and what the server wrote of it.
pub(crate) type ShownPage = (KeyPage, Written<PageHtml>);

/// The page of keys that the query of an address asks for, and the token that it names; called again whenever it changes.
pub(crate) fn key_page(query: impl Fn() -> String + Send + Sync + 'static) -> Loading<ShownPage> {
    let made = made();
    Resource::new_blocking(
        move || (query(), made.get()),
        |(query, made)| async move {
            let mut page = calls::list_keys(query, made).await?;
            let html = std::mem::take(&mut page.html);
            Ok((page, Written(html)))
        },
    )
}

/// A key, and what the server wrote of its page.
pub(crate) type ShownKey = (KeyDetails, Written<KeyHtml>);

/// One key, and its token if the address names it; called again whenever either changes.
pub(crate) fn key(id: impl Fn() -> KeyId + Send + Sync + 'static) -> Loading<ShownKey> {
    let made = made();
    Resource::new_blocking(
        move || (id(), made.get()),
        |(id, made)| async move {
            calls::find_key(id, made).await.map(|FoundKey { key, html }| (key, Written(html)))
        },
    )
}

/// The name in the address of what is shown once. The server reads it from the address by itself.
pub(crate) fn made() -> Memo<String> {
    let query = use_query_map();
    Memo::new(move |_| query.with(|query| query.get("made")).unwrap_or_default())
}

/// On the server.
#[cfg(feature = "ssr")]
mod calls {
    use crate::portal::{FoundKey, KeyId, KeyPage, PortalError};
    use crate::server_fns;
    pub(super) use crate::server_fns::{dashboard, viewer};

    pub(super) async fn list_keys(query: String, _made: String) -> Result<KeyPage, PortalError> {
        server_fns::list_keys(query).await
    }

    pub(super) async fn find_key(id: KeyId, _made: String) -> Result<FoundKey, PortalError> {
        server_fns::find_key(id).await
    }
}

/// In the browser.
#[cfg(not(feature = "ssr"))]
mod calls {
    use send_wrapper::SendWrapper;
    use serde::de::DeserializeOwned;
    use server_fn::ServerFn;

    use crate::portal::{Dashboard, FoundKey, KeyId, KeyPage, PortalError, Viewer};
    use crate::server_fns::{FindKey, ListKeys, ReadDashboard, ReadViewer};
    use crate::transport::{from_json, get};

    /// A browser has one thread; the wrapper says so to the compiler.
    fn ask<T: DeserializeOwned>(
        path: &'static str,
        given: [(&'static str, String); 2],
    ) -> impl Future<Output = Result<T, PortalError>> + Send {
        SendWrapper::new(async move { from_json(&get(path, given).await?) })
    }

    fn none() -> [(&'static str, String); 2] {
        [("", String::new()), ("", String::new())]
    }

    pub(super) fn viewer() -> impl Future<Output = Result<Option<Viewer>, PortalError>> + Send {
        ask(ReadViewer::PATH, none())
    }

    pub(super) fn dashboard(range: String) -> impl Future<Output = Result<Dashboard, PortalError>> + Send {
        ask(ReadDashboard::PATH, [("range", range), ("", String::new())])
    }

    pub(super) fn list_keys(
        query: String,
        made: String,
    ) -> impl Future<Output = Result<KeyPage, PortalError>> + Send {
        ask(ListKeys::PATH, [("query", query), ("made", made)])
    }

    pub(super) fn find_key(
        id: KeyId,
        made: String,
    ) -> impl Future<Output = Result<FoundKey, PortalError>> + Send {
        ask(FindKey::PATH, [("id", id.0), ("made", made)])
    }
}
