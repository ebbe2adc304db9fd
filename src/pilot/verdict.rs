//! What the server is told about the end of a job: state, documented codes, files.

use super::events::Said;
use crate::job::{End, Facts, Order, Trouble, Written};
use crate::panda::{FileReport, State, Update};
use crate::problem::{FailureClass, TaskOutcome};

/// Signal of an illegal access to memory.
const SIGSEGV: i32 = 11;
/// Signal that cannot be caught: of the kernel when memory runs out.
const SIGKILL: i32 = 9;
/// What shells add to the number of a signal.
const SHELL_SIGNAL: i32 = 128;

/// The last word about a job. `guid` makes identifiers for files; the server's own for the log is kept.
pub(super) fn update(
    order: &Order,
    end: &End,
    said: Said,
    log_guid: Option<&str>,
    guid: &mut dyn FnMut() -> String,
) -> Update {
    let Facts { exit, signal, .. } = end.facts;
    let is_ok = matches!(end.outcome, TaskOutcome::Ok(_));
    let (code, why) = error(end, said);
    let files = end.facts.files.iter().map(|file| {
        let Written { name, path, size, adler32 } = file;
        let own = log_guid.filter(|_| order.log.as_ref() == Some(name)).map(str::to_owned);
        let report = FileReport {
            guid: own.unwrap_or_else(&mut *guid),
            fsize: *size,
            adler32: format!("{adler32:08x}"),
            surl: format!("file://{}", path.display()),
        };
        (name.clone(), report)
    });
    Update {
        exit: exit.or(signal.map(|number| SHELL_SIGNAL + number)),
        pilot_error: Some((code, why)),
        payload_error: Some((0, String::new())),
        started: Some(end.started),
        finished: Some(end.finished),
        cpu_s: end.facts.cpu_s,
        cores: Some(order.cores),
        peak_memory: end.facts.peak_memory,
        metrics: Some(format!("actualCoreCount={}", order.cores)),
        report: end.facts.report.clone(),
        files: files.collect(),
        ..Update::new(
            order.id.job,
            order.id.attempt,
            if is_ok { State::Finished } else { State::Failed },
        )
    }
}

/// The pilot's error code and text; 0 and nothing for a job that ended well.
fn error(end: &End, said: Said) -> (i32, String) {
    let (class, reason) = match &end.outcome {
        TaskOutcome::Ok(_) => return (0, String::new()),
        TaskOutcome::Infeasible { reason } => (FailureClass::Exit, reason),
        TaskOutcome::Failed { class, reason } => (*class, reason),
        TaskOutcome::Interrupted { reason } => {
            let code = match said {
                Said::Server => 1144,
                Said::TimeLimit => 1213,
                Said::NotBegun => 1375,
                Said::Preempted => 1379,
                Said::RankLost => 1008,
                // With the whole allocation: nobody told this program before.
                Said::Signal | Said::Itself => 1201,
            };
            return (code, reason.clone());
        }
    };
    let code = match (end.facts.trouble, class) {
        (Some(Trouble::Program), _) => 1346,
        (Some(Trouble::Source), _) => 1149,
        (Some(Trouble::Input), _) => 1331,
        (Some(Trouble::StageOut), _) => 1137,
        (Some(Trouble::Output), _) | (None, FailureClass::Output) => 1165,
        (Some(Trouble::Image), _) => 1360,
        (Some(Trouble::Disk), _) => 1098,
        (Some(Trouble::Setup), _) => 1110,
        (None, FailureClass::Memory) if end.facts.signal == Some(SIGKILL) => 1212,
        (None, FailureClass::Memory) => 1235,
        (None, FailureClass::Timeout) => 1367,
        (None, FailureClass::Silent) => 1150,
        (None, FailureClass::Signal) if end.facts.signal == Some(SIGSEGV) => 1328,
        (None, FailureClass::Exit | FailureClass::Signal) => 1305,
        (None, FailureClass::Infrastructure) => 1008,
    };
    (code, reason.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobId;

    fn order() -> Order {
        Order {
            id: JobId { job: 7, attempt: 2 },
            program: "true".into(),
            arguments: String::new(),
            source: None,
            env: vec![],
            image: None,
            cores: 4,
            memory: None,
            timeout_s: None,
            inputs: vec![],
            outputs: vec![],
            log: Some("log.tgz".into()),
        }
    }

    fn end(outcome: TaskOutcome, facts: Facts) -> End {
        End { id: order().id, outcome, started: 0.0, finished: 60.0, facts }
    }

    fn told(end: &End, said: Said) -> Update {
        let mut number = 0;
        let mut guid = || {
            number += 1;
            format!("guid-{number}")
        };
        update(&order(), end, said, Some("log-guid"), &mut guid)
    }

    fn code(class: FailureClass, trouble: Option<Trouble>, signal: Option<i32>) -> i32 {
        let outcome = TaskOutcome::Failed { class, reason: "why".into() };
        let update = told(&end(outcome, Facts { trouble, signal, ..Facts::default() }), Said::Itself);
        assert_eq!(update.state, State::Failed);
        update.pilot_error.unwrap().0
    }

    #[test]
    fn failures_have_the_documented_codes() {
        use FailureClass::*;
        assert_eq!(code(Exit, None, None), 1305);
        assert_eq!(code(Signal, None, Some(11)), 1328);
        assert_eq!(code(Signal, None, Some(6)), 1305);
        assert_eq!(code(Timeout, None, None), 1367);
        assert_eq!(code(Memory, None, None), 1235);
        assert_eq!(code(Memory, None, Some(9)), 1212);
        assert_eq!(code(Output, Some(Trouble::Output), None), 1165);
        assert_eq!(code(Infrastructure, Some(Trouble::Program), None), 1346);
        assert_eq!(code(Infrastructure, Some(Trouble::Input), None), 1331);
        assert_eq!(code(Infrastructure, Some(Trouble::Image), None), 1360);
        assert_eq!(code(Infrastructure, None, None), 1008);
    }

    #[test]
    fn who_ended_a_job_decides_what_is_said_of_it() {
        for (said, code) in [
            (Said::Server, 1144),
            (Said::TimeLimit, 1213),
            (Said::Signal, 1201),
            (Said::RankLost, 1008),
            (Said::NotBegun, 1375),
        ] {
            let interrupted = end(TaskOutcome::Interrupted { reason: "r".into() }, Facts::default());
            assert_eq!(told(&interrupted, said).pilot_error, Some((code, "r".into())));
            let well = end(TaskOutcome::Ok(vec![]), Facts::default());
            assert_eq!(told(&well, said).pilot_error, Some((0, String::new())), "it was done before");
        }
    }

    #[test]
    fn files_are_listed_as_servers_insist_on() {
        let file = |name: &str, adler32| Written {
            name: name.into(),
            path: format!("/o/{name}").into(),
            size: 9,
            adler32,
        };
        let files = vec![file("out", 0x11e6_0398), file("log.tgz", 1)];
        let facts = Facts { files, exit: Some(0), ..Facts::default() };
        let update = told(&end(TaskOutcome::Ok(vec![]), facts), Said::Itself);
        assert_eq!((update.state, update.exit), (State::Finished, Some(0)));
        let out = &update.files["out"];
        assert_eq!(
            (&*out.guid, out.fsize, &*out.adler32, &*out.surl),
            ("guid-1", 9, "11e60398", "file:///o/out")
        );
        let log = &update.files["log.tgz"];
        assert_eq!((&*log.guid, &*log.adler32), ("log-guid", "00000001"));
        let killed = Facts { signal: Some(6), ..Facts::default() };
        let outcome = TaskOutcome::Failed { class: FailureClass::Signal, reason: String::new() };
        assert_eq!(told(&end(outcome, killed), Said::Itself).exit, Some(134));
    }
}
