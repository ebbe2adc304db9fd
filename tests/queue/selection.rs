//! Which jobs a pilot gets, and what becomes of jobs that end otherwise than by themselves.

use super::server::{Request, Server};
use serde_json::{Value, json};

#[test]
fn pilots_get_what_they_can_run_highest_priority_first() {
    let (server, _dir) = Server::new();
    let job = |more: Value| {
        let mut job = json!({"transformation": "true"});
        job.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        job
    };
    server.submit(&json!([
        job(json!({"minRamCount": 2000})),
        job(json!({"maxDiskCount": 500})),
        job(json!({"maxWalltime": 3600})),
        job(json!({"prodSourceLabel": "user"})),
        job(json!({"prodSourceLabel": "test", "currentPriority": 2000})),
        job(json!({"coreCount": 8})),
        job(json!({"prodSourceLabel": "own"})),
    ]));
    server.submit(&json!([job(json!({}))]));
    // In this order: what is taken is gone.
    for (ask, want) in [
        (json!({"prod_source_label": "own"}), vec![7]),
        (json!({"prod_source_label": "user"}), vec![4]),
        (json!({"task_id": 2}), vec![8]),
        (json!({"resource_type": "MCORE"}), vec![6]),
        (json!({"memory": 1000, "disk_space": 100, "remaining_time": 60}), vec![5]),
        (json!({"memory": 1999, "disk_space": 500, "remaining_time": 3599}), vec![2]),
        (json!({"memory": 2000, "remaining_time": 3600, "n_jobs": 1}), vec![1]),
        (json!({"prod_source_label": "unified"}), vec![3]),
        (json!({}), vec![]),
    ] {
        assert_eq!(server.acquire(&ask), want, "{ask}");
    }
}

#[test]
fn who_says_a_timeout_waits_for_jobs_to_come() {
    let (server, _dir) = Server::new();
    assert_eq!(server.acquire(&json!({})), [0; 0], "nobody else waits");
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| server.acquire(&json!({"timeout": 60})));
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert!(!waits.is_finished());
        server.submit(&json!([{"transformation": "true"}]));
        assert_eq!(waits.join().unwrap(), [1]);
    });
}

#[test]
fn killed_jobs_are_cancelled_and_may_be_retried() {
    let (server, _dir) = Server::new();
    server.submit(&json!([{"transformation": "true"}, {"transformation": "true"}]));
    assert_eq!(server.acquire(&json!({"n_jobs": 1})), [1]);
    let update = |state: &str, attempt: i64, more: Value| {
        let mut body = json!({"job_id": 1, "job_status": state, "attempt_nr": attempt});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        server.post("pilot/update_job", &body)["data"]["command"].clone()
    };
    assert_eq!(update("running", 1, json!({})), "NULL");
    let asked = server.post("queue/kill", &json!({"task_id": 1, "job_ids": [99]}));
    assert_eq!(asked["data"], json!({"job_ids": [1, 2], "unknown": [99]}));
    assert_eq!(server.state(2), "cancelled");
    assert_eq!(update("running", 1, json!({})), "tobekilled");
    assert_eq!(update("failed", 1, json!({"pilot_error_code": 1144})), "tobekilled");
    server.wait_state(1, "cancelled");
    let results = server.get("queue/results?task_id=1&wait=30")["data"].clone();
    let ended: Vec<_> = results.as_array().unwrap().iter().map(|job| &job["job_id"]).collect();
    assert_eq!(ended, [2, 1], "in the order of their ends");
    let asked = server.post("queue/retry", &json!({"job_ids": [1]}));
    assert_eq!(asked["data"]["job_ids"], json!([1]));
    assert_eq!(server.acquire(&json!({})), [1]);
    assert_eq!(update("running", 1, json!({})), "tobekilled", "of the attempt before");
    assert_eq!(update("finished", 2, json!({})), "NULL");
    server.wait_state(1, "finished");
}

/// What another attempt would only repeat is over; what a machine did is tried again, as often as it may be.
#[test]
fn the_pilots_error_decides_about_another_attempt() {
    let (server, _dir) = Server::new();
    let codes = [1305, 1367, 1165, 1235, 1328, 1331, 1137, 1213, 0];
    server.submit(&json!(vec![json!({"transformation": "true", "max_attempt": 2}); codes.len()]));
    assert_eq!(server.acquire(&json!({})).len(), codes.len());
    for (id, code) in (1..).zip(codes) {
        let body =
            json!({"job_id": id, "job_status": "failed", "attempt_nr": 1, "pilot_error_code": code});
        assert_eq!(server.post("pilot/update_job", &body)["data"]["command"], "NULL");
    }
    for (id, code) in (1..).zip(codes) {
        server.wait_state(id, if [1137, 1213].contains(&code) { "activated" } else { "failed" });
    }
    assert_eq!(server.acquire(&json!({})), [7, 8]);
    let body = json!({"job_id": 7, "job_status": "failed", "attempt_nr": 2, "pilot_error_code": 1137});
    server.post("pilot/update_job", &body);
    server.wait_state(7, "failed");
}

#[test]
fn silent_jobs_are_lost_and_handed_out_again() {
    let dir = tempfile::tempdir().unwrap();
    let limits = ["--heartbeat", "2s", "--dispatch-timeout", "2s"];
    let server = Server::start(dir.path(), "127.0.0.1:0", &limits);
    server.submit(&json!(vec![json!({"transformation": "true", "max_attempt": 2}); 3]));
    assert_eq!(server.acquire(&json!({})), [1, 2, 3]);
    let beat = |id: i64| {
        let body = json!({"job_id": id, "job_status": "running", "attempt_nr": 1});
        server.post("pilot/update_job", &body)["data"]["command"].clone()
    };
    // 1 is never heard of, 2 once, 3 all the time.
    assert_eq!(beat(2), "NULL");
    while server.state(1) != "activated" || server.state(2) != "activated" {
        assert_eq!(beat(3), "NULL");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(beat(2), "tobekilled", "it is not its pilot's any more");
    assert_eq!(server.acquire(&json!({})), [1, 2]);
    for (id, code) in [(1, 102), (2, 102)] {
        server.wait_state(id, "failed");
        let report = server.get(&format!("queue/show?job_id={id}"))["data"]["report"].clone();
        assert_eq!(report["job_dispatcher_error_code"], code);
    }
}

/// Status and text of what a pilot is told about a queue.
fn told(server: &Server, queue: &str) -> (u16, String) {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let url = format!("{}/cache/schedconfig/{queue}.all.json", server.url);
    let mut answer = agent.get(url).call().unwrap();
    (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
}

/// The file of queues counts as it is now, in both generations.
#[test]
fn a_queue_takes_and_gives_what_its_status_allows() {
    let (server, dir) = Server::new();
    let describe = |text: &str| std::fs::write(dir.path().join("queues.toml"), text).unwrap();
    let submit = |queue: &str| {
        let jobs = json!([{"transformation": "a"}, {"transformation": "b", "prodSourceLabel": "test"}]);
        server.post("queue/submit", &json!({"queue": queue, "jobs": jobs}))
    };
    assert_eq!(submit("Q")["success"], true, "without a file there is every queue");
    describe("[Q]\nstatus = \"offline\"\n");
    assert_eq!(submit("Q")["message"], "queue \"Q\" takes no new jobs");
    assert_eq!(submit("R")["message"], "queue \"R\" is not among those of queues.toml");
    assert_eq!(server.acquire(&json!({})), Vec::<i64>::new());
    let classic = || server.say(&Request::post("/server/panda/getJob", "siteName=Q&nJobs=5")).1;
    assert_eq!(classic(), "StatusCode=20");
    let told = |queue: &str| told(&server, queue);
    let (status, text) = told("Q");
    let description: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (status, &description["status"], &description["nickname"]),
        (200, &json!("offline"), &json!("Q"))
    );
    assert_eq!(told("R").0, 404);
    describe("[Q]\nstatus = \"test\"\n[\"R 2\"]\n");
    assert_eq!(told("R%202").0, 200);
    assert_eq!(server.acquire(&json!({"prod_source_label": "managed"})), [2]);
    describe("[Q]\nstatus = \"brokeroff\"\n");
    assert_eq!(submit("Q")["message"], "queue \"Q\" takes no new jobs");
    assert!(classic().contains("PandaID"), "what it has it gives");
    describe("[Q]\nstates = 1\n");
    for (status, text) in [told("Q"), server.say(&Request::post("/server/panda/getJob", "siteName=Q"))] {
        assert_eq!((status, &*text), (500, "ERROR : queues.toml cannot be read"));
    }
}

#[test]
fn the_readmes_file_of_queues_is_understood() {
    let (server, dir) = Server::new();
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, rest) = readme.split_once("```toml\n[Q]\n").expect("the README shows a file of queues");
    let text = format!("[Q]\n{}", rest.split("```").next().unwrap());
    std::fs::write(dir.path().join("queues.toml"), text).unwrap();
    let (status, text) = told(&server, "Q");
    assert_eq!(status, 200, "{text}");
    let description: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&description["maxtime"], &description["timefloor"]), (&json!(86400), &json!(60)));
}
