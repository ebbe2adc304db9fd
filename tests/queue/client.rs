//! The pilot's own client with the real server, in both generations.

use super::server::{Server, program, secret};
use paretorank::panda::{Answer, Ask, Auth, Client, Command, FileReport, Generation, State, Update};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

fn client(url: &str, generation: Option<Generation>, auth: Auth) -> Client {
    let (connect, request) = (Duration::from_secs(5), Duration::from_secs(20));
    let server = paretorank::panda::Server { url: url.to_owned(), generation, auth, connect, request };
    Client::connect(server).unwrap()
}

fn ask(jobs: u32) -> Ask {
    let node = "n1".to_owned();
    Ask {
        queue: "Q".into(),
        label: None,
        jobs,
        node,
        memory: Some(4 << 30),
        disk: None,
        remaining_s: Some(99.5),
        wait_s: 0,
    }
}

fn one_day(generation: Generation) {
    let (server, _dir) = Server::new();
    let client = client(&server.url, Some(generation), Auth::None);
    assert_eq!(client.acquire(&ask(5)).unwrap(), []);
    let job = json!({"transformation": "sh", "jobPars": "-c 'true & false'", "coreCount": 4, "maxWalltime": 90,
                     "outFiles": "out.1", "container_name": "é+img"});
    server.submit(&json!([job, {"transformation": "true"}, {"transformation": "true"}]));
    let jobs: Vec<_> = client.acquire(&ask(5)).unwrap().into_iter().map(Result::unwrap).collect();
    assert_eq!(
        jobs.iter().map(|job| (job.id, job.attempt)).collect::<Vec<_>>(),
        [(1, 1), (2, 1), (3, 1)]
    );
    assert_eq!(
        (&*jobs[0].parameters, jobs[0].cores, jobs[0].longest_s),
        ("-c 'true & false'", 4, Some(90.0))
    );
    assert_eq!((jobs[0].image.as_deref(), &*jobs[0].outputs[0].lfn), (Some("é+img"), "out.1"));
    let nothing = || Answer::Accepted(BTreeSet::new());
    let tell = |updates: &[Update]| client.update(updates).unwrap();
    let running = |id| Update { batch: Some(4711), ..Update::new(id, 1, State::Running) };
    assert_eq!(tell(&[running(1), running(2), running(3)]), [nothing(), nothing(), nothing()]);
    server.post("queue/kill", &json!({"job_ids": [2]}));
    let told = tell(&[running(1), running(2), Update::new(3, 2, State::Running)]);
    let kill = || Answer::Accepted(BTreeSet::from([Command::Kill]));
    assert_eq!(told, [nothing(), kill(), kill()]);
    let file =
        FileReport { guid: "g".into(), fsize: 1, adler32: "0a1b2c3d".into(), surl: "file:///o".into() };
    let finished = Update {
        files: BTreeMap::from([("out.1".to_owned(), file)]),
        report: Some("{\"mass\": 1}".into()),
        finished: Some(1.0),
        ..Update::new(1, 1, State::Finished)
    };
    let killed =
        Update { pilot_error: Some((1144, "killed".into())), ..Update::new(2, 1, State::Failed) };
    assert_eq!(tell(&[finished.clone(), killed]), [nothing(), kill()]);
    assert_eq!(tell(&[finished]), [Answer::Accepted(BTreeSet::from([Command::AlreadyDone]))]);
    server.wait_state(1, "finished");
    server.wait_state(2, "cancelled");
    assert_eq!(client.statuses(&[1, 2, 3]).unwrap(), ["finished", "cancelled", "running"]);
    let job = server.get("queue/show?job_id=1")["data"].clone();
    assert_eq!(job["meta_data"], "{\"mass\": 1}");
    assert_eq!(job["report"]["end_time"], "1970-01-01 00:00:01");
    // More updates than one request takes, and compressed.
    let ids = server.submit(&json!(vec![json!({"transformation": "true"}); 1200]));
    assert_eq!(client.acquire(&ask(2000)).unwrap().len(), 1200);
    let ends = ids.as_array().unwrap().iter().filter_map(Value::as_i64);
    let ends: Vec<Update> = ends.map(|id| Update::new(id, 1, State::Finished)).collect();
    assert!(tell(&ends).iter().all(|answer| *answer == nothing()));
}

#[test]
fn a_pilots_day_in_v1() {
    one_day(Generation::V1);
}

#[test]
fn a_pilots_day_in_the_classic_interface() {
    one_day(Generation::Classic);
}

/// The whole pilot, which shows its token in both generations.
#[test]
fn pilots_with_tokens_run_jobs_in_both_generations() {
    let dir = tempfile::tempdir().unwrap();
    let (tokens, token) = (dir.path().join("tokens"), dir.path().join("token"));
    secret(&tokens, "production eic pilot-0123456789abcdef\n");
    secret(&token, "pilot-0123456789abcdef\n");
    let more = ["--tokens", tokens.to_str().unwrap()];
    let server = Server::start(&dir.path().join("queue"), "127.0.0.1:0", &more);
    let env = [("PANDA_AUTH_TOKEN", token.to_str().unwrap()), ("PANDA_AUTH_ORIGIN", "eic:production")];
    let submit = ["submit", "--queue", "Q", "--count", "20", "true"];
    assert!(super::server::queue(&server.url, &submit, &env).status.success());
    for (api, all) in [("v1", 10), ("classic", 20)] {
        let mut pilot = program();
        pilot.args([
            "pilot",
            "--server",
            &server.url,
            "--queue",
            "Q",
            "--api",
            api,
            "--jobs",
            "10",
            "--batch",
            "10",
        ]);
        pilot.args(["--workers", "2", "--dir"]).arg(dir.path().join("pilot")).envs(env);
        let ended = pilot.output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
        let list = super::server::queue(&server.url, &["list", "--json"], &env).stdout;
        let list: Value = serde_json::from_slice(&list).unwrap();
        // The last of them may still be held.
        let ended =
            list["Q"]["finished"].as_u64().unwrap_or(0) + list["Q"]["holding"].as_u64().unwrap_or(0);
        assert_eq!(ended, all, "{list}");
    }
}
