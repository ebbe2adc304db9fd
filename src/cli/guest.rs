//! The `[pilot]` table of a study: ranks that it cannot use run jobs of a queue.

use super::queue_work::{self, Started, Work};
use super::run::Args;
use super::undertaking::end_of;
use crate::comm::Message;
use crate::config::{After, Engine, Guest as Table, Site, Study};
use crate::exit::Exit;
use crate::observe::say;
use crate::panda::Generation;
use crate::pilot::{Ended, Ending, Settings};
use crate::slurm::Allocation;
use crate::tenancy::{Deeds, Tenant, Word};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A pilot that has the ranks which studies leave.
pub struct Guest {
    /// `None` once it is over.
    started: Option<Started>,
    after: After,
    silence_s: f64,
    log: PathBuf,
}

impl Guest {
    /// The guest of a study, if it has one.
    pub fn of(
        study: &Study,
        ranks: usize,
        args: &Args,
        allocation: Option<&Allocation>,
    ) -> Option<Result<Self, (Exit, String)>> {
        let table = study.pilot.as_ref()?;
        Some(Self::start(table, study, ranks, args, allocation))
    }

    fn start(
        table: &Table,
        study: &Study,
        ranks: usize,
        args: &Args,
        allocation: Option<&Allocation>,
    ) -> Result<Self, (Exit, String)> {
        let dir = std::path::absolute(study.output.join("pilot"));
        let dir = dir.map_err(|e| (Exit::Usage, format!("{}: {e}", study.output.display())))?;
        fs::create_dir_all(&dir).map_err(|e| (Exit::Storage, format!("{}: {e}", dir.display())))?;
        let log = dir.join("pilot.log");
        let container = Site::container(Engine::Auto, &table.binds);
        let site = Site {
            outputs: table.outputs.clone().unwrap_or_else(|| dir.join("outputs")),
            keep: table.keep,
            silence_s: study.limits.silence_s,
            grace_s: GRACE_S,
            log_limit: LOG_LIMIT,
            container: container.map_err(|e| (Exit::BadStudy, format!("pilot.binds {e}")))?,
            directory: dir.clone(),
        };
        let work = Work {
            server: table.server.clone(),
            // Said, not asked for: a server that is away now may come back, and the study does not wait.
            generation: Some(if table.is_classic { Generation::Classic } else { Generation::V1 }),
            request: REQUEST,
            queue: table.queue.clone(),
            label: table.label.clone(),
            inputs: table.inputs.clone().unwrap_or_else(|| dir.join("inputs")),
            settings: Settings {
                ranks,
                is_guest: true,
                batch: table.batch,
                ask_wait_s: ASK_WAIT_S,
                most: None,
                usual_s: table.usual_s,
                end: end_of(args, study, allocation).map(|end| end - study.limits.margin_s),
                wait_s: table.wait_s,
                patience_s: None,
            },
            site,
        };
        let place = log.clone();
        let notice = Box::new(move |line: &str| note(&place, line));
        let started = queue_work::start(work, allocation, notice)?;
        let guest =
            Self { started: Some(started), after: table.after, silence_s: study.limits.silence_s, log };
        guest.say(&format!("ranks that are left run jobs of {} at {}", table.queue, table.server));
        Ok(guest)
    }

    fn say(&self, line: &str) {
        note(&self.log, line);
    }

    /// The studies are over.
    pub fn is_alone(&mut self) {
        let Some(Started { driver, .. }) = &mut self.started else { return };
        match self.after {
            After::Work => driver.is_alone(),
            After::Finish => driver.drain("the study is over"),
            After::Stop => {
                driver.drain("the study is over");
                driver.hear(Word::Owe { ranks: usize::MAX });
            }
        }
    }

    /// It is over: the server hears the rest.
    pub fn close(&mut self) {
        let Some(Started { driver, tally, client, .. }) = self.started.take() else { return };
        let (ended, left) = driver.close();
        self.say(&tally.borrow_mut().shown(client.requests()));
        if left > 0 {
            self.say(&format!(
                "the server has not heard of {left} ends of jobs: the next session tells them"
            ));
        }
        match ended {
            Some(Ended::Ending(Ending::Refused(reason) | Ending::Failed(reason)))
            | Some(Ended::Disk(reason)) => {
                self.say(&format!("no more jobs: {reason}"));
            }
            _ => {}
        }
    }
}

/// Longest time to wait for the server, which also the end of a study may have to.
const REQUEST: Duration = Duration::from_secs(20);
/// Seconds that the server may wait for work: the end of a study waits for its answer.
const ASK_WAIT_S: f64 = 2.0;
/// Seconds between TERM and KILL of a job.
const GRACE_S: u32 = 10;
/// Bytes that are kept of each of a job's stdout and stderr.
const LOG_LIMIT: u64 = 100 << 20;

/// A line for people, also in the guest's log.
fn note(log: &Path, line: &str) {
    say(format_args!("pilot: {line}"));
    let at = humantime::format_rfc3339_seconds(std::time::SystemTime::now());
    let file = OpenOptions::new().append(true).create(true).open(log);
    // Words that cannot be written are no reason to end anything.
    let _ = file.and_then(|mut file| writeln!(file, "{at} {line}"));
}

impl Tenant for Guest {
    fn greeting(&self) -> Message {
        self.started.as_ref().map_or(Message::Alive, |started| started.driver.greeting())
    }

    fn silence_s(&self) -> f64 {
        self.silence_s
    }

    fn wants(&self) -> usize {
        self.started.as_ref().map_or(0, |started| started.driver.wants())
    }

    fn share(&self) -> f64 {
        0.0
    }

    fn hear(&mut self, word: Word) {
        if let Some(started) = &mut self.started {
            started.driver.hear(word);
        }
    }

    fn turn(&mut self, deeds: &mut Deeds<'_>) -> bool {
        self.started.as_mut().is_some_and(|started| started.driver.turn(deeds))
    }

    fn is_over(&self) -> bool {
        self.started.as_ref().is_none_or(|started| started.driver.is_over())
    }
}
