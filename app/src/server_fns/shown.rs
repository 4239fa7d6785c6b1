#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;

#[cfg(feature = "ssr")]
use super::signed_in;
use super::{landings, local_path};
use crate::portal::PortalError;
#[cfg(feature = "ssr")]
use service::shown_once::ShownName;

/// Says that the reader has what is shown under a name, so that it is forgotten.
#[server(prefix = "/portal", endpoint = "have_it")]
pub async fn have_it(
    #[server(default)] made: String,
    #[server(default)] next: Option<String>,
) -> Result<(), PortalError> {
    let _ = next;
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    // Said twice, or too late, it is as true.
    if let Some(name) = ShownName::parse(&made) {
        let is_own = request.use_cases.shown_once.forget(&name, request.note(actor.session())?.number);
        if is_own {
            *request.outcome.had.lock() = Some(name);
        }
    }
    Ok(())
}

/// The path with the name of what is shown there.
#[cfg(feature = "ssr")]
#[must_use]
pub fn with_made(path: &str, made: &str) -> String {
    let (path, fragment) = path.split_once('#').map_or((path, None), |(path, rest)| (path, Some(rest)));
    let sign = if path.contains('?') { '&' } else { '?' };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{path}{sign}made={made}{fragment}")
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_name_goes_behind_the_path() {
        assert_eq!(with_made("/a", "x"), "/a?made=x");
        assert_eq!(with_made("/a?done=b", "x"), "/a?done=b&made=x");
        assert_eq!(with_made("/a#b", "x"), "/a?made=x#b");
    }
}

landings! {
    HaveIt(form) => local_path(form.next.as_deref()), [];
}
