//! What is left of jobs when their time is up.

use super::queue::{Queue, threads};
use super::support::process::Running;
use serde_json::json;

#[test]
fn an_allocation_that_ends_gives_its_jobs_back() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "1min");
    queue.submit(&vec![
        json!({"transformation": "sleep", "jobPars": "60", "maxWalltime": 1, "max_attempt": 1});
        2
    ]);
    queue.submit(&vec![json!({"transformation": "sleep", "jobPars": "60", "max_attempt": 1}); 3]);
    let limits = ["--time-limit", "6s", "--margin", "1s", "--usual", "2s", "--grace", "1s"];
    let ended = Running::start(&mut threads(&queue, &dir.path().join("pilot"), &limits)).wait();
    ended.expect(81);
    let results = queue.get("results?task_id=2&after=0&wait=10")["data"].clone();
    assert!(!results.as_array().unwrap().is_empty());
    for result in results.as_array().unwrap() {
        assert_eq!(result["report"]["pilot_error_code"], 1213, "{result}");
    }
    let results = queue.get("results?task_id=1&after=0&wait=10")["data"].clone();
    assert_eq!(results[0]["report"]["pilot_error_code"], 1367, "its own limit: {results}");
}
