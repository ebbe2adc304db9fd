//! Exchanges of v1 as they were measured with real servers, with ours.

use super::exchanges::jobs;
use super::server::{Request, Server};
use serde_json::{Value, json};

/// Method, body, what the envelope has: success, message, data.
#[test]
fn v1_envelopes() {
    let (server, _dir) = Server::new();
    server.submit(&jobs());
    let done = |command: &str| json!({"StatusCode": 0, "command": command});
    let update = |more: Value| {
        let mut body = json!({"job_id": 1, "job_status": "running", "attempt_nr": 1});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("update_job", body)
    };
    let no = Value::Null;
    let exchanges = [
        (("acquire_jobs", json!({"site_name": "unknown"})), false, "No jobs in PanDA", no.clone()),
        (
            ("acquire_jobs", json!({})),
            false,
            "Argument error: missing a required argument: 'site_name'",
            no.clone(),
        ),
        (
            ("acquire_jobs", json!({"site_name": "Q", "siteName": "Q"})),
            false,
            "Argument error: got an unexpected keyword argument 'siteName'",
            no.clone(),
        ),
        (
            ("acquire_jobs", json!({"site_name": "Q", "memory": 1.5})),
            false,
            "Type error: 'memory' must be of type int, got float.",
            no.clone(),
        ),
        (
            ("acquire_jobs", json!({"site_name": "Q", "remaining_time": 10, "task_id": 7})),
            false,
            "No jobs in PanDA",
            no.clone(),
        ),
        (
            ("update_job", json!({"job_id": "1", "job_status": "running"})),
            false,
            "Type error: 'job_id' must be of type int, got str.",
            no.clone(),
        ),
        (
            update(json!({"mean_core_count": 1.5})),
            false,
            "Type error: 'mean_core_count' must be of type int, got float.",
            no.clone(),
        ),
        // Nobody has it yet.
        (update(json!({})), true, "", done("tobekilled")),
    ];
    for ((method, body), success, message, data) in exchanges {
        let want = json!({"success": success, "message": message, "data": data});
        assert_eq!(server.post(&format!("pilot/{method}"), &body), want, "{method} {body}");
    }
    assert_eq!(server.acquire(&json!({"n_jobs": 1})), [1]);
    let updates = [
        (json!({}), "NULL"),
        (json!({"max_rss": 1.5, "pilot_error_diag": null}), "NULL"),
        (json!({"job_status": "starting"}), "NULL"),
        (json!({"attempt_nr": 2}), "tobekilled"),
        (json!({"job_status": "finished"}), "NULL"),
        (json!({"job_status": "failed"}), "alreadydone"),
    ];
    for (body, command) in updates {
        let (method, body) = update(body);
        assert_eq!(server.post(&format!("pilot/{method}"), &body)["data"], done(command), "{body}");
    }
    let (status, text) = server.say(&Request::get("/api/v1/pilot/acquire_jobs?site_name=Q"));
    assert!(
        status == 200 && text.contains("\"success\":false") && text.contains("Method error"),
        "{text}"
    );
    assert_eq!(server.say(&Request::post("/api/v1/pilot/dance", "{}")).0, 403);
    let want = json!([{"job_id": 99, "status": "not found", "attempt_number": 0}]);
    assert_eq!(server.get("pilot/get_job_status?job_ids=99")["data"], want);
    server.wait_state(1, "failed");
    let bulk = json!({"job_list": [{"job_id": 1, "job_status": "running"}, {"job_id": 1.5, "job_status": "running"}]});
    let answer = server.post("pilot/update_jobs_bulk", &bulk);
    assert_eq!(
        (&answer["data"][0]["data"], &answer["data"][1]["success"]),
        (&done("alreadydone"), &json!(false))
    );
}

#[test]
fn a_key_stands_for_one_list_of_jobs() {
    let (server, _dir) = Server::new();
    let submit =
        |jobs: &Value| server.post("queue/submit", &json!({"queue": "Q", "jobs": jobs, "key": "once"}));
    let first = submit(&jobs());
    assert_eq!(first["data"]["job_ids"], json!([1, 2, 3]));
    assert_eq!(submit(&jobs()), first, "the key added nothing");
    let other = submit(&json!([{"transformation": "true"}]));
    assert_eq!(other["success"], false);
    assert!(other["message"].as_str().unwrap().contains("\"once\""), "{other}");
    assert_eq!(server.get("queue/summary")["data"], json!({"Q": {"activated": 3}}));
}
