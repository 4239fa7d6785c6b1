//! Fills a data directory for `make bench`: one user, a gateway, many Default keys. Into FILE go the
//! gateway's token and the tokens of the keys that are to be asked, a line each.
//!
//! Usage: bench_seed DIRECTORY KEYS ASKED FILE, or bench_seed DIRECTORY for a few imported keys

use std::error::Error;
use std::path::Path;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, directory] = arguments.as_slice() {
        return Ok(latchkey::bench::fill_with_imported(Path::new(directory)).await?);
    }
    let [_, directory, keys, asked, file] = arguments.as_slice() else {
        return Err("usage: bench_seed DIRECTORY KEYS ASKED FILE".into());
    };
    let filled = latchkey::bench::fill(Path::new(directory), keys.parse()?, asked.parse()?).await?;
    let mut lines = filled.gateway;
    for token in &filled.tokens {
        lines.push('\n');
        lines.push_str(token.expose());
    }
    std::fs::write(file, lines)?;
    Ok(())
}
