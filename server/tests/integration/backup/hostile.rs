//! Archives that somebody else has made.

use super::{Place, files};
use std::fs;
use std::io::Write;
use tar::{Builder, EntryType, Header};

type Change = Box<dyn Fn(&mut Vec<(Header, Vec<u8>)>)>;

/// The entries of an archive, changed, as another archive.
fn changed(place: &Place, change: &Change) {
    let packed = fs::read(place.path("backups/good.tar.zst")).unwrap();
    let mut tar = tar::Archive::new(zstd::Decoder::new(&packed[..]).unwrap());
    let mut entries: Vec<_> = tar
        .entries()
        .unwrap()
        .map(|entry| {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
            (entry.header().clone(), content)
        })
        .collect();
    change(&mut entries);
    let mut tar = Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
    for (header, content) in entries {
        tar.append(&header, &content[..]).unwrap();
    }
    fs::write(place.path("backups/bad.tar.zst"), tar.into_inner().unwrap().finish().unwrap()).unwrap();
}

/// A header under a name that the library would not write.
fn header(name: &str, kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o777);
    header.set_cksum();
    header
}

#[test]
fn what_is_not_exactly_a_backup_is_refused_and_nothing_is_written() {
    let place = Place::new();
    assert!(place.run(&["backup", "backups/good.tar.zst", "--with-secrets"]).status.success());
    let add = |name: &'static str, kind: EntryType| -> Change {
        Box::new(move |entries| entries.push((header(name, kind, 0), vec![])))
    };
    let text = |from: &'static str, to: &'static str| -> Change {
        Box::new(move |entries| {
            let json = String::from_utf8(entries[0].1.clone()).unwrap().replacen(from, to, 1);
            entries[0] = (header("backup.json", EntryType::Regular, json.len() as u64), json.into_bytes());
        })
    };
    let attacks: Vec<(&str, Change)> = vec![
        ("../evil", add("../evil", EntryType::Regular)),
        ("/etc/evil", add("/etc/evil", EntryType::Regular)),
        ("./latchkey.db", add("./latchkey.db", EntryType::Regular)),
        ("control.sock", add("control.sock", EntryType::Regular)),
        ("a link", add("usage.db", EntryType::Symlink)),
        ("a hard link", add("usage.db", EntryType::Link)),
        ("a device", add("usage.db", EntryType::Char)),
        ("a directory", add("usage.db", EntryType::Directory)),
        ("a long name", add("././@LongLink", EntryType::GNULongName)),
        ("an extended header", add("usage.db", EntryType::XHeader)),
        ("a sparse file", add("usage.db", EntryType::GNUSparse)),
        ("a second one", Box::new(|entries| entries.push(entries[1].clone()))),
        ("one less", Box::new(|entries| drop(entries.remove(2)))),
        ("another order", Box::new(|entries| entries.reverse())),
        ("another content", Box::new(|entries| entries[1].1[5000] ^= 1)),
        ("a huge one", Box::new(|entries| entries[1].0 = header("latchkey.db", EntryType::Regular, 1 << 40))),
        (
            "a huge manifest",
            Box::new(|entries| entries[0].0 = header("backup.json", EntryType::Regular, 1 << 40)),
        ),
        ("a lying manifest", text("\"bytes\": ", "\"bytes\": 99999999999")),
        ("another format", text("latchkey backup", "another backup")),
        ("a later format", text("\"format_version\": 1", "\"format_version\": 2")),
        ("a foreign file in the manifest", text("\"usage.db\"", "\"../usage.db\"")),
        ("nothing", Box::new(Vec::clear)),
    ];
    let data = place.path("new");
    let mut said = String::new();
    for (name, change) in &attacks {
        changed(&place, change);
        let restored = super::run(&data, place.base.path(), &["restore", "backups/bad.tar.zst"]);
        said += &format!("{name}: {}", place.shown(&restored));
        assert!(!data.exists(), "{name}");
        let checked = place.run(&["check", "backups/bad.tar.zst"]);
        let code = if *name == "a lying manifest" { 1 } else { 3 };
        assert_eq!(checked.status.code(), Some(code), "{name}: {checked:?}");
    }
    let whole = fs::read(place.path("backups/good.tar.zst")).unwrap();
    for (name, bytes) in [("half of it", &whole[..whole.len() / 2]), ("no archive", b"a letter")] {
        fs::write(place.path("backups/bad.tar.zst"), bytes).unwrap();
        let restored = super::run(&data, place.base.path(), &["restore", "backups/bad.tar.zst"]);
        said += &format!("{name}: {}", place.shown(&restored));
        assert!(!data.exists(), "{name}");
    }
    insta::assert_snapshot!(said, @r#"
    ../evil: 1
    latchkey: backups/bad.tar.zst is no whole backup: "../evil" stands in it, which is no file of a backup
    /etc/evil: 1
    latchkey: backups/bad.tar.zst is no whole backup: "/etc/evil" stands in it, which is no file of a backup
    ./latchkey.db: 1
    latchkey: backups/bad.tar.zst is no whole backup: "./latchkey.db" stands in it, which is no file of a backup
    control.sock: 1
    latchkey: backups/bad.tar.zst is no whole backup: "control.sock" stands in it, which is no file of a backup
    a link: 1
    latchkey: backups/bad.tar.zst is no whole backup: "usage.db" stands in it, which is no file of a backup
    a hard link: 1
    latchkey: backups/bad.tar.zst is no whole backup: "usage.db" stands in it, which is no file of a backup
    a device: 1
    latchkey: backups/bad.tar.zst is no whole backup: "usage.db" stands in it, which is no file of a backup
    a directory: 1
    latchkey: backups/bad.tar.zst is no whole backup: "usage.db" stands in it, which is no file of a backup
    a long name: 1
    latchkey: backups/bad.tar.zst is no whole backup: "././@LongLink" stands in it, which is no file of a backup
    an extended header: 1
    latchkey: backups/bad.tar.zst is no whole backup: "usage.db" stands in it, which is no file of a backup
    a sparse file: 1
    latchkey: backups/bad.tar.zst is no whole backup: "usage.db" stands in it, which is no file of a backup
    a second one: 1
    latchkey: backups/bad.tar.zst is no whole backup: latchkey.db stands in it and does not belong there
    one less: 1
    latchkey: backups/bad.tar.zst is no whole backup: usage.db is missing in it
    another order: 1
    latchkey: backups/bad.tar.zst is no whole backup: it does not begin with backup.json
    another content: 1
    latchkey: backups/bad.tar.zst is no whole backup: latchkey.db in it is not what was backed up; its SHA-256 or its length differs
    a huge one: 1
    latchkey: backups/bad.tar.zst is no whole backup: latchkey.db in it is not what was backed up; its SHA-256 or its length differs
    a huge manifest: 1
    latchkey: backups/bad.tar.zst is no whole backup: it does not begin with backup.json
    a lying manifest: 1
    latchkey: there is no room in [base]/new: [size] MB are needed and [size] MB free; make room, or choose another place
    another format: 1
    latchkey: backups/bad.tar.zst is no whole backup: its backup.json is none of Latchkey
    a later format: 1
    latchkey: backups/bad.tar.zst is no whole backup: it was made by a newer version of Latchkey; use that version
    a foreign file in the manifest: 1
    latchkey: backups/bad.tar.zst is no whole backup: its backup.json does not name both databases and nothing else
    nothing: 1
    latchkey: backups/bad.tar.zst is no whole backup: there is no backup.json in it
    half of it: 1
    latchkey: backups/bad.tar.zst is no whole backup: incomplete frame
    no archive: 1
    latchkey: backups/bad.tar.zst is no whole backup: Unknown frame descriptor
    "#);
    assert_eq!(files(place.base.path()), ["backups", "data"], "nothing was written elsewhere");
}

#[test]
fn a_directory_is_read_as_strictly() {
    let place = Place::new();
    let good = place.path("backups/good");
    assert!(place.run(&["backup", "backups/good", "--with-secrets"]).status.success());
    let data = place.path("new");
    let restore = || place.shown(&super::run(&data, place.base.path(), &["restore", "backups/good"]));
    let secrets = good.join("secrets.toml");
    let kept = fs::read(&secrets).unwrap();
    fs::remove_file(&secrets).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &secrets).unwrap();
    let mut said = restore();
    fs::remove_file(&secrets).unwrap();
    said += &restore();
    fs::write(&secrets, &kept).unwrap();
    let mut usage = fs::OpenOptions::new().append(true).open(good.join("usage.db")).unwrap();
    usage.write_all(b"more").unwrap();
    said += &restore();
    insta::assert_snapshot!(said, @"
    1
    latchkey: backups/good is no whole backup: cannot read its secrets.toml: Too many levels of symbolic links (os error 40)
    1
    latchkey: backups/good is no whole backup: secrets.toml is missing in it
    1
    latchkey: backups/good is no whole backup: usage.db in it is not what was backed up; its SHA-256 or its length differs
    ");
    assert!(!data.exists());
}
