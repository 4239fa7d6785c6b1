//! Names that users log in with.

mod endings;

use endings::ENDINGS;
use std::fmt;
use std::net::Ipv4Addr;

/// The name a user logs in with: 1 to 64 of `A-Z a-z 0-9 . _ - @`, unique without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

/// Why a text is no username.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// Over [`Username::LIMIT`] characters.
    #[error("is longer than {} characters", Username::LIMIT)]
    TooLong,
    /// A character outside of the set.
    #[error("may hold only letters, digits and . _ - @")]
    Character,
    /// Programs that show it would make it a link.
    #[error("looks like an address of the web; leave out www. and the ending, such as .com")]
    WebAddress,
}

impl Username {
    /// The most characters a username has.
    pub const LIMIT: usize = 64;
    /// The most characters of an SMPP `system_id` (SMPP 3.4, section 5.2.1: 16 octets with the final NUL).
    pub const SMPP_LIMIT: usize = 15;

    /// Takes a text that people typed.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, UsernameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(UsernameError::Empty);
        }
        if text.chars().count() > Self::LIMIT {
            return Err(UsernameError::TooLong);
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
        if !text.chars().all(fits) {
            return Err(UsernameError::Character);
        }
        Ok(Self(text.to_owned()))
    }

    /// Takes a text as the name of a new user: letters name users, and a name must not put a link into them.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn choose(text: &str) -> Result<Self, UsernameError> {
        let name = Self::parse(text)?;
        if is_web_address(&name.folded()) { Err(UsernameError::WebAddress) } else { Ok(name) }
    }

    /// As it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that is compared.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// Whether mail programs make a link of a name (in small letters): it begins with `www.`, or ends as the name of a
/// host does, or is an address of IPv4. `ana@example.org` stays a mail address and `ana.maria` a name.
fn is_web_address(name: &str) -> bool {
    if name.starts_with("www.") {
        return true;
    }
    // The dot at the end of a sentence does not keep a program from seeing a host's name.
    let name = name.trim_matches(['.', '-', '_']);
    if name.contains('@') {
        return false;
    }
    if name.parse::<Ipv4Addr>().is_ok() {
        return true;
    }
    let Some((host, ending)) = name.rsplit_once('.') else { return false };
    let is_country = ending.len() == 2 && ending.bytes().all(|b| b.is_ascii_lowercase());
    let is_ending = is_country || ENDINGS.contains(&ending) || ending.starts_with("xn--");
    !host.is_empty() && is_ending
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_user_is_not_named_like_an_address_of_the_web() {
        for bad in [
            "www.evil",
            "WWW.evil.com",
            "evil.com",
            "Evil.COM",
            "evil.example.org.",
            "evil.ro",
            "a.b.co",
            "pay.link",
            "xn--e1aybc.xn--p1ai",
            "203.0.113.7",
            "login-bank.online",
            "www.a@b.com",
            "-evil.net-",
        ] {
            assert_eq!(Username::choose(bad), Err(UsernameError::WebAddress), "{bad:?}");
            assert!(Username::parse(bad).is_ok(), "who has the name keeps it: {bad:?}");
        }
        for good in [
            "demo",
            "ana.maria",
            "demo.user",
            "ion.popescu",
            "ana@example.org",
            "a.b@example.co.uk",
            "www",
            "wwwdata",
            "com",
            ".com",
            "v1.2.3",
            "sixteen.letters.",
            "evil_com",
            "1.2.3.4.5",
        ] {
            assert!(Username::choose(good).is_ok(), "{good:?}");
        }
        for url in ["https://evil.example", "evil.example/x", "a:b"] {
            assert_eq!(Username::choose(url), Err(UsernameError::Character), "{url:?}");
        }
    }

    #[test]
    fn usernames_are_checked() {
        assert_eq!(Username::parse(" demo.user ").unwrap().as_str(), "demo.user");
        assert_eq!(Username::parse("Demo").unwrap().folded(), "demo");
        assert_eq!(Username::parse("  "), Err(UsernameError::Empty));
        assert_eq!(Username::parse(&"a".repeat(65)), Err(UsernameError::TooLong));
        for bad in ["a b", "<b>", "a\u{0}", "ană", "a/b", "a:b"] {
            assert_eq!(Username::parse(bad), Err(UsernameError::Character), "{bad:?}");
        }
    }
}
