//! A single task without rank 0.

use super::LOOK;
use super::work::{Ended, Id, Rest, Work, Workshop};
use crate::clock::now_s;
use crate::comm::{Report, Task};
use crate::config::Study;
use crate::problem::{TaskFacts, TaskOutcome};
use std::sync::atomic::{AtomicBool, Ordering};

/// Does `task` of `study` in this process and says how it ended; `told_to_stop`: it is to be interrupted.
pub fn alone(study: &Study, task: &Task, told_to_stop: &AtomicBool) -> Report {
    let id = Id::Task(task.trial, task.task, task.attempt);
    let started = now_s();
    let Ended { outcome, rest } = match Workshop::new(study) {
        Err(reason) => finish(Work::unable(id, &reason), told_to_stop),
        Ok(workshop) => {
            // An image may have to be copied first.
            while !workshop.is_ready(task) && !told_to_stop.load(Ordering::Relaxed) {
                std::thread::sleep(LOOK.1);
            }
            match told_to_stop.load(Ordering::Relaxed) {
                true => {
                    let reason = "stopped before it began".to_owned();
                    Ended::unbegun(id, TaskOutcome::Interrupted { reason })
                }
                false => finish(workshop.start(task), told_to_stop),
            }
        }
    };
    let facts = match rest {
        Rest::Task(facts) => facts,
        Rest::Job(_) => TaskFacts::default(),
    };
    let &Task { trial, task, attempt, .. } = task;
    Report { trial, task, attempt, outcome, started, finished: now_s(), facts }
}

fn finish(mut work: Work, told_to_stop: &AtomicBool) -> Ended {
    let mut is_told = false;
    loop {
        if let Some(ended) = work.poll() {
            return ended;
        }
        if !is_told && told_to_stop.load(Ordering::Relaxed) {
            is_told = true;
            work.stop("its job was stopped");
        }
        std::thread::sleep(LOOK.0);
    }
}
