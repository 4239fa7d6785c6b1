#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::signed_in;
use crate::portal::{KeyId, KeyPage, PortalError};
#[cfg(feature = "ssr")]
use crate::to_view::{key_page, revealed};
#[cfg(feature = "ssr")]
use domain::key_list::KeyListQuery;

const LIST: &str = "/account/api-keys";

/// The page of the visitor's keys that the query of its address asks for.
#[server(prefix = "/portal", endpoint = "list_keys", input = GetUrl)]
pub async fn list_keys(#[server(default)] query: String) -> Result<KeyPage, PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let asked = KeyListQuery::parse(&query);
    let list = request.note(request.use_cases.keys.list_keys(actor, &asked).await)?;
    let fresh = request.shown_token(actor).map(|(id, token)| revealed(id, &token));
    Ok(key_page(&request, &list, asked, &query, fresh))
}

/// The list that a query asks for. What is no query of the list leads to the plain one.
#[must_use]
pub fn list_path(query: &str) -> String {
    #[cfg(feature = "ssr")]
    let query = KeyListQuery::parse(query).to_query();
    if query.is_empty() { LIST.into() } else { format!("{LIST}?{query}") }
}

/// The page of a key. An id that is not one lands on the list.
#[must_use]
pub fn key_path(id: &KeyId) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if id.0.is_empty() || !id.0.chars().all(plain) {
        return LIST.into();
    }
    format!("{LIST}/{}", id.0)
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn whatever_came_as_a_query_leads_to_the_list() {
        assert_eq!(list_path("page=2&q=a+b&state=paused"), "/account/api-keys?q=a+b&state=paused&page=2");
        for other in ["", "//evil.example", "\r\nset-cookie: a=b", "made=x&done=deleted-1", "page=1"] {
            assert_eq!(list_path(other), LIST, "{other:?}");
        }
    }

    #[test]
    fn only_a_plain_id_becomes_a_path() {
        let path = |id: &str| key_path(&KeyId(id.into()));
        assert_eq!(path("0198-ab"), "/account/api-keys/0198-ab");
        for id in ["", "../login", "a b", "a?b", "a\r\nb"] {
            assert_eq!(path(id), LIST, "{id:?}");
        }
    }
}
