#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::signed_in;
use crate::portal::{KeyPage, PortalError};
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
}
