//! Jobs of a queue on a rank.

use super::*;
use crate::config::KeptJobs;

fn site(dir: &Path) -> Message {
    let site = Site {
        directory: dir.to_owned(),
        outputs: dir.join("outputs"),
        keep: KeptJobs::None,
        silence_s: 300.0,
        grace_s: 1,
        log_limit: 1 << 20,
        container: Site::container(crate::config::Engine::Auto, &[]).unwrap(),
    };
    Message::Site(serde_json::to_string(&site).unwrap())
}

fn order(job: i64, arguments: &str) -> Message {
    Message::Run(job::Order {
        id: job::JobId { job, attempt: 1 },
        program: "sh".into(),
        arguments: arguments.into(),
        source: None,
        env: vec![],
        image: None,
        cores: 1,
        memory: None,
        timeout_s: None,
        inputs: vec![],
        outputs: vec![],
        log: None,
    })
}

#[test]
fn jobs_run_one_after_the_other_and_those_that_wait_can_be_halted_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut boss = Boss::that_says(&site(dir.path()));
    assert_eq!(boss.fitness, Message::Fit);
    boss.say(&order(1, "-c 'exit 3'"));
    let end = boss.end();
    assert_eq!((end.id.job, end.facts.exit), (1, Some(3)));
    assert!(end.finished >= end.started && end.started > 1e9);
    boss.say(&order(2, "-c 'sleep 60'"));
    boss.say(&order(3, "-c true"));
    for job in [3, 2] {
        boss.say(&Message::Halt { id: job::JobId { job, attempt: 1 }, reason: format!("no {job}") });
        let end = boss.end();
        let outcome = TaskOutcome::Interrupted { reason: format!("no {job}") };
        assert_eq!((end.id.job, end.outcome), (job, outcome));
    }
    boss.say(&order(4, "-c true"));
    assert_eq!(boss.end().outcome, TaskOutcome::Ok(vec![]));
    boss.dismiss(75);
}

#[test]
fn tasks_of_the_study_and_jobs_share_a_rank() {
    let dir = tempfile::tempdir().unwrap();
    let mut boss = Boss::of(&study(dir.path(), toy(None, None)));
    boss.say(&site(dir.path()));
    assert_eq!(boss.hear(), Message::Fit);
    boss.say(&order(1, "-c true"));
    boss.give(0, 2.0);
    assert_eq!(boss.end().outcome, TaskOutcome::Ok(vec![]));
    assert_eq!(boss.report().outcome, ok([(3.0, None), (1.0, None)], Some(4.0)));
    let again = serde_json::to_string(&study(dir.path(), toy(None, None))).unwrap();
    boss.say(&Message::Study(again));
    assert_eq!(boss.hear(), Message::Fit, "it goes to and fro");
    assert_eq!(boss.outcome(2.0), ok([(3.0, None), (1.0, None)], Some(4.0)));
    boss.dismiss(0);
}

#[test]
fn a_rank_without_the_site_s_directory_says_so() {
    let boss = Boss::that_says(&site(Path::new("/no/such/directory")));
    assert!(
        matches!(&boss.fitness, Message::Unfit(why) if why.contains("/no/such/directory is not there"))
    );
    boss.dismiss(0);
    let boss = Boss::that_says(&Message::Site("{}".into()));
    assert!(matches!(&boss.fitness, Message::Unfit(why) if why.contains("site not read")));
    boss.dismiss(0);
}
