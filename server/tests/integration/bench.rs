//! `latchkey bench`, short: what it prints and what it leaves behind. How fast anything is, is not judged here.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// The most rounds of a short bench.
const ROUNDS: usize = 20;

/// In a clean environment, so without wrk: its own client asks.
fn bench(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command
        .env_clear()
        .env("PATH", directory)
        .current_dir(directory)
        .arg("bench")
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn a_bench_measures_every_case_against_a_bare_handler_and_leaves_nothing_behind() {
    let (scratch, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let place = scratch.path().to_str().unwrap();
    let short = ["--seconds", "1", "--keys", "20", "--connections", "2", "--rate", "50", "--json"];
    let measured = || {
        let output = bench(elsewhere.path(), &[&short[..], &["--scratch", place]].concat());
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    // On a machine that stands still for that second there is nothing to see.
    let is_seen = |report: &Value| {
        let rows = report["rows"].as_array().unwrap();
        rows.iter().all(|row| row["ratio"].as_f64() > Some(0.0))
    };
    let report =
        std::iter::repeat_with(measured).take(ROUNDS).find(is_seen).expect("a round in which it moves");
    assert_eq!(report["client"], "its own client");
    let rows = report["rows"].as_array().unwrap();
    let titles: Vec<_> = rows.iter().map(|row| row["title"].as_str().unwrap()).collect();
    let allowed = "forward-auth, allowed";
    assert_eq!(titles[..2], ["bare handler", allowed]);
    assert_eq!(titles[6..], ["bare handler", allowed], "the open loop comes last");
    for row in rows {
        let figure = |name: &str| row[name].as_f64().unwrap();
        assert!(figure("per_second") > 0.0 && figure("ratio") > 0.0, "{row}");
        assert!(figure("p50_ms") > 0.0 && figure("p50_ms") <= figure("p99_ms"), "{row}");
    }
    assert_eq!((&rows[0]["ratio"], &rows[6]["ratio"]), (&Value::from(1.0), &Value::from(1.0)));
    let at_rate = rows[7]["per_second"].as_f64().unwrap();
    assert!(at_rate <= 55.0, "no more than the rate is asked: {at_rate}");
    for directory in [&scratch, &elsewhere] {
        let left = std::fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(left, 0, "the scratch directory is gone, and there never was another");
    }
}

#[test]
fn what_cannot_be_measured_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let nowhere = bench(directory.path(), &["--scratch", "nowhere"]);
    assert_eq!(nowhere.status.code(), Some(1));
    let error = String::from_utf8(nowhere.stderr).unwrap();
    assert_eq!(error, "latchkey: nowhere is no directory; choose another --scratch\n");
    for wrong in [["--seconds", "0"], ["--keys", "0"], ["--connections", "x"], ["--data-dir", "/srv"]] {
        assert_eq!(bench(directory.path(), &wrong).status.code(), Some(2), "{wrong:?}");
    }
}
