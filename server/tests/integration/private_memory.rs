//! What the process holds stays in it: no core dump, whatever ends it.

use crate::binary::Start;
use std::process::Command;

#[test]
fn a_crash_leaves_no_core_dump() {
    let dir = tempfile::tempdir().unwrap();
    let under = ["sh", "-c", "ulimit -c unlimited && exec \"$0\" \"$@\""].map(str::to_owned).into();
    let server = Start { under, ..Start::default() }.run(dir.path());
    let id = server.id().to_string();
    // The limit alone would not do: a pattern that names a program overrides it.
    assert!(Command::new("prlimit").args(["--core=unlimited", "--pid", &id]).status().unwrap().success());
    server.signal("-ABRT");
    assert!(!server.dumped_core());
}
