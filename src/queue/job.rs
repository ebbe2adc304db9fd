//! A job as the law sees it.

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits for a pilot.
    Activated,
    /// Handed out, nothing heard yet.
    Sent,
    /// Its pilot prepares it.
    Starting,
    /// It runs.
    Running,
    /// It has ended, and the server looks at what it left; or the pilot said so itself.
    Holding,
    /// Its outputs are on their way.
    Transferring,
    /// Done, final.
    Finished,
    /// Failed with no attempt left, final.
    Failed,
    /// Killed, final.
    Cancelled,
}

impl State {
    /// All states.
    pub const ALL: [State; 9] = [
        State::Activated,
        State::Sent,
        State::Starting,
        State::Running,
        State::Holding,
        State::Transferring,
        State::Finished,
        State::Failed,
        State::Cancelled,
    ];

    /// The word of the protocol.
    pub fn word(self) -> &'static str {
        match self {
            State::Activated => "activated",
            State::Sent => "sent",
            State::Starting => "starting",
            State::Running => "running",
            State::Holding => "holding",
            State::Transferring => "transferring",
            State::Finished => "finished",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
        }
    }

    /// The state with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.word() == word)
    }

    /// Whether a pilot may report it.
    pub fn is_reportable(self) -> bool {
        !matches!(self, State::Activated | State::Sent | State::Cancelled)
    }

    /// Whether nothing but a retry changes it.
    pub fn is_final(self) -> bool {
        matches!(self, State::Finished | State::Failed | State::Cancelled)
    }
}

/// How an attempt ended, before the server has settled what that means for its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The pilot said finished, and every output is there.
    Finished,
    /// The payload failed, or outputs are missing: another attempt would fail as well.
    Failed,
    /// The infrastructure failed: worth another attempt.
    Broken,
    /// The pilot gives it back, not begun or not ended: another attempt, whatever their number.
    GivenBack,
}

impl Ending {
    /// The word that the store keeps.
    pub fn word(self) -> &'static str {
        match self {
            Ending::Finished => "finished",
            Ending::Failed => "failed",
            Ending::Broken => "broken",
            Ending::GivenBack => "given back",
        }
    }

    /// The ending with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Ending::Finished, Ending::Failed, Ending::Broken, Ending::GivenBack];
        all.into_iter().find(|e| e.word() == word)
    }
}

/// What the law needs to know of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Where it stands.
    pub state: State,
    /// The number of its attempt, from 1.
    pub attempt: i64,
    /// The last attempt it may have.
    pub max_attempt: i64,
    /// Whether somebody asked for its end.
    pub killed: bool,
    /// The batch job that its pilot last named.
    pub batch_id: Option<String>,
    /// How the attempt ended, while the job is in [`State::Holding`].
    pub ending: Option<Ending>,
}
