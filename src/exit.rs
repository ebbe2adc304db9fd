//! Exit codes, decided by rank 0 and returned by every rank.

use std::fmt;

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// What was asked for is done.
    Complete,
    /// It went wrong; the message says how.
    Failed,
    /// The command line asks for something that cannot be.
    Usage,
    /// A file could not be written or read.
    Storage,
    /// Stopped early on purpose; the same line goes on from here.
    StoppedEarly,
    /// The study file is wrong.
    BadStudy,
    /// Of a pilot, and of commands to a queue: the server cannot be reached.
    Unreachable,
    /// Of a pilot: the allocation ends.
    TimeLimit,
    /// Of a pilot: there is no work.
    NoWork,
}

impl Exit {
    /// Every code, for the table in the help and the README.
    pub const ALL: [Exit; 9] = [
        Exit::Complete,
        Exit::Failed,
        Exit::Usage,
        Exit::Storage,
        Exit::StoppedEarly,
        Exit::BadStudy,
        Exit::Unreachable,
        Exit::TimeLimit,
        Exit::NoWork,
    ];

    /// The number the shell sees (74, 75, 78 as in BSD's sysexits.h).
    pub fn code(self) -> u8 {
        match self {
            Exit::Complete => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Storage => 74,
            Exit::StoppedEarly => 75,
            Exit::BadStudy => 78,
            Exit::Unreachable => 79,
            Exit::TimeLimit => 81,
            Exit::NoWork => 82,
        }
    }

    /// The exit with this number; an unknown number is a failure.
    pub fn from_code(code: u8) -> Self {
        Self::ALL.into_iter().find(|e| e.code() == code).unwrap_or(Exit::Failed)
    }

    /// One phrase for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Complete => "complete",
            Exit::Failed => "failed",
            Exit::Usage => "wrong usage",
            Exit::Storage => "storage: a file cannot be read or written",
            Exit::StoppedEarly => "stopped early, run the same line again",
            Exit::BadStudy => "bad study file",
            Exit::Unreachable => "server unreachable",
            Exit::TimeLimit => "time limit",
            Exit::NoWork => "no work",
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code(), self.meaning())
    }
}
