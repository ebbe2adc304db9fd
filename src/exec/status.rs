//! How steps end, and what is said of it.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// A shell, and every container engine, says 128 + N for a program that signal N ended.
const SHELL_SIGNAL: i32 = 128;
/// The signal of the kernel when memory runs out.
const SIGKILL: i32 = 9;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Code(i32),
    Signal { number: i32, core: bool },
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StepEnd {
    /// Its program as the study names it.
    pub(super) name: String,
    pub(super) status: Status,
}

impl Status {
    pub(super) fn of(status: ExitStatus) -> Self {
        match status.code() {
            Some(code) => Self::Code(code),
            None => {
                let number = status.signal().unwrap_or_default();
                Self::Signal { number, core: status.core_dumped() }
            }
        }
    }

    /// From the number in a shell's `$?`.
    pub(super) fn told_by_shell(number: i32) -> Self {
        let signal = number - SHELL_SIGNAL;
        match signal_name(signal) {
            Some(_) => Self::Signal { number: signal, core: false },
            None => Self::Code(number),
        }
    }

    pub(super) fn is_ok(self) -> bool {
        self == Self::Code(0)
    }

    /// Whether KILL ended it, or something below it as a shell tells.
    pub(super) fn is_killed(self) -> bool {
        match self {
            Self::Code(code) => code == SHELL_SIGNAL + SIGKILL,
            Self::Signal { number, .. } => number == SIGKILL,
        }
    }

    /// "exit code 3", or "ended by signal 11 (SIGSEGV, core dumped)".
    pub(super) fn shown(self) -> String {
        match self {
            Self::Code(code) => match signal_name(code - SHELL_SIGNAL) {
                Some(name) => format!("exit code {code} (as of a program that {name} ended)"),
                None => format!("exit code {code}"),
            },
            Self::Signal { number, core } => {
                let name = signal_name(number).unwrap_or("unknown");
                let core = if core { ", core dumped" } else { "" };
                format!("ended by signal {number} ({name}{core})")
            }
        }
    }
}

fn signal_name(number: i32) -> Option<&'static str> {
    if number < 1 { None } else { signal_hook::low_level::signal_name(number) }
}

/// Which step it was, where there are several: "step 2 of 3 (eicrecon): ".
pub(super) fn which(step: usize, of: usize, name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    if of > 1 { format!("step {} of {of} ({name}): ", step + 1) } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_told_in_words() {
        let exit = |raw: i32| Status::of(ExitStatus::from_raw(raw));
        assert_eq!(exit(3 << 8).shown(), "exit code 3");
        assert_eq!(exit(137 << 8).shown(), "exit code 137 (as of a program that SIGKILL ended)");
        assert_eq!(exit(11).shown(), "ended by signal 11 (SIGSEGV)");
        assert_eq!(exit(11 | 0x80).shown(), "ended by signal 11 (SIGSEGV, core dumped)");
        assert!(exit(0).is_ok() && !exit(1 << 8).is_ok());
        assert!(exit(9).is_killed() && exit(137 << 8).is_killed() && !exit(15).is_killed());
        assert!(!exit(9 << 8).is_killed(), "exit code 9 is no signal 9");
    }

    #[test]
    fn a_shells_number_is_a_code_or_a_signal() {
        assert_eq!(Status::told_by_shell(0), Status::Code(0));
        assert_eq!(Status::told_by_shell(128), Status::Code(128));
        assert_eq!(Status::told_by_shell(137), Status::Signal { number: 9, core: false });
        assert_eq!(Status::told_by_shell(255), Status::Code(255));
    }

    #[test]
    fn one_step_needs_no_number() {
        assert_eq!(which(0, 1, "/bin/sh"), "");
        assert_eq!(which(1, 3, "/opt/bin/eicrecon"), "step 2 of 3 (eicrecon): ");
    }
}
