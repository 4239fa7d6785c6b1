//! Mail addresses, as people enter them.

use std::fmt;

/// A mail address of the form `name@example.org`. Only a confirmation shows whether a person reads it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MailAddress(String);

/// Why a text is no mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailAddressError {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// Over [`MailAddress::LIMIT`] characters.
    #[error("is longer than {} characters", MailAddress::LIMIT)]
    TooLong,
    /// Not of that form.
    #[error("is not of the form name@example.org")]
    Form,
}

impl MailAddress {
    /// The most characters of an address that a mail server takes (RFC 5321, section 4.5.3.1.3).
    pub const LIMIT: usize = 254;
    const LOCAL_LIMIT: usize = 64;
    const LABEL_LIMIT: usize = 63;

    /// Takes a text that people typed: what every mail server takes, without quotes and comments.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, MailAddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(MailAddressError::Empty);
        }
        if text.chars().count() > Self::LIMIT {
            return Err(MailAddressError::TooLong);
        }
        let (local, domain) = text.split_once('@').ok_or(MailAddressError::Form)?;
        let fits = is_local(local) && is_domain(domain);
        fits.then(|| Self(text.to_owned())).ok_or(MailAddressError::Form)
    }

    /// As it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form by which addresses are counted: most servers do not tell large from small.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_local(local: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local.len() <= MailAddress::LOCAL_LIMIT
        && local.split('.').all(|part| !part.is_empty() && part.chars().all(fits))
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MailAddress::LABEL_LIMIT).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.contains('.') && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_every_server_takes_pass() {
        for good in ["a@b.c", "demo.user+keys@mail.example.org", "o'brien_1@xn--bcher-kva.example"] {
            assert_eq!(MailAddress::parse(good).unwrap().as_str(), good);
        }
        assert_eq!(MailAddress::parse(" Demo@Example.org\n").unwrap().folded(), "demo@example.org");
    }

    #[test]
    fn other_texts_say_what_is_wrong() {
        let error = |text: &str| MailAddress::parse(text).unwrap_err();
        assert_eq!(error("  "), MailAddressError::Empty);
        assert_eq!(error(&format!("a@{}.org", "b".repeat(300))), MailAddressError::TooLong);
        for bad in [
            "demo",
            "demo@",
            "@example.org",
            "demo@localhost",
            "a@b@example.org",
            "a b@example.org",
            "a@exa mple.org",
            "a@example..org",
            "a@.org",
            "a@-b.org",
            "a@example.org.",
            ".a@example.org",
            "a..b@example.org",
            "\"a\"@example.org",
            "<a@example.org>",
            "a@example.org,b@example.org",
            "a@example.org\r\nBcc: b@example.org",
            "a\0@example.org",
            "ană@example.org",
            "a@[127.0.0.1]",
        ] {
            assert_eq!(error(bad), MailAddressError::Form, "{bad:?}");
        }
        assert_eq!(error(&format!("{}@example.org", "a".repeat(65))), MailAddressError::Form);
        assert_eq!(error(&format!("a@{}.org", "b".repeat(64))), MailAddressError::Form);
    }
}
