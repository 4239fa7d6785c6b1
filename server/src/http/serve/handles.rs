//! How many connections the process can hold: each is a file handle.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Unless the operator says otherwise.
const DEFAULT_LIMIT: usize = 10_000;
/// Handles kept for databases, files and listeners.
const RESERVE: u64 = 256;

/// The most connections at a time: what is wanted, as far as file handles go.
pub(super) fn connection_limit(wanted: Option<usize>) -> usize {
    let Some(handles) = raise_handle_limit() else { return wanted.unwrap_or(DEFAULT_LIMIT) };
    // A system with hardly any handles gets half of them for connections.
    let possible = handles.saturating_sub(RESERVE).max(handles / 2);
    let possible = usize::try_from(possible).unwrap_or(usize::MAX);
    if let Some(wanted) = wanted.filter(|wanted| *wanted > possible) {
        tracing::warn!(
            "max_connections is {wanted}, but this process may open {handles} files only: {possible} \
             connections are taken; raise the limit (LimitNOFILE= of systemd, ulimit -n)"
        );
    }
    wanted.unwrap_or(DEFAULT_LIMIT).min(possible)
}

/// Raises the soft limit of open files to the hard one, as it is low for the sake of programs that use
/// `select`; answers the limit in force, nothing where there is none.
fn raise_handle_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_fits_into_the_file_handles() {
        let handles = raise_handle_limit().map_or(usize::MAX, |h| usize::try_from(h).unwrap());
        assert_eq!(connection_limit(Some(3)), 3);
        assert!(connection_limit(None) <= DEFAULT_LIMIT.min(handles));
        assert!(connection_limit(Some(usize::MAX)) < usize::MAX || handles == usize::MAX);
    }
}
