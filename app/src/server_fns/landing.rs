//! Where plain forms lead: the server answers a form that was carried out with 303 to its landing, and a refused one with
//! its page, filled in with what comes back.

use std::borrow::Cow;

use server_fn::ServerFn;

use crate::portal::{KeyId, Role, UserCode};

/// A change that a plain form can ask for: where the browser goes after it, and what comes back if it is refused.
pub trait Landing: ServerFn {
    /// Returns where a plain post goes after success.
    fn landing(&self) -> Cow<'_, str>;

    /// Returns the entered values without the secret ones.
    fn echo(&self) -> Vec<(String, String)>;

    /// The name of the form: the last part of the server function's address.
    #[must_use]
    fn form_name() -> &'static str {
        form_name::<Self>()
    }
}

/// An entered value as a form sends it.
pub(super) trait Entered {
    /// Returns its text.
    fn entered(&self) -> String;
}

impl Entered for String {
    fn entered(&self) -> String {
        self.clone()
    }
}

/// Where a login leads to.
impl Entered for Option<String> {
    fn entered(&self) -> String {
        local_path(self.as_deref()).into()
    }
}

/// A box that was ticked.
impl Entered for bool {
    fn entered(&self) -> String {
        if *self { "true".into() } else { String::new() }
    }
}

impl Entered for i64 {
    fn entered(&self) -> String {
        self.to_string()
    }
}

impl Entered for u32 {
    fn entered(&self) -> String {
        self.to_string()
    }
}

impl Entered for KeyId {
    fn entered(&self) -> String {
        self.0.clone()
    }
}

impl Entered for UserCode {
    fn entered(&self) -> String {
        self.0.clone()
    }
}

impl Entered for Role {
    fn entered(&self) -> String {
        self.field_value().into()
    }
}

// Each row: a form, where it lands, and the names of its fields that come back (or what makes all that comes back).
macro_rules! landings {
    ($($form:ident($it:ident) => $landing:expr, $echo:tt;)*) => {$(
        impl $crate::server_fns::Landing for $form {
            fn landing(&self) -> std::borrow::Cow<'_, str> {
                #[allow(unused_variables, reason = "some lead to one place")]
                let $it = self;
                std::borrow::Cow::from($landing)
            }

            fn echo(&self) -> Vec<(String, String)> {
                #[allow(unused_variables, reason = "some bring nothing back")]
                let $it = self;
                $crate::server_fns::landing::landings!(@echo $it $echo)
            }
        }
    )*};
    (@echo $it:ident [$($field:ident),*]) => {
        vec![$((stringify!($field).to_owned(), $crate::server_fns::landing::Entered::entered(&$it.$field))),*]
    };
    (@echo $it:ident { $echo:expr }) => {
        $echo
    };
}
pub(super) use landings;

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
