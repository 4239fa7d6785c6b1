//! Calls of server functions whose result a page needs before it can be shown.
//!
//! While the server renders it calls its own functions; the browser sends a request. Either way the [`Reply`] stays JSON
//! until a page shows it, so that waiting and hydrating are compiled once and not once per view type.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use leptos::prelude::*;
use leptos::server::codee::string::FromToStringCodec;
use leptos_router::hooks::use_query_map;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::portal::{Dashboard, KeyDetails, KeyId, KeyPage, PortalError, Viewer};
use crate::transport::from_json;

/// A server function with its arguments.
#[derive(Clone, PartialEq)]
enum Call {
    Viewer,
    Dashboard,
    KeyPage(u32, String),
    Key(KeyId, String),
}

/// The user who is logged in.
pub(crate) fn viewer() -> Loading<Option<Viewer>> {
    Loading::new(|| Call::Viewer)
}

/// The figures of the first page.
pub(crate) fn dashboard() -> Loading<Dashboard> {
    Loading::new(|| Call::Dashboard)
}

/// One page of keys, and the token that the address names; called again whenever either changes.
pub(crate) fn key_page(page: impl Fn() -> u32 + Send + Sync + 'static) -> Loading<KeyPage> {
    let made = made();
    Loading::new(move || Call::KeyPage(page(), made.get()))
}

/// One key, and its token if the address names it; called again whenever either changes.
pub(crate) fn key(id: impl Fn() -> KeyId + Send + Sync + 'static) -> Loading<KeyDetails> {
    let made = made();
    Loading::new(move || Call::Key(id(), made.get()))
}

/// The name in the address of what is shown once. The server reads it from the address by itself.
pub(crate) fn made() -> Memo<String> {
    let query = use_query_map();
    Memo::new(move |_| query.with(|query| query.get("made")).unwrap_or_default())
}

/// A reply on its way, of whatever type.
pub(crate) type ReplyResource = Resource<Reply, FromToStringCodec>;

/// A reply of type `T` on its way.
pub(crate) struct Loading<T> {
    reply: ReplyResource,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Loading<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Loading<T> {}

impl<T> Loading<T> {
    fn new(call: impl Fn() -> Call + Send + Sync + 'static) -> Self {
        Self { reply: load(Box::new(call)), of: PhantomData }
    }

    /// Calls again.
    pub(crate) fn refetch(self) {
        self.reply.refetch();
    }

    /// Returns the reply without its type.
    pub(crate) fn untyped(self) -> ReplyResource {
        self.reply
    }
}

fn load(call: Box<dyn Fn() -> Call + Send + Sync>) -> ReplyResource {
    Resource::new_str_blocking(call, Call::make)
}

/// The JSON of what a server function returned, or its error.
#[derive(Clone)]
pub(crate) struct Reply(Result<String, PortalError>);

impl Reply {
    /// Returns what the function returned.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<T, PortalError> {
        from_json(&self.0?)
    }
}

// The form in which a reply travels inside of the page: a sign, then JSON.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(json) => write!(f, "+{json}"),
            Err(error) => write!(f, "-{}", to_json(error).unwrap_or_default()),
        }
    }
}

impl FromStr for Reply {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(match text.split_at_checked(1) {
            Some(("+", json)) => Ok(json.to_owned()),
            Some((_, json)) => Err(from_json(json).unwrap_or_else(|error| error)),
            None => Err(PortalError::Unavailable),
        }))
    }
}

fn to_json(value: &impl Serialize) -> Result<String, PortalError> {
    serde_json::to_string(value).map_err(|error| PortalError::Connection(error.to_string()))
}

/// On the server.
#[cfg(feature = "ssr")]
mod here {
    use super::{Call, Reply, to_json};
    use crate::server_fns as functions;

    impl Call {
        pub(super) async fn make(self) -> Reply {
            Reply(match self {
                Self::Viewer => functions::viewer().await.and_then(|found| to_json(&found)),
                Self::Dashboard => functions::dashboard().await.and_then(|found| to_json(&found)),
                Self::KeyPage(page, _) => functions::list_keys(page).await.and_then(|found| to_json(&found)),
                Self::Key(id, _) => functions::find_key(id).await.and_then(|found| to_json(&found)),
            })
        }
    }
}

/// In the browser.
#[cfg(not(feature = "ssr"))]
mod far {
    use send_wrapper::SendWrapper;
    use server_fn::ServerFn;

    use super::{Call, Reply};
    use crate::server_fns::{FindKey, ListKeys, ReadDashboard, ReadViewer};
    use crate::transport::get;

    impl Call {
        pub(super) fn make(self) -> impl Future<Output = Reply> + Send {
            let none = || ("", String::new());
            let (path, given) = match self {
                Self::Viewer => (ReadViewer::PATH, [none(), none()]),
                Self::Dashboard => (ReadDashboard::PATH, [none(), none()]),
                Self::KeyPage(page, made) => (ListKeys::PATH, [("page", page.to_string()), ("made", made)]),
                Self::Key(id, made) => (FindKey::PATH, [("id", id.0), ("made", made)]),
            };
            // A browser has one thread; the wrapper says so to the compiler.
            SendWrapper::new(async move { Reply(get(path, given).await) })
        }
    }
}
