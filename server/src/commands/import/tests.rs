use super::*;
use crate::commands::control::SentLine;
use std::io::Write as _;

/// What is read of a file with this content: a line of text for each line.
fn read(content: impl AsRef<[u8]>) -> Result<Vec<String>, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_ref()).unwrap();
    let source = Source::open(file.path().to_str().unwrap()).map_err(|error| error.to_string())?;
    let mut lines = Lines::of(source, ProgressBar::hidden()).map_err(|error| error.to_string())?;
    let mut read = Vec::new();
    while let Some(piece) = lines.next().transpose().map_err(|error| error.to_string())? {
        read.extend(piece.iter().map(|line| match line {
            SentLine::Read(line) => format!("{} {} {}", line.number, line.username, line.description),
            SentLine::Unreadable { number, why } => format!("{number}! {why}"),
        }));
    }
    Ok(read)
}

const HEADER: &str = "username,description,token";

#[test]
fn lines_are_numbered_as_an_editor_numbers_them() {
    let expected = ["2 a x", "4 b y", "7 d z"];
    for end in ["\n", "\r\n"] {
        for mark in ["", "\u{feff}"] {
            let lines = [HEADER, "a,x,t", "", "b,y,t", " ", "", "d,z,t"].join(end);
            assert_eq!(read(format!("{mark}{lines}")).unwrap(), expected, "{end:?}");
            assert_eq!(read(format!("{mark}{lines}{end}")).unwrap(), expected, "{end:?}");
        }
    }
}

#[test]
fn quoted_fields_hold_commas_quotes_and_ends_of_lines() {
    let text = "description,\"username\", token \r\n\"x, \"\"y\"\"\",a,t\r\n\"one\r\ntwo\",b,t\r\nz,c,t";
    assert_eq!(read(text).unwrap(), ["2 a x, \"y\"", "3 b one\r\ntwo", "5 c z"]);
    let open = read(format!("{HEADER}\na,x,t\nb,\"y,t\nc,z,t\n")).unwrap();
    assert_eq!(open, ["2 a x", "3! has a quotation mark that no other one closes"]);
}

#[test]
fn a_line_that_cannot_be_read_is_told_by_its_number() {
    let long = "x".repeat(70_000);
    let text = format!("{HEADER}\na,x\n{long},x,t\nb,y,t,u\nc,z,t\n");
    let expected = [
        "2! has 2 fields, and the first line 3",
        "3! is longer than 64 kB",
        "4! has 4 fields, and the first line 3",
        "5 c z",
    ];
    assert_eq!(read(text).unwrap(), expected);
    let bytes = [HEADER.as_bytes(), b"\na,\xe3,t\nb,y,t\n"].concat();
    assert_eq!(read(bytes).unwrap(), ["2! is not UTF-8", "3 b y"]);
    let far = format!("{HEADER}\na,\"x,t\n{}", "b,y,t\n".repeat(20_000));
    let read = read(far).unwrap();
    assert_eq!(read[0], "2! has a quotation mark that no other one closes");
    assert_eq!(read.last().unwrap(), "20002 b y");
}

#[test]
fn json_lines_are_told_by_their_first_sign() {
    let text = "\u{feff}{\"username\":\"a\",\"description\":\"x\",\"token\":\"t\",\"owner\":null}\r\n\r\n\
                {\"username\":\"b\",\"token\":12345678}\r\n{\"user\":\"c\"}\n{\"username\"\n[]\n";
    let expected = [
        "1 a x",
        "3! token is no text",
        "4! names \"user\", which is no column",
        "5! is no object in JSON",
        "6! is no object in JSON",
    ];
    assert_eq!(read(text).unwrap(), expected);
}

#[test]
fn a_file_begins_with_the_names_of_its_columns() {
    for (text, why) in [
        ("", "the file is empty"),
        ("\r\n\n", "the file is empty"),
        ("username,description,key", "\"key\", which is no column; there are username, description"),
        ("username;description;token", "\"username;description;token\", which is no column"),
        ("username,description,token,Username", "the column username twice"),
        ("username,token", "does not name the column description"),
        ("username,description", "none of the columns token, token_sha256 and token_hmac"),
    ] {
        let refused = read(text).unwrap_err();
        assert!(refused.contains(why), "{text}: {refused}");
    }
    assert_eq!(read(HEADER).unwrap(), Vec::<String>::new());
}

#[test]
fn a_file_that_is_too_large_is_refused_before_it_is_read() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for length in [source::LIMIT + 1, 2 << 30] {
        file.as_file().set_len(length).unwrap();
        let refused = Source::open(file.path().to_str().unwrap()).err().unwrap().to_string();
        assert!(refused.ends_with("is larger than 256 MB; split it, nothing was imported"), "{refused}");
    }
    file.as_file().set_len(source::LIMIT).unwrap();
    assert!(Source::open(file.path().to_str().unwrap()).is_ok());
}

#[test]
fn what_came_of_it_is_said_in_a_line() {
    let report = ImportReport { keys: 3, users: 1, known: 2, deleted: 1, ..ImportReport::default() };
    let real = ImportOptions { create_users: true, dry_run: false };
    assert_eq!(
        done(&report, real),
        "imported 3 keys and made 1 user; 2 keys there already, 1 of them deleted, which stay so\n"
    );
    let dry = ImportOptions { dry_run: true, ..real };
    let none = ImportReport { keys: 1, ..ImportReport::default() };
    assert_eq!(done(&none, dry), "would import 1 key and make 0 users; nothing was written\n");
    let broken = ImportReport { lines: 100, refused: 1002, reasons: vec![(57, "x".into())], ..none };
    assert_eq!(refused(&broken), "line 57: x\nand 1001 lines more\n");
    let one = ImportReport { lines: 100, refused: 1, ..ImportReport::default() };
    assert!(refusal(&one).starts_with("1 of 100 lines is refused, so nothing was imported; "));
}
