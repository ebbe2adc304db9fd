//! What an event does to a job: pure decisions.

use super::job::{Ending, Job, State};
use serde_json::Value;

/// Pilot errors that another attempt would only repeat: killed on request (1144), an output is not there
/// (1165), more memory than its limit (1235), the payload failed (1305), crashed (1328), lacks an input (1331),
/// or took longer than its own limit (1367). The others are the infrastructure's.
const FOR_GOOD: [i64; 7] = [1144, 1165, 1235, 1305, 1328, 1331, 1367];
/// Pilot errors of a job that somebody else is to have: the pilot's time did not suffice for it (1375), or its
/// place was wanted by others (1379).
const GIVEN_BACK: [i64; 2] = [1375, 1379];

/// A pilot's update, as far as it decides anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report<'a> {
    /// The state it reports; none where the word is no state that a pilot may report.
    pub state: Option<State>,
    /// The attempt it speaks of; none = it does not say.
    pub attempt: Option<i64>,
    /// Its batch job.
    pub batch_id: Option<&'a str>,
    /// How it ended, where `state` is final.
    pub ending: Ending,
}

/// What follows from an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is stored; the pilot gets this command.
    Drop(&'static str),
    /// The job becomes this and what was reported is stored; the pilot gets this command.
    Keep(Job, &'static str),
}

/// Decides about an update.
pub fn update(job: &Job, report: &Report<'_>) -> Verdict {
    if report.attempt.is_some_and(|a| a != job.attempt) {
        return Verdict::Drop("tobekilled");
    }
    let ended = job.ending.is_some() || job.state.is_final();
    if job.state == State::Failed || ended && report.state.is_some_and(State::is_final) {
        return Verdict::Drop("alreadydone");
    }
    if job.state.is_final() || job.state == State::Activated {
        return Verdict::Drop("tobekilled");
    }
    if let (Some(old), Some(new)) = (job.batch_id.as_deref(), report.batch_id)
        && old != new
        && !is_numeric(new)
    {
        return Verdict::Drop("tobekilled");
    }
    let command = if job.killed { "tobekilled" } else { "NULL" };
    let Some(state) = report.state.filter(|_| !ended) else { return Verdict::Drop(command) };
    let mut next = job.clone();
    if let Some(batch_id) = report.batch_id {
        next.batch_id = Some(batch_id.to_owned());
    }
    next.state = match (job.state, state) {
        (_, State::Finished | State::Failed) => {
            next.ending = Some(report.ending);
            State::Holding
        }
        (State::Running, State::Starting) => State::Running,
        (old @ (State::Holding | State::Transferring), State::Running | State::Starting) => old,
        (_, state) => state,
    };
    Verdict::Keep(next, command)
}

/// The job after its ending is settled: final, or waiting with the next attempt. None while it has not ended.
pub fn settle(job: &Job) -> Option<Job> {
    let next = match job.ending? {
        Ending::Finished => end(job, State::Finished),
        _ if job.killed => end(job, State::Cancelled),
        Ending::Broken if job.attempt < job.max_attempt => again(job, job.max_attempt),
        Ending::GivenBack => again(job, job.max_attempt.saturating_add(1)),
        Ending::Failed | Ending::Broken => end(job, State::Failed),
    };
    Some(next)
}

/// The job after nothing was heard for too long. None where nobody has to report.
pub fn lose(job: &Job) -> Option<Job> {
    let held = matches!(
        job.state,
        State::Sent | State::Starting | State::Running | State::Holding | State::Transferring
    );
    let mut lost = job.clone();
    lost.ending = Some(Ending::Broken);
    if held && job.ending.is_none() { settle(&lost) } else { None }
}

/// The job after a request to kill it. None where it has ended.
pub fn kill(job: &Job) -> Option<Job> {
    match job.state {
        State::Activated => Some(end(job, State::Cancelled)),
        state if state.is_final() => None,
        _ => Some(Job { killed: true, ..job.clone() }),
    }
}

/// The job after a request to take it out of the queue. None where a pilot has it, or it has ended.
pub fn withdraw(job: &Job) -> Option<Job> {
    (job.state == State::Activated).then(|| end(job, State::Cancelled))
}

/// The job after a request to try it again. None unless it is failed or cancelled.
pub fn retry(job: &Job) -> Option<Job> {
    let over = matches!(job.state, State::Failed | State::Cancelled);
    over.then(|| again(job, job.max_attempt.max(job.attempt + 1)))
}

fn end(job: &Job, state: State) -> Job {
    Job { state, ending: None, ..job.clone() }
}

fn again(job: &Job, max_attempt: i64) -> Job {
    Job {
        state: State::Activated,
        attempt: job.attempt + 1,
        max_attempt,
        killed: false,
        batch_id: None,
        ending: None,
    }
}

/// How a reported `failed` ended, by its pilot error; 0 = the pilot sees no fault around the payload.
pub fn failure(pilot_error: i64) -> Ending {
    match pilot_error {
        0 => Ending::Failed,
        code if FOR_GOOD.contains(&code) => Ending::Failed,
        code if GIVEN_BACK.contains(&code) => Ending::GivenBack,
        _ => Ending::Broken,
    }
}

/// Why the output report of a finished job does not do, if it does not: the diagnostics of ddmErrorCode 200.
pub fn bad_output(out_files: &str, may_lack: &str, report: Option<&str>) -> Option<String> {
    let names = |text: &str| -> Vec<String> {
        text.split(',').filter(|n| !n.is_empty() && *n != "NULL").map(str::to_owned).collect()
    };
    let (wanted, optional) = (names(out_files), names(may_lack));
    let entries = match report.filter(|r| !r.is_empty()).map(serde_json::from_str::<Value>) {
        None => serde_json::Map::new(),
        Some(Ok(Value::Object(map))) => map,
        Some(_) => return Some("output report is not a JSON object".to_owned()),
    };
    for name in &wanted {
        match entries.get(name) {
            None if optional.contains(name) => {}
            None => return Some(format!("expected output {name} is missing in pilot JSON")),
            Some(entry) => {
                let has = |key: &str| entry.get(key).is_some_and(|v| !v.is_null());
                if !(has("guid") && has("fsize") && (has("adler32") || has("md5sum"))) {
                    return Some(format!("output {name} lacks guid, fsize or checksum in pilot JSON"));
                }
            }
        }
    }
    let known = |name: &String| {
        let part = |w: &String| {
            name.strip_prefix(w.as_str())
                .and_then(|rest| rest.strip_prefix('_'))
                .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        };
        wanted.contains(name) || wanted.iter().any(|w| part(w) || w.starts_with("regex|"))
    };
    let stranger = entries.keys().find(|name| !known(name))?;
    Some(format!("output {stranger} in pilot JSON is not one of the job"))
}

/// Whether a batch id looks like a number: `^\d+\.*\d+$`.
fn is_numeric(text: &str) -> bool {
    let tail = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let head = text.len() - tail.len();
    if tail.is_empty() {
        return head >= 2;
    }
    let last = tail.trim_start_matches('.');
    head >= 1 && last.len() < tail.len() && !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn job(state: State) -> Job {
        Job { state, attempt: 1, max_attempt: 3, killed: false, batch_id: None, ending: None }
    }

    fn says(state: &str) -> Report<'static> {
        Report {
            state: State::from_word(state),
            attempt: Some(1),
            batch_id: None,
            ending: Ending::Finished,
        }
    }

    fn after(job: &Job, report: &Report<'_>) -> Job {
        match update(job, report) {
            Verdict::Keep(next, "NULL") => next,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_final_update_holds_and_a_second_one_is_already_done() {
        let held = after(&job(State::Running), &says("finished"));
        assert_eq!((held.state, held.ending), (State::Holding, Some(Ending::Finished)));
        assert_eq!(update(&held, &says("finished")), Verdict::Drop("alreadydone"));
        assert_eq!(update(&job(State::Failed), &says("running")), Verdict::Drop("alreadydone"));
        assert_eq!(settle(&held).unwrap().state, State::Finished);
    }

    #[test]
    fn states_do_not_run_back() {
        assert_eq!(after(&job(State::Running), &says("starting")).state, State::Running);
        assert_eq!(after(&job(State::Holding), &says("running")).state, State::Holding);
        assert_eq!(after(&job(State::Transferring), &says("running")).state, State::Transferring);
    }

    #[test]
    fn strangers_are_told_to_stop() {
        let other = Report { attempt: Some(2), ..says("running") };
        assert_eq!(update(&job(State::Running), &other), Verdict::Drop("tobekilled"));
        assert_eq!(update(&job(State::Finished), &says("running")), Verdict::Drop("tobekilled"));
        let named = Job { batch_id: Some("17".into()), ..job(State::Running) };
        let moved = |batch_id| Report { batch_id: Some(batch_id), ..says("running") };
        assert_eq!(update(&named, &moved("17_1")), Verdict::Drop("tobekilled"));
        assert_eq!(after(&named, &moved("18")).batch_id.as_deref(), Some("18"));
    }

    #[test]
    fn a_killed_job_that_fails_is_cancelled() {
        let killed = kill(&job(State::Running)).unwrap();
        let Verdict::Keep(held, "tobekilled") =
            update(&killed, &Report { ending: Ending::Broken, ..says("failed") })
        else {
            panic!("it is told to stop");
        };
        assert_eq!(settle(&held).unwrap().state, State::Cancelled);
    }

    /// What a machine, a site or a network does is tried again; what the job does itself is not.
    #[test]
    fn only_the_infrastructures_errors_are_tried_again() {
        let after = |code| {
            let report = Report { ending: failure(code), ..says("failed") };
            settle(&after(&job(State::Running), &report)).unwrap().state
        };
        for code in [0, 1144, 1165, 1235, 1305, 1328, 1331, 1367] {
            assert_eq!(after(code), State::Failed, "{code}");
        }
        for code in [1008, 1098, 1099, 1137, 1150, 1201, 1212, 1213, 1318, 1360, 1375, 1379, -1] {
            assert_eq!(after(code), State::Activated, "{code}");
        }
    }

    #[test]
    fn what_is_given_back_costs_no_attempt() {
        for code in [1375, 1379] {
            let held = Job { ending: Some(failure(code)), attempt: 3, ..job(State::Holding) };
            let next = settle(&held).unwrap();
            assert_eq!((next.state, next.attempt, next.max_attempt), (State::Activated, 4, 4), "{code}");
        }
        let killed = Job { killed: true, ending: Some(failure(1379)), ..job(State::Holding) };
        assert_eq!(settle(&killed).unwrap().state, State::Cancelled);
    }

    #[test]
    fn only_what_nobody_has_can_be_withdrawn() {
        for state in State::ALL {
            let is_waiting = state == State::Activated;
            assert_eq!(withdraw(&job(state)).is_some_and(|j| j.state == State::Cancelled), is_waiting);
        }
    }

    #[test]
    fn every_output_must_be_reported() {
        let entry = r#"{"log.1.tgz":{"guid":"g","fsize":1,"adler32":"0a1b2c3d"}}"#;
        assert_eq!(bad_output("log.1.tgz", "", Some(entry)), None);
        assert_eq!(bad_output("", "", None), None);
        let missing = bad_output("log.1.tgz", "", None).unwrap();
        assert_eq!(missing, "expected output log.1.tgz is missing in pilot JSON");
        assert_eq!(bad_output("log.1.tgz", "log.1.tgz", None), None);
        assert!(bad_output("", "", Some(entry)).is_some(), "a stranger");
    }

    #[test]
    fn batch_ids_that_are_numbers() {
        for (text, want) in
            [("17", true), ("1..2", true), ("1", false), ("17_1", false), ("1.2.3", false)]
        {
            assert_eq!(is_numeric(text), want, "{text}");
        }
    }

    proptest! {
        /// Whatever comes in whatever order: a final state stays, attempts only grow and are bounded.
        #[test]
        fn no_order_of_events_ends_a_job_twice(events in prop::collection::vec((0u8..6, 0usize..9, 1i64..5), 0..60)) {
            let mut job = job(State::Activated);
            for (what, state, attempt) in events {
                let before = job.clone();
                let report = Report { state: Some(State::ALL[state]).filter(|s| s.is_reportable()),
                    attempt: Some(attempt), batch_id: None,
                    ending: if state == 6 { Ending::Finished } else { Ending::Broken } };
                let next = match what {
                    0 if job.state == State::Activated => Some(Job { state: State::Sent, ..job.clone() }),
                    1 | 2 => match update(&job, &report) { Verdict::Keep(next, _) => Some(next), Verdict::Drop(_) => None },
                    3 => settle(&job),
                    4 => lose(&job),
                    5 => kill(&job),
                    _ => None,
                };
                job = next.unwrap_or(job);
                prop_assert!(!before.state.is_final() || job == before);
                prop_assert!(job.attempt >= before.attempt && job.attempt <= job.max_attempt);
                prop_assert!(job.ending.is_none() || job.state == State::Holding);
                prop_assert!(job.attempt == before.attempt || job.state == State::Activated);
            }
        }
    }
}
