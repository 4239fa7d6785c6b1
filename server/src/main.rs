//! The binary: parses the command line and runs it.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Set by the scripts that build (scripts/lib.sh). Here, so that another commit compiles no more than this file anew.
    latchkey::commands::run(option_env!("COMMIT_OF_BUILD").unwrap_or("unknown"))
}
