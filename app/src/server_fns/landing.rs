use server_fn::ServerFn;

/// A change that a plain form can ask for: where the browser goes after it, and what comes back if it is refused.
pub trait Landing: ServerFn {
    /// Where a plain post goes after success.
    fn landing(&self) -> String;

    /// The entered values without the secret ones.
    fn echo(&self) -> Vec<(String, String)>;

    /// The name of the form: the last part of the server function's address.
    #[must_use]
    fn form_name() -> &'static str {
        form_name::<Self>()
    }
}

/// The name that [`FormEcho`](crate::FormEcho) gives to a server function's form.
#[must_use]
pub fn form_name<F: ServerFn>() -> &'static str {
    last_part(F::PATH)
}

pub(crate) fn last_part(path: &'static str) -> &'static str {
    path.rsplit('/').next().unwrap_or_default()
}

/// `next` if it stays on this site, else the first page.
#[must_use]
pub fn local_path(next: Option<&str>) -> &str {
    let next = next.unwrap_or_default();
    // Browsers read `//host` and `/\host` as another site, and drop tabs and line feeds before they look.
    let stays = next.starts_with('/')
        && !next.starts_with("//")
        && !next.chars().any(|c| c == '\\' || c.is_control());
    if stays { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_next_that_leaves_the_site_is_dropped() {
        for next in [
            "",
            "account",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/a\nb",
            "/a\u{7f}",
            "https://evil.example/",
            "javascript:alert(1)",
            " /a",
        ] {
            assert_eq!(local_path(Some(next)), "/", "{next:?}");
        }
        assert_eq!(local_path(None), "/");
    }

    #[test]
    fn a_next_on_the_site_is_kept() {
        for next in ["/", "/account/api-keys?page=2", "/a//b", "/account/api-keys/1#x"] {
            assert_eq!(local_path(Some(next)), next);
        }
    }
}
