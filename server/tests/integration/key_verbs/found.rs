//! Finding keys by their tokens, present and old, and by what is known of them.

use super::{Made, add_user, json, key, masked, rotate, said, serve_demo};
use crate::binary::{Server, verb};
use crate::said::{err, out};
use insta::{allow_duplicates, assert_snapshot};
use std::fmt::Write as _;

const FOREIGN: &str = "username,description,key_type,token\ndemo,Legacy,cloud,old-system-key-0001-of-acme\n\
    demo,Old bind,smpp,p4$$-w0r\n";

#[test]
fn a_token_of_each_kind_is_found_with_and_without_a_server() {
    let (dir, server, mut client, cookie) = serve_demo();
    let mut make = |key_type| Made::of(client.generate(&cookie, key_type));
    let [default, smpp, overlapping, rotated, deleted] =
        ["default", "smpp", "cloud", "cloud", "cloud"].map(&mut make);
    let newer = rotate(&mut client, &cookie, &overlapping.id, "3600");
    let newest = rotate(&mut client, &cookie, &rotated.id, "0");
    assert_eq!(client.call(&cookie, "delete_key", &[("id", &deleted.id)]).status, 200);
    assert!(verb(dir.path(), &["import", "-"], FOREIGN).status.success());
    let listed = json(&key(dir.path(), &["list", "--json"], ""));
    let id_of = |description: &str| {
        let keys = listed["keys"].as_array().unwrap();
        let key = keys.iter().find(|key| key["description"] == description).unwrap();
        key["id"].as_str().unwrap().to_owned()
    };
    let (legacy, bind) = (id_of("Legacy"), id_of("Old bind"));
    let mistyped =
        format!("{}{}", &default.token[..45], if default.token.ends_with('0') { '1' } else { '0' });
    let masks = [&default.token, &smpp.token, &newer, &newest, &deleted.token].map(|token| masked(token));
    let chances: [(&str, &str); 12] = [
        (&default.id, "default"),
        (&smpp.id, "smpp"),
        (&overlapping.id, "overlapping"),
        (&rotated.id, "rotated"),
        (&deleted.id, "deleted"),
        (&legacy, "legacy"),
        (&bind, "bind"),
        (&masks[0], "token"),
        (&masks[1], "secret"),
        (&masks[2], "newer"),
        (&masks[3], "newest"),
        (&masks[4], "gone"),
    ];
    let tokens: [(&str, &str); 11] = [
        ("default", default.token.as_str()),
        ("SMPP", &smpp.token),
        ("the present one of a rotated key", &newer),
        ("an old one that passes", &overlapping.token),
        ("an old one", &rotated.token),
        ("of a deleted key", &deleted.token),
        ("imported", "old-system-key-0001-of-acme"),
        ("imported SMPP", "p4$$-w0r"),
        ("unknown", "old-system-key-0002-of-acme"),
        ("an unknown SMPP secret", "AAAA0000"),
        ("mistyped", &mistyped),
    ];
    let mut server = Some(server);
    for _ in 0..2 {
        let mut text = String::new();
        for (name, token) in tokens {
            let found = key(dir.path(), &["find", "--token-from-stdin"], &format!("{token}\n"));
            assert!(!said(&found, &[]).contains(token), "{name}");
            let _ = writeln!(text, "# {name}: {}", said(&found, &chances).trim_end());
        }
        allow_duplicates! { assert_snapshot!(text, @"
        # default: 0
        ID                                    USER  TOKEN          TYPE     STATE                USED  LAST USED             DESCRIPTION
        [default]  demo  [token]  default  active                  0  -                     load
        it is the present token of “load” of demo ([token])
        # SMPP: 0
        ID                                    USER  TOKEN  TYPE     STATE                USED  LAST USED             DESCRIPTION
        [smpp]  demo  [secret]    smpp     active                  0  -                     load
        it is the present token of “load” of demo ([secret])
        # the present one of a rotated key: 0
        ID                                    USER  TOKEN          TYPE     STATE                USED  LAST USED             DESCRIPTION
        [overlapping]  demo  [newer]  cloud    active                  0  -                     load
        it is the present token of “load” of demo ([newer])
        # an old one that passes: 0
        ID                                    USER  TOKEN          TYPE     STATE                USED  LAST USED             DESCRIPTION
        [overlapping]  demo  [newer]  cloud    active                  0  -                     load
        it is an old token of “load” of demo ([newer]), replaced at [time]Z; it passes too until [time]Z
        # an old one: 0
        ID                                    USER  TOKEN          TYPE     STATE                USED  LAST USED             DESCRIPTION
        [rotated]  demo  [newest]  cloud    active                  0  -                     load
        it is an old token of “load” of demo ([newest]), replaced at [time]Z; it is refused as ROTATED since [time]Z
        # of a deleted key: 0
        ID                                    USER  TOKEN          TYPE     STATE                USED  LAST USED             DESCRIPTION
        [deleted]  demo  [gone]  cloud    deleted                 0  -                     load
        it was the token of “load” of demo ([gone]), which was deleted at [time]Z
        # imported: 0
        ID                                    USER  TOKEN          TYPE     STATE                USED  LAST USED             DESCRIPTION
        [legacy]  demo  old-syst…acme  cloud    active                  0  -                     Legacy
        it is the present token of “Legacy” of demo (old-syst…acme)
        # imported SMPP: 0
        ID                                    USER  TOKEN  TYPE     STATE                USED  LAST USED             DESCRIPTION
        [bind]  demo  p4…    smpp     active                  0  -                     Old bind
        it is the present token of “Old bind” of demo (p4…)
        # unknown: 3
        latchkey: no key has or had this token: it was never given out here, it belongs to another installation, or it was changed on its way
        # an unknown SMPP secret: 3
        latchkey: no key has or had this token: it was never given out here, it belongs to another installation, or it was changed on its way
        # mistyped: 3
        latchkey: this has the form of a token of this installation, and its checksum is wrong: a character was lost or changed, so it passes nowhere
        "); }
        drop(server.take().map(Server::stop));
    }
}

#[test]
fn many_keys_are_counted_and_the_newest_shown() {
    let dir = tempfile::tempdir().unwrap();
    add_user(dir.path(), "demo");
    let mut file = "username,description,key_type,token\n".to_owned();
    for number in 1..=53 {
        let _ = writeln!(file, "demo,bulk {number},cloud,token-of-the-old-system-{number:04}");
    }
    assert!(verb(dir.path(), &["import", "-"], &file).status.success());
    let found = key(dir.path(), &["find", "BULK"], "");
    assert_eq!(out(&found).lines().count(), 51, "with the header");
    assert!(out(&found).lines().nth(1).unwrap().ends_with("bulk 53"), "{}", out(&found));
    assert_snapshot!(err(&found), @"and 3 more; a longer text, or --username, finds fewer");
    let found = json(&key(dir.path(), &["find", "bulk", "--json"], ""));
    assert_eq!((found["keys"].as_array().unwrap().len(), &found["more"]), (50, &3.into()));
    let listed = json(&key(dir.path(), &["list", "--json", "--username", "DEMO"], ""));
    assert_eq!((listed["keys"].as_array().unwrap().len(), &listed["more"]), (50, &3.into()));
    let one = json(&key(dir.path(), &["find", "token-of…0007", "--json"], ""));
    let keys = one["keys"].as_array().unwrap();
    let descriptions: Vec<_> = keys.iter().map(|key| key["description"].as_str().unwrap()).collect();
    assert_eq!(descriptions, ["bulk 7"], "by what is shown of its token");
    let id = keys[0]["id"].as_str().unwrap();
    let by_id = json(&key(dir.path(), &["find", id, "--json"], ""));
    assert_eq!(by_id["keys"][0]["description"], "bulk 7");
}

#[test]
fn a_secret_that_two_users_share_is_told_apart_by_the_user() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["acme", "demo"] {
        add_user(dir.path(), name);
    }
    let file = "username,description,key_type,token\nacme,A,smpp,same-one\ndemo,B,smpp,same-one\n";
    assert!(verb(dir.path(), &["import", "-"], file).status.success());
    let both = json(&key(dir.path(), &["find", "--token-from-stdin", "--json"], "same-one"));
    assert_eq!(both["keys"].as_array().unwrap().len(), 2);
    let refused = key(dir.path(), &["revoke", "--token-from-stdin", "--yes", "--reason", "x"], "same-one");
    assert_snapshot!(said(&refused, &[]), @"
    1
    latchkey: this secret belongs to 2 keys; name its user with --username, or the key by its id
    ");
    let of_demo = ["show", "--token-from-stdin", "--username", "demo", "--json"];
    assert_eq!(json(&key(dir.path(), &of_demo, "same-one"))["description"], "B");
    let of_nobody = ["find", "--token-from-stdin", "--username", "nobody"];
    assert_snapshot!(said(&key(dir.path(), &of_nobody, "same-one"), &[]), @"
    1
    latchkey: there is no user named nobody; `latchkey user list` shows them
    ");
}
