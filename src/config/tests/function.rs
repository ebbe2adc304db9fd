//! An evaluator that is a Python function.

use super::*;

const EVALUATOR: &str = "[[parameter]]\nname = \"x\"\nkind = \"float\"\nlower = 0\nupper = 1\n\
                         [[objective]]\nname = \"f\"\ngoal = \"minimize\"\n\
                         [strategy]\ntrials = 3\n[evaluator]\n";

fn read_in(folder: &Path, lines: &str) -> Result<Study, String> {
    let file = folder.join("study.toml");
    let text = format!("{EVALUATOR}{lines}\n");
    understand(&text, &file, &Overrides::default()).map_err(|wrong| format!("{wrong:?}"))
}

#[test]
fn a_function_is_found_beside_the_study_file_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("det")).unwrap();
    std::fs::write(dir.path().join("det/beam.py"), "def f(x): pass\n").unwrap();
    let study = read_in(dir.path(), "python = \"det.beam:f\"\ntimeout = \"5 s\"").unwrap();
    let json = serde_json::to_string(&study).unwrap();
    assert_eq!(serde_json::from_str::<Study>(&json).unwrap(), study);
    let Evaluator::Command(command) = &study.evaluator else { panic!("a function") };
    let want = Function { folder: dir.path().into(), module: "det.beam".into(), function: "f".into() };
    assert_eq!(command.function.as_deref(), Some(&want));
    assert_eq!((command.argv[0].as_str(), command.timeout_s), ("python3", Some(5.0)));
    let told = describe(&study);
    assert!(told.contains("det.beam:f, from ") && told.contains("raises Infeasible"), "{told}");
    for (lines, want) in [
        ("python = \"beam\"", "evaluator.python cannot be \"beam\": it needs \"module:function\""),
        ("python = \"beam:f\"", "evaluator.python has the module \"beam\", and there is no file "),
        ("python = \"det.beam:f\"\ncommand = [\"a\"]", "evaluator.command"),
        ("python = \"det.beam:f\"\nexit_codes = { 9 = \"infeasible\" }", "exit_codes"),
        ("python = \"det.beam:f\"\ninterpreter = \"./py\"", "evaluator.interpreter has the program "),
        (
            "python = \"det.beam:f\"\ninterpreter = \"\"",
            "evaluator.interpreter must be a text that is not empty",
        ),
        (
            "python = \"det.beam:f\"\n[container]\nimage = \"/x.sif\"",
            "evaluator.python runs on the node",
        ),
        ("command = [\"a\"]\ninterpreter = \"python3\"", "interpreter"),
    ] {
        let told = read_in(dir.path(), lines).unwrap_err().replace("\\\"", "\"");
        assert!(told.contains(want), "{told}");
    }
}
