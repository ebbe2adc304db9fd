//! What comes from outside: values that look like commands, keys that look like paths, and secrets that nobody
//! asked for.

use super::support::{Ranks, Scene, contents};
use std::fs;
use std::path::PathBuf;

/// Text that a shell would do something about.
const HOSTILE: [&str; 6] =
    ["; touch pwned #", "$(touch pwned)", "`touch pwned`", "a\\\"b'c", "../../up", "{param.x}"];

/// Every file called `pwned` or `up` below the scene.
fn stray(scene: &Scene) -> Vec<PathBuf> {
    let all = contents(&scene.path("")).into_keys();
    all.filter(|path| path.file_name().is_some_and(|name| name == "pwned" || name == "up")).collect()
}

#[test]
fn values_reach_the_payload_as_they_are_and_no_shell() {
    let values: Vec<String> = HOSTILE.iter().map(|v| format!("'''{v}'''")).collect();
    let scene = Scene::new(&format!(
        "[[parameter]]\nname = \"x\"\nkind = \"choice\"\nvalues = [{}]\n\
         [[objective]]\nname = \"a\"\ngoal = \"minimize\"\nthreshold = 99.0\n\
         [strategy]\nmethod = \"sobol\"\ntrials = 6\n\
         [evaluator]\ncommand = [\"/bin/sh\", \"-c\", 'printf %s \"$1\" > said; echo \"{{\\\"a\\\": ${{#1}}}}\" > result.json', \
         \"sh\", \"{{param.x}}\"]\n",
        values.join(", ")
    ));
    scene.complete(Ranks::Threads(2), &[]);
    let table = scene.table();
    table.assert_complete(6);
    for row in &table.rows {
        assert!(HOSTILE.contains(&row["x"].as_str()), "{row:?}");
        // What the payload was given has as many characters as the value.
        assert_eq!(row["a"].parse::<f64>().unwrap(), row["x"].chars().count() as f64, "{row:?}");
    }
    let mut said: Vec<String> = contents(scene.run_dir())
        .into_iter()
        .filter(|(path, _)| path.ends_with("said"))
        .map(|(_, bytes)| String::from_utf8(bytes).unwrap())
        .collect();
    said.sort_unstable();
    said.dedup();
    let mut expected = HOSTILE.map(str::to_owned);
    expected.sort_unstable();
    assert_eq!(said, expected);
    assert_eq!(stray(&scene), Vec::<PathBuf>::new());
}

#[test]
fn keys_cannot_lead_out_of_the_run_directory() {
    for key in ["../../up", "/tmp/up", "..", "a/../../../up", ".", ""] {
        let scene = Scene::new(&format!(
            "[[parameter]]\nname = \"x\"\nkind = \"float\"\nlower = 0.0\nupper = 1.0\n\
             [[objective]]\nname = \"a\"\ngoal = \"minimize\"\nthreshold = 9.0\nfrom = {{ stage = \"last\" }}\n\
             [strategy]\nmethod = \"sobol\"\ntrials = 1\n\
             [[stage]]\nname = \"first\"\nforeach = {{ part = [\"one\", \"{key}\"] }}\n\
             command = [\"/bin/sh\", \"-c\", 'echo 1 > up']\noutputs = [\"up\"]\n\
             [[stage]]\nname = \"last\"\nneeds = [\"first\"]\n\
             command = [\"/bin/sh\", \"-c\", 'echo \"{{\\\"a\\\": 1}}\" > result.json']\nresult = \"result.json\"\n"
        ));
        let ended = scene.run(Ranks::Threads(1), &[]).expect_one_of(&[0, 78]);
        let outside = contents(&scene.path("")).into_keys().filter(|path| path.ends_with("up"));
        let run = scene.run_dir().canonicalize();
        for path in outside {
            let within = run
                .as_ref()
                .is_ok_and(|run| path.canonicalize().unwrap().starts_with(run.join("trials")));
            assert!(within, "{key:?}: {} ({ended})", path.display());
        }
        assert!(!PathBuf::from("/tmp/up").exists(), "{key:?}");
    }
}

#[test]
fn no_secret_of_the_environment_is_written_down() {
    let secret = format!("hush-{}", std::process::id());
    let scene = Scene::new(&super::support::commanded(
        4,
        "echo \"working\"; [ \"$1\" = 2 ] && exit 3; echo \"{\\\"a\\\": $2, \\\"b\\\": 1}\" > result.json",
        "",
    ));
    for ranks in [Ranks::Threads(2), Ranks::Mpi(3)] {
        let _ = fs::remove_dir_all(scene.run_dir());
        let mut line = scene.line(ranks, &[]);
        line.env("PARETORANK_TEST_TOKEN", &secret).env("X509_USER_PROXY", format!("/tmp/{secret}"));
        let ended = super::support::process::Running::start(&mut line).wait().expect(0);
        assert!(!ended.out.contains(&secret) && !ended.err.contains(&secret), "{ended}");
        let files = contents(scene.run_dir());
        assert!(files.len() > 10, "{:?}", files.keys());
        for (path, bytes) in files {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} holds a secret", path.display());
        }
    }
}
