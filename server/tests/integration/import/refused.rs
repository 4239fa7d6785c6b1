//! Files of which a line, or all of it, is refused: nothing of them is kept.

use super::{err, import, out, said};
use crate::binary::{Client, PASSWORD, Server, verb};

fn demo() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    assert!(verb(dir.path(), &["user", "add", "demouser", "--password-stdin"], PASSWORD).status.success());
    dir
}

/// A hundred lines with a header, one of them another.
fn file(broken: &str) -> String {
    let line = |n: u32| match n {
        57 => format!("{broken}\n"),
        n => format!("demouser,key {n},token-of-line-{n:06}\n"),
    };
    (2..=101).fold("username,description,token\n".to_owned(), |text, n| text + &line(n))
}

#[test]
fn a_broken_line_57_refuses_all_and_is_named() {
    let dir = demo();
    for running in [false, true] {
        let server = running.then(|| Server::start(dir.path()));
        for (line, why) in [
            ("demouser,,token-of-line-57", "description is empty"),
            ("demouser,x", "has 2 fields, and the first line 3"),
            ("demouser,x,short", "token has 5 characters; a token has 8 to 512"),
            (
                "demouser,x,two words",
                "token holds a space, a control character or a letter beyond ASCII; only visible ASCII characters pass",
            ),
            (
                "nobody,x,token-of-line-57",
                "there is no user named nobody; --create-users makes users who are missing",
            ),
        ] {
            let refused = import(dir.path(), &[], &file(line));
            assert_eq!(refused.status.code(), Some(1), "{refused:?}");
            assert_eq!(out(&refused), format!("line 57: {why}\n"));
            assert_eq!(
                err(&refused),
                "latchkey: 1 of 100 lines is refused, so nothing was imported; mend what is named above, then import the file again\n"
            );
        }
        if let Some(server) = &server {
            let mut client = Client::connect(server.address);
            let reply = client.verify("token-of-line-000002", "203.0.113.7").unwrap();
            assert_eq!(reply.header("x-latchkey-code"), Some("MALFORMED"), "nothing was kept");
            let cookie = client.log_in("demouser");
            let list = client.get(&cookie, "/account/api-keys").unwrap().body;
            assert!(list.contains("showing 0 records"), "{list}");
        }
    }
    let mended = import(dir.path(), &[], &file("demouser,x,token-of-line-57-mended"));
    assert_eq!(said(&mended), "imported 100 keys and made 0 users\n");
}

#[test]
fn all_refused_lines_are_named_whatever_is_wrong_with_them() {
    let dir = demo();
    assert!(verb(dir.path(), &["user", "add", "other", "--password-stdin"], PASSWORD).status.success());
    said(&import(dir.path(), &[], "username,description,token\nother,x,token-of-the-other-user\n"));
    let text = "username,description,token,token_sha256,locked_ip,owner\n\
        demouser,x,token-of-the-other-user,,,\n\
        demouser,x,token-of-line-three,,203.0.113.7/8,\n\
        demouser,x,token-of-line-four,,,other\n\
        demouser,x,,not hexadecimal,,\n\
        demouser,x,token-of-line-six,,,\n\
        www.evil.com,x,token-of-line-seven,,,\n";
    let refused = import(dir.path(), &["--create-users", "--dry-run"], text);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let expected = [
        "line 2: the token is that of a key of another user",
        "line 3: locked_ip is neither an address nor a network",
        "line 4: demouser does not belong to the account of other",
        "line 5: token_sha256 is not 64 hexadecimal digits",
        "line 7: the username www.evil.com looks like an address of the web; leave out www. and the ending, such as .com",
    ];
    assert_eq!(out(&refused).lines().collect::<Vec<_>>(), expected);
    assert!(err(&refused).starts_with("latchkey: 5 of 6 lines are refused"), "{refused:?}");
}

#[test]
fn a_file_that_is_none_is_told_in_a_line() {
    let dir = demo();
    let missing = verb(dir.path(), &["import", "/nowhere/keys.csv"], "");
    assert!(err(&missing).starts_with("latchkey: cannot read /nowhere/keys.csv: "), "{missing:?}");
    let folder = verb(dir.path(), &["import", dir.path().to_str().unwrap()], "");
    assert!(err(&folder).contains("is a directory; name a file"), "{folder:?}");
    for (text, why) in [
        ("", "the file is empty; its first line names the columns"),
        ("username,description\n", "names none of the columns token, token_sha256 and token_hmac"),
        ("username,description,password\n", "the first line names \"password\", which is no column"),
    ] {
        let refused = import(dir.path(), &[], text);
        assert_eq!(refused.status.code(), Some(1));
        assert!(err(&refused).contains(why), "{refused:?}");
        assert_eq!(err(&refused).lines().count(), 1);
    }
}

#[test]
fn an_account_has_no_more_keys_than_it_may() {
    let dir = demo();
    let server = Server::start_with(dir.path(), &[], &[("LATCHKEY_MAX_KEYS", "99")]);
    let refused = import(dir.path(), &[], &file("demouser,x,token-of-line-57"));
    assert_eq!(
        out(&refused),
        "line 101: the account has more than 99 keys with this one; max_keys limits them\n"
    );
    drop(server.stop());
    let server = Server::start_with(dir.path(), &[], &[("LATCHKEY_MAX_KEYS", "100")]);
    assert_eq!(
        said(&import(dir.path(), &[], &file("demouser,x,token-of-line-57"))),
        "imported 100 keys and made 0 users\n"
    );
    drop(server.stop());
}
