//! What this process keeps from others of the same user, and from files. It holds secrets: those
//! that it prints or hands on, the password that was typed, or the keys.

/// From now on a crash writes no memory to a file, and no debugger is let in. What this process
/// becomes, or starts, is as free as ever: the system forgets it when another program takes over.
#[cfg(target_os = "linux")]
pub fn begin() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Other systems offer it for a process and all that it becomes, or not at all.
#[cfg(not(target_os = "linux"))]
pub fn begin() {}
