//! What ends mean, on files and statuses without processes.

use super::*;
use crate::config::ResultFile;

/// A directory with these files, in which a command was judged.
fn judge(
    files: &[(&str, &str)],
    ends: &[Status],
    out_of_memory: Option<&str>,
    change: impl FnOnce(&mut Command),
) -> TaskOutcome {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let mut command = Command::new(vec!["/opt/bin/reco".into()]);
    change(&mut command);
    let names: Vec<String> = command.programs().iter().map(|p| p[0].clone()).collect();
    let ends = names.into_iter().zip(ends).map(|(name, status)| StepEnd { name, status: *status });
    let ends: Vec<StepEnd> = ends.collect();
    let wanted = Wanted::Stage { required: vec!["n".into()], optional: vec![] };
    let evidence = Evidence {
        command: &command,
        wanted: &wanted,
        ends: &ends,
        logs: dir.path(),
        work: dir.path(),
        out_of_memory: out_of_memory.map(str::to_owned),
        events: None,
    };
    evidence.outcome()
}

const OK: Status = Status::Code(0);
const KILLED: Status = Status::Signal { number: 9, core: false };

fn failed(outcome: &TaskOutcome, wanted: FailureClass, told: &str) {
    let TaskOutcome::Failed { class, reason } = outcome else { panic!("{outcome:?}") };
    assert_eq!(*class, wanted, "{reason}");
    assert!(reason.contains(told), "{told:?} is not in {reason}");
}

fn overlaps(required: bool) -> Pattern {
    Pattern {
        text: "Number of illegal overlaps/extrusions : {n}".into(),
        above: Some(0.0),
        below: None,
        equals: None,
        is: Verdict::Infeasible,
        file: None,
        required,
    }
}

#[test]
fn the_step_that_failed_is_named() {
    let steps = |command: &mut Command| {
        command.argv = vec![];
        command.steps = ["npsim", "/opt/eicrecon"].map(|p| vec![p.to_owned()]).to_vec();
    };
    let outcome = judge(&[("stderr", "no geometry\n")], &[OK, Status::Code(3)], None, steps);
    failed(&outcome, FailureClass::Exit, "step 2 of 2 (eicrecon): exit code 3; last lines: no geometry");
    failed(&judge(&[], &[KILLED], None, steps), FailureClass::Signal, "step 1 of 2 (npsim): ended by");
    failed(&judge(&[], &[OK], None, steps), FailureClass::Infrastructure, "1 further steps");
    failed(&judge(&[], &[], None, steps), FailureClass::Infrastructure, "no step ended");
    assert_eq!(judge(&[], &[OK, OK], None, steps), TaskOutcome::Ok(vec![]));
}

#[test]
fn what_was_killed_for_want_of_memory_is_told_from_other_kills() {
    let why = Some("the kernel ran out of memory");
    failed(&judge(&[], &[KILLED], why, |_| {}), FailureClass::Memory, "the kernel ran out of memory");
    // What a shell says of its child.
    failed(&judge(&[], &[Status::Code(137)], why, |_| {}), FailureClass::Memory, "exit code 137");
    failed(&judge(&[], &[KILLED], None, |_| {}), FailureClass::Signal, "SIGKILL");
    failed(&judge(&[], &[Status::Code(137)], None, |_| {}), FailureClass::Exit, "exit code 137");
    failed(&judge(&[], &[Status::Code(1)], why, |_| {}), FailureClass::Exit, "exit code 1");
}

#[test]
fn a_verdict_in_the_text_comes_before_the_exit_status() {
    let check = |command: &mut Command| command.patterns = vec![overlaps(true)];
    let line = |n: &str| format!("Geometry\nNumber of illegal overlaps/extrusions : {n}\nend\n");
    let judged = |text: &str, status| judge(&[("stdout", text)], &[status], None, check);
    let reason = "Number of illegal overlaps/extrusions : 2".to_owned();
    let infeasible = TaskOutcome::Infeasible { reason };
    assert_eq!(judged(&line("2"), OK), infeasible);
    assert_eq!(judged(&line("2"), Status::Code(1)), infeasible);
    assert_eq!(judge(&[("stderr", &line("2"))], &[OK], None, check), infeasible);
    assert_eq!(judged(&line("0"), OK), TaskOutcome::Ok(vec![]));
    failed(&judged(&line("0"), Status::Code(1)), FailureClass::Exit, "exit code 1");
    failed(&judged("nothing of that\n", OK), FailureClass::Output, "no line of the output has");
    failed(&judged(&line("many"), OK), FailureClass::Output, "needs a number");
    failed(&judged("", Status::Code(4)), FailureClass::Exit, "exit code 4");
    let optional = |command: &mut Command| command.patterns = vec![overlaps(false)];
    assert_eq!(judge(&[("stdout", "")], &[OK], None, optional), TaskOutcome::Ok(vec![]));
}

#[test]
fn a_pattern_may_name_a_file_bounds_and_a_class() {
    let hang = |command: &mut Command| {
        let pattern = Pattern {
            text: "timeout of worker".into(),
            above: None,
            is: Verdict::Failed(FailureClass::Silent),
            file: Some("jana.log".into()),
            ..overlaps(false)
        };
        command.patterns = vec![pattern];
    };
    let said = [("jana.log", "ERROR timeout of worker 3\n"), ("stdout", "fine\n")];
    failed(&judge(&said, &[Status::Code(1)], None, hang), FailureClass::Silent, "timeout of worker 3");
    assert_eq!(judge(&[("stdout", "timeout of worker")], &[OK], None, hang), TaskOutcome::Ok(vec![]));
    let holds_for = |above, below, equals, n| {
        holds(&Pattern { above, below, equals, ..overlaps(false) }, Found::Number(n))
    };
    assert!(holds_for(Some(1.0), Some(3.0), None, 2.0) && !holds_for(Some(1.0), Some(3.0), None, 3.0));
    assert!(!holds_for(Some(2.0), None, None, 2.0) && holds_for(None, None, Some(2.0), 2.0));
    assert!(!holds_for(None, None, Some(2.0), 2.5) && holds_for(None, None, None, 7.0));
}

#[test]
fn exit_codes_may_say_that_a_design_cannot_be() {
    let nine = |command: &mut Command| command.infeasible_exit_codes = vec![9];
    let reason = "mirror hits the vessel".to_owned();
    let outcome = judge(&[("stdout", "mirror hits the vessel\n")], &[Status::Code(9)], None, nine);
    assert_eq!(outcome, TaskOutcome::Infeasible { reason });
    let outcome = judge(&[], &[Status::Code(9)], None, nine);
    assert_eq!(outcome, TaskOutcome::Infeasible { reason: "exit code 9".into() });
    failed(&judge(&[], &[KILLED], None, nine), FailureClass::Signal, "signal 9");
}

#[test]
fn outputs_must_be_there_and_not_empty() {
    let with = |command: &mut Command| command.outputs = vec!["recon.root".into(), "plots".into()];
    failed(
        &judge(&[], &[OK], None, with),
        FailureClass::Output,
        "the output recon.root was not written",
    );
    let empty = judge(&[("recon.root", ""), ("plots", "x")], &[OK], None, with);
    failed(&empty, FailureClass::Output, "the output recon.root is empty (0 bytes)");
    let fine = judge(&[("recon.root", "x"), ("plots", "x")], &[OK], None, with);
    assert_eq!(fine, TaskOutcome::Ok(vec![]));
}

#[test]
fn a_result_is_read_last() {
    let result = |command: &mut Command| command.result = Some(ResultFile::Json("result.json".into()));
    let outcome = judge(&[("result.json", r#"{"n": 3}"#)], &[OK], None, result);
    let TaskOutcome::Ok(values) = outcome else { panic!("{outcome:?}") };
    assert_eq!((values[0].0.as_str(), values[0].1.value()), ("n", 3.0));
    let outcome = judge(&[("result.json", r#"{"n": NaN}"#)], &[OK], None, result);
    failed(&outcome, FailureClass::Output, "JSON has no NaN");
    failed(&judge(&[], &[OK], None, result), FailureClass::Output, "wrote no result");
    let outcome = judge(&[("result.json", r#"{"n": 3}"#)], &[Status::Code(1)], None, result);
    failed(&outcome, FailureClass::Exit, "exit code 1");
}
