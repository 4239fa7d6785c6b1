//! Lines for a shell that show how a program sends its key in this installation.

/// The longest address.
const LONGEST: usize = 500;

/// How programs reach the API behind the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleRequest {
    /// The address of an operation.
    pub url: String,
    /// Whether keys are looked for in `Authorization`.
    pub in_authorization: bool,
    /// The header in which a key stands alone, if there is one.
    pub header: Option<String>,
}

/// A way to send a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `Authorization: Bearer`.
    Bearer,
    /// Alone in a header.
    Header,
    /// `Authorization: Basic`, with the username.
    Basic,
}

/// Why an address cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("takes the address of an operation of your API, such as https://api.example.com/v1/messages")]
pub struct ExampleError;

/// Takes an address that customers can copy into a shell.
///
/// # Errors
/// It is none of HTTP, or holds what a shell would not take as it stands.
pub fn check_url(text: &str) -> Result<String, ExampleError> {
    let parsed = url::Url::parse(text).map_err(|_| ExampleError)?;
    let is_plain = text.bytes().all(|b| b.is_ascii_graphic() && !b"'\"\\`<>".contains(&b));
    let is_http = ["http", "https"].contains(&parsed.scheme()) && parsed.host().is_some();
    let is_safe = is_http && is_plain && parsed.username().is_empty() && parsed.password().is_none();
    if is_safe && text.len() <= LONGEST { Ok(text.to_owned()) } else { Err(ExampleError) }
}

impl ExampleRequest {
    /// Returns a line for each way in which keys are taken. `key` stands where the key belongs.
    #[must_use]
    pub fn lines(&self, username: &str, key: &str) -> Vec<(Way, String)> {
        let url = quoted(&self.url);
        let bearer = format!("curl -H {} {url}", argument(&format!("Authorization: Bearer {key}")));
        let basic = format!("curl -u {} {url}", argument(&format!("{username}:{key}")));
        let mut lines = Vec::new();
        if self.in_authorization {
            lines.push((Way::Bearer, bearer));
        }
        if let Some(name) = &self.header {
            lines.push((Way::Header, format!("curl -H {} {url}", argument(&format!("{name}: {key}")))));
        }
        if self.in_authorization {
            lines.push((Way::Basic, basic));
        }
        lines
    }
}

/// An argument as a shell takes it. Tokens that were imported may hold what a shell would carry out.
fn argument(text: &str) -> String {
    if text.contains(['"', '$', '`', '\\', '!', '\'']) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    format!("\"{text}\"")
}

/// An address as a shell takes it.
fn quoted(url: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/:.-_~%=@+,".contains(c);
    if url.chars().all(is_plain) { url.to_owned() } else { format!("'{url}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(url: &str, in_authorization: bool, header: Option<&str>) -> Vec<String> {
        let header = header.map(str::to_owned);
        let request = ExampleRequest { url: url.to_owned(), in_authorization, header };
        request.lines("demo", "KEY").into_iter().map(|(_, line)| line).collect()
    }

    #[test]
    fn each_way_that_is_read_has_a_line() {
        let url = "https://api.example.com/v1/messages";
        let bearer = format!("curl -H \"Authorization: Bearer KEY\" {url}");
        let header = format!("curl -H \"X-API-Key: KEY\" {url}");
        let basic = format!("curl -u \"demo:KEY\" {url}");
        assert_eq!(lines(url, true, Some("X-API-Key")), [bearer.clone(), header.clone(), basic.clone()]);
        assert_eq!(lines(url, true, None), [bearer, basic]);
        assert_eq!(lines(url, false, Some("X-API-Key")), [header]);
    }

    #[test]
    fn a_token_that_a_shell_would_carry_out_is_quoted() {
        let request = ExampleRequest {
            url: "https://api.example.com/".to_owned(),
            in_authorization: false,
            header: Some("k".to_owned()),
        };
        for token in ["ab$(id)cd", "a`id`b", "a\"b", "a\\b", "a!b", "it's", "plain_1-2.3"] {
            let (_, line) = request.lines("demo", token).remove(0);
            // A real shell says what it would hand to curl.
            let echo = line.replacen("curl", "printf '%s\\n'", 1);
            let said = std::process::Command::new("sh").args(["-c", &echo]).output().unwrap();
            let said = String::from_utf8(said.stdout).unwrap();
            assert_eq!(said, format!("-H\nk: {token}\nhttps://api.example.com/\n"), "{line}");
        }
    }

    #[test]
    fn an_address_that_a_shell_would_take_apart_is_quoted() {
        let url = "https://api.example.com/a?b=1&c=$d";
        assert_eq!(lines(url, false, Some("k")), [format!("curl -H \"k: KEY\" '{url}'")]);
    }

    #[test]
    fn an_address_is_one_of_http_without_quotes_or_secrets() {
        for good in ["https://api.example.com", "http://127.0.0.1:8080/x?y=z&a=b", "https://[2001:db8::1]/"] {
            assert_eq!(check_url(good), Ok(good.to_owned()));
        }
        let long = format!("https://api.example.com/{}", "x".repeat(LONGEST));
        for bad in [
            "",
            "api.example.com",
            "ftp://api.example.com",
            "https://api.example.com/it's",
            "https://api.example.com/a b",
            "https://api.example.com/`id`",
            "https://user:password@api.example.com/",
            "https://api.example.com/\u{e4}",
            &long,
        ] {
            assert_eq!(check_url(bad), Err(ExampleError), "{bad}");
        }
    }
}
