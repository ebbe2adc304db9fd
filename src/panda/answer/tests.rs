//! Answers as real servers gave them, and others.

use super::*;
use proptest::prelude::*;

const URL: &str = "http://server/x";

fn accepted(commands: &[Command]) -> Answer {
    Answer::Accepted(commands.iter().cloned().collect())
}

#[test]
fn commands_may_come_together_and_nothing_has_several_names() {
    for nothing in ["", "NULL", "None"] {
        assert_eq!(Command::read(nothing), BTreeSet::new());
    }
    let both = Command::read("debug,tobekilled");
    assert_eq!(both, BTreeSet::from([Command::Kill, Command::Debug]));
    assert_eq!(Command::read("badattemptnr"), Command::read("alreadydone"));
    assert_eq!(Command::read("ls -l"), BTreeSet::from([Command::Other("ls -l".into())]));
}

#[test]
fn no_job_is_no_error() {
    let none = r#"{"success": false, "message": "No jobs in PanDA", "data": null}"#;
    assert_eq!(v1(URL, none), Ok(None));
    assert_eq!(v1(URL, r#"{"success": true, "message": "", "data": {"StatusCode": 20}}"#), Ok(None));
    assert_eq!(classic(URL, "StatusCode=20"), Ok(None));
    assert_eq!(classic(URL, r#"{"StatusCode": 20, "errorDialog": "No jobs in PanDA"}"#), Ok(None));
}

#[test]
fn a_job_comes_as_a_query_string_or_as_json() {
    let text = "StatusCode=0&PandaID=3&prodSourceLabel=managed&transformation=http%3A%2F%2Fhost%2Ftrf%2Feval.sh\
        &jobName=testjob.3&inFiles=&outFiles=log.3.tgz%2Cout.3.json&realDatasets=test.ds%2Ctest.ds\
        &logFile=log.3.tgz&logGUID=6935&jobPars=--seed+3+--n+10&attemptNr=1&minRamCount=0&taskID=77\
        &coreCount=1&jobsetID=0&reqID=NULL&maxWalltime=3600&resource_type=SCORE&ioIntensity=None&nSent=1";
    let fields = classic(URL, text).unwrap().unwrap();
    assert_eq!(fields["jobPars"], "--seed 3 --n 10");
    let job = crate::panda::Job::from_definition(&fields).unwrap();
    assert_eq!((job.id, job.transformation.as_str()), (3, "http://host/trf/eval.sh"));
    assert_eq!(job.outputs.len(), 1);
    let data = v1(URL, r#"{"success": true, "message": "", "data": {"StatusCode": 0, "jobs": []}}"#);
    assert!(data.unwrap().unwrap()["jobs"].is_array());
}

#[test]
fn success_may_be_true_and_the_code_not() {
    let with =
        |code: &str| format!(r#"{{"success": true, "message": "m", "data": {{"StatusCode": {code}}}}}"#);
    assert!(v1(URL, &with("30")).unwrap_err().may_pass());
    assert!(v1(URL, &with("\"10\"")).unwrap_err().may_pass(), "as a text");
    assert!(matches!(v1(URL, &with("60")), Err(PandaError::Refused { .. })));
    assert!(matches!(v1(URL, &with("50")), Err(PandaError::Invalid { .. })));
    assert!(v1(URL, &with("\"0\"")).is_ok());
    assert!(classic(URL, "StatusCode=30").unwrap_err().may_pass());
}

#[test]
fn refusals_say_what_to_do() {
    let refused = [
        v1(URL, r#"{"success": false, "message": "production or pilot role required", "data": null}"#)
            .err(),
        classic(URL, "StatusCode=60").err(),
    ];
    for error in refused {
        let said = error.unwrap().to_string();
        assert!(said.contains("origin VO:production"), "{said}");
    }
    let tls = r#"{"success": false, "message": "SSL secure connection is required", "data": null}"#;
    let said = v1(URL, tls).unwrap_err().to_string();
    assert!(said.contains("https"), "{said}");
    let gone = body(URL, 403, "ERROR : method getJob is forbidden").unwrap_err().to_string();
    assert!(gone.contains("no classic interface"), "{gone}");
    assert!(!body(URL, 403, "ERROR : token expired").unwrap_err().may_pass());
}

#[test]
fn a_wrong_argument_is_not_tried_again() {
    let wrong = r#"{"success": false, "message": "Type error: 'job_id' must be of type int, got str.", "data": null}"#;
    assert!(matches!(v1(URL, wrong), Err(PandaError::Invalid { .. })));
    let wrong = "unexpected keyword argument 'x'";
    assert!(matches!(body(URL, 500, wrong), Err(PandaError::Invalid { .. })));
    assert!(body(URL, 500, "database is down").unwrap_err().may_pass());
    assert!(body(URL, 200, "").is_ok());
}

#[test]
fn each_update_of_a_bulk_has_its_own_answer() {
    let text = r#"{"success": true, "message": "", "data": [
        {"success": true, "message": "", "data": {"StatusCode": 0, "command": "NULL"}},
        {"success": true, "message": "", "data": {"StatusCode": 0, "command": "debug,tobekilled"}},
        {"success": true, "message": "", "data": {"StatusCode": 30}},
        {"success": false, "message": "Type error: 'n_events' must be of type int", "data": null},
        {"success": true, "message": "", "data": {"StatusCode": 0, "command": null}}]}"#;
    let answers = bulk_v1(URL, text, 5).unwrap();
    assert_eq!(answers[0], accepted(&[]));
    assert_eq!(answers[1], accepted(&[Command::Kill, Command::Debug]));
    assert!(matches!(&answers[2], Answer::Later(_)));
    assert!(matches!(&answers[3], Answer::Rejected(why) if why.contains("n_events")));
    assert_eq!(answers[4], accepted(&[]));
    assert!(bulk_v1(URL, text, 4).is_err(), "an answer that belongs to nobody");
    let text = r#"[true, ["StatusCode=0&command=NULL", "StatusCode=0&command=alreadydone"]]"#;
    assert_eq!(bulk_classic(URL, text, 2), Ok(vec![accepted(&[]), accepted(&[Command::AlreadyDone])]));
    assert!(bulk_classic(URL, "[false, \"busy\"]", 2).unwrap_err().may_pass());
}

proptest! {
    #[test]
    fn whatever_comes_is_understood_or_an_error(text in ".{0,200}", status: u16, count in 0..3_usize) {
        let _ = body(URL, status, &text);
        let _ = (v1(URL, &text), classic(URL, &text));
        let _ = (bulk_v1(URL, &text, count), bulk_classic(URL, &text, count));
        if let Err(error) = v1(URL, &text) {
            prop_assert!(error.to_string().chars().count() < 700);
        }
    }

    #[test]
    fn so_is_json_of_any_shape(code in any::<i64>(), success: Option<bool>, word in "[a-zA-Z ]{0,12}") {
        let data = serde_json::json!({"StatusCode": code, "command": word});
        for data in [data.clone(), serde_json::json!([data]), Value::Null] {
            let text = serde_json::json!({"success": success, "message": word, "data": data}).to_string();
            let _ = (v1(URL, &text), bulk_v1(URL, &text, 1), classic(URL, &text));
        }
    }
}
