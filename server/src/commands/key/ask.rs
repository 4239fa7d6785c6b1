//! What is read from standard input: a token, or the answer to a question.

use super::{Ended, Failure, WRONG_USAGE};
use crate::commands::control::Secret;
use std::io::{BufRead, IsTerminal, Read, Write};
use zeroize::Zeroizing;

/// The most bytes of a token with the end of its line.
const LIMIT: u64 = 514;

/// Reads a token, which stands alone on the one line of standard input.
pub(super) fn read_token() -> Result<Secret, Failure> {
    let input = std::io::stdin();
    let is_typed = input.is_terminal();
    if is_typed {
        let _ = write!(std::io::stderr(), "The token: ");
    }
    token_of(&mut input.lock(), is_typed).map_err(Into::into)
}

/// The same from any reader. Behind a line that is typed nothing is waited for.
fn token_of(input: &mut impl BufRead, is_typed: bool) -> Result<Secret, String> {
    let cannot = |error: std::io::Error| format!("cannot read standard input: {error}");
    // As large as any, because a buffer that grows leaves copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(2 * LIMIT as usize));
    input.by_ref().take(LIMIT + 1).read_until(b'\n', &mut line).map_err(cannot)?;
    let is_alone = is_typed || input.fill_buf().map_err(cannot)?.is_empty();
    let text = line.strip_suffix(b"\n").unwrap_or(&line);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    if text.is_empty() {
        return Err("standard input holds no token; pipe one in, alone on its line".to_owned());
    }
    if line.len() as u64 > LIMIT {
        return Err("standard input holds more than a token, which has at most 512 characters".to_owned());
    }
    if !is_alone {
        return Err("standard input holds more than one line; pipe the token in alone".to_owned());
    }
    let text = std::str::from_utf8(text).map_err(|_| "standard input holds no text".to_owned())?;
    Ok(text.to_owned().into())
}

/// Asks on the terminal; anything but a yes is a no.
pub(super) fn confirm(question: &str) -> Result<bool, Failure> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        return Err(Ended::failure(
            WRONG_USAGE,
            "standard input is no terminal on which to ask; add --yes to revoke without a question",
        ));
    }
    let _ = write!(std::io::stderr(), "{question} [y/N] ");
    let mut answer = String::new();
    input.read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(b"lkd_x", Ok("lkd_x"))]
    #[case(b"lkd_x\n", Ok("lkd_x"))]
    #[case(b"lkd_x\r\n", Ok("lkd_x"))]
    #[case(b" lkd_x ", Ok(" lkd_x "))]
    #[case(b"", Err("standard input holds no token; pipe one in, alone on its line"))]
    #[case(b"\n", Err("standard input holds no token; pipe one in, alone on its line"))]
    #[case(b"a\nb", Err("standard input holds more than one line; pipe the token in alone"))]
    #[case(b"a\n\n", Err("standard input holds more than one line; pipe the token in alone"))]
    #[case(b"\xff\xfe", Err("standard input holds no text"))]
    fn a_token_stands_alone_on_its_line(#[case] input: &[u8], #[case] read: Result<&str, &str>) {
        let token = token_of(&mut &*input, false);
        assert_eq!(token.as_ref().map(|token| token.expose().as_str()).map_err(String::as_str), read);
    }

    #[test]
    fn a_token_has_512_characters_at_most() {
        let is_read = |length: usize| token_of(&mut "x".repeat(length).as_bytes(), false).is_ok();
        assert!(is_read(512) && !is_read(515) && !is_read(2_000_000));
    }
}
