//! What the process asks of the system before it reads a secret.

/// Keeps pepper, sealing key, passwords and tokens in memory out of core dumps, and out of reach of other programs of the
/// same user.
///
/// # Errors
/// The system refused.
pub fn keep_memory_private() -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Core);
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum })?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}
