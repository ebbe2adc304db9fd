use super::*;
use crate::config::KeptJobs;
use crate::job::{JobId, Output};
use crate::problem::{FailureClass, TaskOutcome};
use std::fs;
use std::io::Read;
use std::time::Duration;

fn site(dir: &Path, keep: KeptJobs) -> Site {
    let container = Site::container(Engine::Auto, &[]).unwrap();
    let outputs = dir.join("outputs");
    Site {
        directory: dir.to_owned(),
        outputs,
        keep,
        silence_s: 300.0,
        grace_s: 1,
        log_limit: 1 << 20,
        container,
    }
}

fn order(program: &str, arguments: &str) -> Order {
    Order {
        id: JobId { job: 7, attempt: 2 },
        program: program.into(),
        arguments: arguments.into(),
        source: None,
        env: vec![],
        image: None,
        cores: 3,
        memory: None,
        timeout_s: None,
        inputs: vec![],
        outputs: vec![],
        log: None,
    }
}

fn run_in(dir: &Path, keep: KeptJobs, order: &Order) -> JobEnd {
    match JobBench::new(site(dir, keep)).unwrap().start(order) {
        JobStarted::Ended(end) => end,
        JobStarted::Runs(mut payload) => loop {
            if let Some(end) = payload.poll() {
                return end;
            }
            std::thread::sleep(Duration::from_millis(1));
        },
    }
}

fn run(order: &Order) -> JobEnd {
    run_in(tempfile::tempdir().unwrap().path(), KeptJobs::None, order)
}

fn class_of(end: &JobEnd) -> Option<FailureClass> {
    match &end.outcome {
        TaskOutcome::Failed { class, .. } => Some(*class),
        _ => None,
    }
}

fn outputs(names: &[&str]) -> Vec<Output> {
    names.iter().map(|name| Output { name: (*name).into(), optional: name.starts_with("opt") }).collect()
}

#[test]
fn a_job_is_a_line_for_a_shell_with_the_names_of_pilots_in_its_environment() {
    let dir = tempfile::tempdir().unwrap();
    let mut order = order("printf", r#"'%s|' "a b" 'c$d' $PandaID $OMP_NUM_THREADS $MINE; exit 3"#);
    order.env = vec![("MINE".into(), "x y".into())];
    let end = run_in(dir.path(), KeptJobs::All, &order);
    let work = dir.path().join("jobs/7/attempt-2");
    assert_eq!(fs::read_to_string(work.join("stdout")).unwrap(), "a b|c$d|7|3|x|y|");
    assert_eq!(
        (class_of(&end), end.facts.exit, end.facts.signal),
        (Some(FailureClass::Exit), Some(3), None)
    );
    assert!(matches!(&end.outcome, TaskOutcome::Failed { reason, .. } if reason.contains("a b|c$d|7")));
}

#[test]
fn nothing_is_left_of_a_job_unless_it_is_to_be_kept() {
    for (keep, code, stays) in [
        (KeptJobs::All, 0, true),
        (KeptJobs::Failed, 0, false),
        (KeptJobs::Failed, 1, true),
        (KeptJobs::None, 1, false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let end = run_in(dir.path(), keep, &order("sh", &format!("-c 'exit {code}'")));
        assert_eq!(end.facts.exit, Some(code));
        assert_eq!(dir.path().join("jobs/7").exists(), stays, "{keep:?} {code}");
    }
}

#[test]
fn signals_and_limits_are_told_apart() {
    let end = run(&order("sh", "-c 'kill -SEGV $$'"));
    assert_eq!((class_of(&end), end.facts.signal), (Some(FailureClass::Signal), Some(11)));
    let mut late = order("sleep", "60");
    late.timeout_s = Some(0.05);
    assert_eq!(class_of(&run(&late)), Some(FailureClass::Timeout));
    let mut large = order("python3", "-c 'b = bytearray(200_000_000); import time; time.sleep(60)'");
    large.memory = Some(100_000_000);
    let end = run(&large);
    assert_eq!(class_of(&end), Some(FailureClass::Memory));
    assert!(end.facts.peak_memory > Some(100_000_000), "{end:?}");
}

#[test]
fn processor_time_is_that_of_the_whole_job() {
    let end = run(&order("python3", "-c 'import time\nwhile time.process_time() < 0.3: pass'"));
    let cpu_s = end.facts.cpu_s.unwrap();
    assert!((0.3..30.0).contains(&cpu_s), "{cpu_s}");
}

#[test]
fn outputs_and_the_archive_are_put_away_with_their_sums() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("numbers");
    fs::write(&input, "Wikipedia").unwrap();
    let script = r#"-c 'cat in.txt > out.1; echo said; echo "{\"a\": 1}" > jobReport.json'"#;
    let mut order = order("sh", script);
    order.inputs = vec![("in.txt".into(), input)];
    order.outputs = outputs(&["out.1", "optional"]);
    order.log = Some("log.7.tgz".into());
    let end = run_in(dir.path(), KeptJobs::None, &order);
    assert_eq!(end.outcome, TaskOutcome::Ok(vec![]));
    assert_eq!(end.facts.report.as_deref(), Some("{\"a\": 1}\n"));
    let [out, log] = &end.facts.files[..] else { panic!("{end:?}") };
    // The sum that the algorithm's own description gives for this text.
    assert_eq!((&*out.name, out.size, out.adler32), ("out.1", 9, 0x11E6_0398));
    assert_eq!(out.path, dir.path().join("outputs/7/out.1"));
    assert_eq!(fs::read_to_string(&out.path).unwrap(), "Wikipedia");
    let bytes = fs::read(&log.path).unwrap();
    assert_eq!((&*log.name, log.size), ("log.7.tgz", bytes.len() as u64));
    assert_eq!(log.adler32, adler2::adler32_slice(&bytes));
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&bytes[..]));
    let mut said = String::new();
    let mut names = vec![];
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        names.push(entry.path().unwrap().to_string_lossy().into_owned());
        if names.last().unwrap() == "log/stdout" {
            entry.read_to_string(&mut said).unwrap();
        }
    }
    assert_eq!(names, ["log/command", "log/jobReport.json", "log/stderr", "log/stdout"]);
    assert_eq!(said, "said\n");
}

#[test]
fn what_is_missing_is_said_to_be_that() {
    let trouble = |order: &Order| {
        let end = run(order);
        assert_ne!(class_of(&end), None);
        end.facts.trouble
    };
    assert_eq!(trouble(&order("/no/such/program", "")), Some(Trouble::Program));
    let mut without = order("true", "");
    without.inputs = vec![("in".into(), "/no/such/file".into())];
    assert_eq!(trouble(&without), Some(Trouble::Input));
    let mut outside = order("true", "");
    outside.outputs = outputs(&["../escape"]);
    assert_eq!(trouble(&outside), Some(Trouble::Setup));
    let mut silent = order("true", "");
    silent.outputs = outputs(&["out"]);
    assert_eq!(trouble(&silent), Some(Trouble::Output));
    let mut failed = order("false", "");
    failed.log = Some("log.tgz".into());
    let end = run(&failed);
    assert_eq!((end.facts.trouble, end.facts.exit), (None, Some(1)));
    assert_eq!(end.facts.files.len(), 1, "the log of a failed job is wanted all the same");
    let mut nowhere = order("run.sh", "");
    nowhere.source = Some("/no/such/folder".into());
    assert_eq!(trouble(&nowhere), Some(Trouble::Source));
    let mut image = order("true", "");
    image.image = Some("/no/such/image.sif".into());
    assert_eq!(trouble(&image), Some(Trouble::Image));
}

#[test]
fn programs_of_the_source_folder_come_first() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    fs::create_dir(&source).unwrap();
    let own = source.join("true");
    fs::write(&own, "#!/bin/sh\nexit 9\n").unwrap();
    rustix::fs::chmod(&own, rustix::fs::Mode::from_raw_mode(0o755)).unwrap();
    let mut order = order("true", "");
    assert_eq!(run(&order).facts.exit, Some(0));
    order.source = Some(source);
    assert_eq!(run(&order).facts.exit, Some(9));
}

#[test]
fn a_job_that_is_stopped_is_interrupted() {
    let dir = tempfile::tempdir().unwrap();
    let bench = JobBench::new(site(dir.path(), KeptJobs::None)).unwrap();
    let JobStarted::Runs(mut payload) = bench.start(&order("sleep", "60")) else { panic!() };
    assert_eq!(payload.poll(), None);
    payload.stop("not wanted");
    let end = loop {
        if let Some(end) = payload.poll() {
            break end;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    assert_eq!(end.outcome, TaskOutcome::Interrupted { reason: "not wanted".into() });
}
