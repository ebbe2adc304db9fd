//! Exchanges of the classic interface as they were measured with real servers, in order, with ours.

use super::server::{Request, Server};
use serde_json::{Value, json};

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("Content-Type", "application/json");
const ACCEPT: (&str, &str) = ("Accept", "application/json");

/// Jobs that the exchanges speak of: 1 and 2 with a log, 3 without files.
pub fn jobs() -> Value {
    let log = json!({"transformation": "http://host/trf/eval.sh", "jobPars": "--seed 3 --n 10",
                     "outFiles": "log.1.tgz", "logFile": "log.1.tgz"});
    json!([log, log, {"transformation": "true"}])
}

/// Method, arguments as a form, status, answer as a query string.
const CLASSIC: [(&str, &str, u16, &str); 31] = [
    ("isAlive", "", 200, "alive=yes"),
    ("getJob", "siteName=unknown", 200, "StatusCode=20"),
    ("getJob", "siteName=Q&prodSourceLabel=user", 200, "StatusCode=20"),
    ("getJob", "siteName=Q&nProc=2", 500, "ERROR : getJob() got an unexpected keyword argument 'nProc'"),
    ("getJob", "nJobs=2", 500, "ERROR : getJob() missing a required argument: 'siteName'"),
    ("getKeyPair", "", 403, "ERROR : method getKeyPair is forbidden"),
    ("updateEventRanges", "", 403, "ERROR : method updateEventRanges is forbidden"),
    (
        "getStatus",
        "ids=1+2+99",
        200,
        "StatusCode=0&status=activated%2Bactivated%2Bnotfound&attemptNr=1%2B1%2B0",
    ),
    // What pilot 3 sends: MHz and MB as floats, empty texts.
    (
        "getJob",
        "siteName=Q&computingElement=Q&prodSourceLabel=managed&diskSpace=5000.5&workingGroup=&cpu=2400.1&\
         mem=3000.9&node=n1&allowOtherCountry=&nJobs=3&timeout=60",
        200,
        "*jobs",
    ),
    ("getJob", "siteName=Q&taskID=1", 200, "StatusCode=20"),
    ("getStatus", "ids=1", 200, "StatusCode=0&status=sent&attemptNr=1"),
    ("updateJob", "jobId=1&state=starting&attemptNr=1&batchID=17", 200, "StatusCode=0&command=NULL"),
    (
        "updateJob",
        "jobId=1&state=running&attemptNr=1&startTime=1764100799.9",
        200,
        "StatusCode=0&command=NULL",
    ),
    ("updateJob", "jobId=1&state=starting&attemptNr=1", 200, "StatusCode=0&command=NULL"),
    ("getStatus", "ids=1", 200, "StatusCode=0&status=running&attemptNr=1"),
    // An invalid state is taken and means nothing.
    ("updateJob", "jobId=1&state=dancing&attemptNr=1", 200, "StatusCode=0&command=NULL"),
    ("getStatus", "ids=1", 200, "StatusCode=0&status=running&attemptNr=1"),
    // Another batch job, unless it is a number, another attempt, and no such job.
    (
        "updateJob",
        "jobId=1&state=running&attemptNr=1&batchID=17_1",
        200,
        "StatusCode=0&command=tobekilled",
    ),
    ("updateJob", "jobId=1&state=running&attemptNr=1&batchID=18", 200, "StatusCode=0&command=NULL"),
    ("updateJob", "jobId=1&state=running&attemptNr=2", 200, "StatusCode=0&command=tobekilled"),
    ("updateJob", "jobId=99&state=running", 200, "StatusCode=0&command=tobekilled"),
    (
        "updateJob",
        "jobId=x&state=running",
        500,
        "ERROR : updateJob() missing a required argument: 'jobId'",
    ),
    (
        "updateJob",
        "jobId=1&state=running&mood=good",
        500,
        "ERROR : updateJob() got an unexpected keyword argument 'mood'",
    ),
    ("updateJob", "jobId=1&state=holding&attemptNr=1", 200, "StatusCode=0&command=NULL"),
    ("updateJob", "jobId=1&state=running&attemptNr=1", 200, "StatusCode=0&command=NULL"),
    ("getStatus", "ids=1", 200, "StatusCode=0&status=holding&attemptNr=1"),
    (
        "updateJob",
        "jobId=1&state=finished&attemptNr=1&pilotErrorCode=0&transExitCode=0&meanCoreCount=1.5",
        200,
        "StatusCode=0&command=NULL",
    ),
    ("updateJob", "jobId=1&state=finished&attemptNr=1", 200, "StatusCode=0&command=alreadydone"),
    (
        "updateWorkerPilotStatus",
        "workerID=7&harvesterID=h&status=started&node_id=n1&site=Q",
        200,
        "StatusCode=0",
    ),
    (
        "updateWorkerPilotStatus",
        "workerID=7&harvesterID=h&status=asleep",
        500,
        "ERROR : updateWorkerPilotStatus(): status must be started or finished, got \"asleep\"",
    ),
    ("getResourceTypes", "", 200, "*types"),
];

fn pairs(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).map(|(n, v)| (n.into_owned(), v.into_owned())).collect()
}

/// What the table says with an asterisk.
fn check_whole(what: &str, jobs_or_types: &Value) {
    let list = jobs_or_types.as_array().unwrap();
    if what == "*types" {
        assert_eq!(list[0]["resource_name"], "SCORE");
        return;
    }
    assert_eq!(list.len(), 3);
    assert_eq!((&list[0]["PandaID"], &list[0]["jobPars"]), (&json!(1), &json!("--seed 3 --n 10")));
    assert_eq!((&list[0]["attemptNr"], &list[0]["reqID"]), (&json!(1), &json!("NULL")));
}

/// The missing log made a failure of job 1, and what was reported of it is kept under the names of v1.
fn check_end(server: &Server) {
    server.wait_state(1, "failed");
    let job = server.get("queue/show?job_id=1")["data"].clone();
    assert_eq!(job["report"]["ddm_error_code"], 200);
    assert_eq!(job["report"]["ddm_error_diag"], "expected output log.1.tgz is missing in pilot JSON");
    assert_eq!(
        (&job["report"]["mean_core_count"], &job["report"]["batch_id"]),
        (&json!(1), &json!("18"))
    );
    assert_eq!(job["definition"]["nSent"], Value::from(0));
}

#[test]
fn classic_forms_and_query_strings() {
    let (server, _dir) = Server::new();
    server.submit(&jobs());
    for (method, form, status, answer) in CLASSIC {
        let request = Request::post(&format!("/server/panda/{method}"), form).with(&[FORM]);
        let (got, text) = server.say(&request);
        assert_eq!(got, status, "{method} {form}: {text}");
        match answer.strip_prefix('*') {
            None => assert_eq!(text, answer, "{method} {form}"),
            Some(_) => {
                let pairs = pairs(&text);
                assert_eq!(pairs[0], ("StatusCode".to_owned(), "0".to_owned()));
                check_whole(answer, &serde_json::from_str(&pairs.last().unwrap().1).unwrap());
            }
        }
    }
    check_end(&server);
}

#[test]
fn classic_compressed_json_and_answers_in_json() {
    let (server, _dir) = Server::new();
    server.submit(&jobs());
    for (method, form, status, answer) in CLASSIC {
        let whole: Value = pairs(form)
            .into_iter()
            .collect::<std::collections::BTreeMap<_, _>>()
            .into_iter()
            .map(|(name, text)| {
                let number = text.parse::<f64>().ok().map(|_| serde_json::from_str(&text).unwrap());
                (name, number.unwrap_or(Value::String(text)))
            })
            .collect::<serde_json::Map<_, _>>()
            .into();
        let request = Request::post(&format!("/server/panda/{method}"), &whole.to_string());
        let request = Request { gzip: true, ..request.with(&[JSON, ACCEPT]) };
        let (got, text) = server.say(&request);
        assert_eq!(got, status, "{method} {form}: {text}");
        if status != 200 || method == "isAlive" {
            assert_eq!(text, answer, "{method} {form}");
            continue;
        }
        let got: Value = serde_json::from_str(&text).unwrap();
        match answer {
            "*jobs" => check_whole(answer, &got["jobs"]),
            "*types" => check_whole(answer, &got["ResourceTypes"]),
            _ => {
                let mut want = serde_json::Map::new();
                for (name, text) in pairs(answer) {
                    let is_code = name == "StatusCode";
                    want.insert(
                        name,
                        if is_code { text.parse::<i64>().unwrap().into() } else { text.into() },
                    );
                }
                assert_eq!(got, Value::Object(want), "{method} {form}");
            }
        }
    }
    check_end(&server);
}

#[test]
fn classic_jobs_alone_in_bulk_and_bodies_that_are_none() {
    let (server, _dir) = Server::new();
    server.submit(&jobs());
    let say = |method: &str, body: &str, headers: &[(&'static str, &'static str)]| {
        server.say(&Request::post(&format!("/server/panda/{method}"), body).with(headers))
    };
    let (_, alone) = say("getJob", "siteName=Q", &[FORM]);
    let fields: std::collections::BTreeMap<_, _> = pairs(&alone).into_iter().collect();
    for (key, want) in [
        ("StatusCode", "0"),
        ("PandaID", "1"),
        ("attemptNr", "1"),
        ("coreCount", "1"),
        ("jobPars", "--seed 3 --n 10"),
        ("transformation", "http://host/trf/eval.sh"),
        ("reqID", "NULL"),
        ("logFile", "log.1.tgz"),
    ] {
        assert_eq!(fields[key], want, "{key}");
    }
    let (_, alone) = say("getJob", "siteName=Q", &[FORM, ACCEPT]);
    let alone: Value = serde_json::from_str(&alone).unwrap();
    assert_eq!((&alone["StatusCode"], &alone["PandaID"]), (&json!(0), &json!(2)));
    let bulk = |list: &Value| {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("jobList", &list.to_string());
        let (status, text) = say("updateJobsInBulk", &form.finish(), &[FORM, ACCEPT]);
        assert_eq!(status, 200, "{text}");
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let updates = json!([{"jobId": "1", "state": "running", "attemptNr": 1},
                         {"jobId": 2, "state": "running", "attemptNr": "9"}]);
    assert_eq!(
        bulk(&updates),
        json!([true, ["StatusCode=0&command=NULL", "StatusCode=0&command=tobekilled"]])
    );
    // One that makes no sense fails the call, and nothing of it is done.
    let wrong = bulk(&json!([{"jobId": 1, "state": "finished", "attemptNr": 1}, {"state": "running"}]));
    assert_eq!(wrong, json!([false, "updateJob() missing a required argument: 'jobId'"]));
    assert_eq!(server.state(1), "running");
    for (body, headers) in
        [("{\"siteName\": \"Q\"}", &[JSON][..]), ("{}", &[JSON, ("Content-Encoding", "gzip")])]
    {
        let (status, text) = say("getJob", body, headers);
        assert!(
            status == 500 && text.starts_with("ERROR : ") && text.contains("gzip"),
            "{status} {text}"
        );
    }
    assert_eq!(say("isAlive", "", &[FORM]), (200, "alive=yes".to_owned()));
}

/// Dictionaries that pilot 3.7 was seen to send on the way of a job from start to end.
#[test]
fn what_pilot_3_sends_is_taken() {
    let (server, _dir) = Server::new();
    server.submit(&json!([{"transformation": "http://host/trf/eval.sh", "outFiles": "out.txt"}]));
    let say = |method: &str, dictionary: &Value| {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in dictionary.as_object().unwrap() {
            form.append_pair(name, &value.as_str().map_or(value.to_string(), str::to_owned));
        }
        let request = Request::post(&format!("/server/panda/{method}"), &form.finish());
        let (status, text) = server.say(&request.with(&[FORM, ACCEPT]));
        assert_eq!(status, 200, "{text}");
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let ask = json!({"siteName": "Q", "computingElement": "Q", "prodSourceLabel": "managed", "diskSpace": 63982,
                     "workingGroup": "", "cpu": 2596.136, "mem": 24105.55078125, "node": "vm",
                     "allowOtherCountry": false});
    assert_eq!(say("getJob", &ask)["PandaID"], 1);
    let taken = json!({"StatusCode": 0, "command": "NULL"});
    let starting = json!({"jobId": "1", "state": "starting", "timestamp": "2026-11-29T18:04:29+00:00",
                          "siteName": "Q", "node": "vm", "attemptNr": 1, "schedulerID": "unknown",
                          "pilotID": "unknown|PR|3.7.0.36", "startTime": 1795975469.4788988, "coreCount": 1,
                          "cpuConsumptionUnit": "s+AMD EPYC 1024 KB 2-Core Processor+AVX2"});
    assert_eq!(say("updateJob", &starting), taken);
    let output =
        json!({"out.txt": {"guid": "", "fsize": 5, "adler32": "05a501a5", "surl": "/o/ab/b0/out.txt"}});
    let mut finished = starting;
    let more = json!({"state": "finished", "xml": output.to_string(), "pilotTiming": "0|0|0|0|0|0", "pilotLog": "",
                      "endTime": 1795975471.6244721, "pilotErrorCode": 0, "pilotErrorDiag": "",
                      "transExitCode": 0, "exeErrorCode": 0, "exeErrorDiag": ""});
    finished.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    assert_eq!(say("updateJob", &finished), taken);
    server.wait_state(1, "finished");
}
