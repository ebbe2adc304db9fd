//! `[pilot]` and `[overflow]`.

use super::*;

const BUILTIN: &str =
    "[strategy]\ntrials = 3\n[evaluator]\nbuiltin = \"dtlz2\"\ndimension = 7\nobjectives = 2\n";

fn read(more: &str) -> Result<Study, String> {
    let text = format!("{BUILTIN}{more}");
    understand(&text, Path::new("studies/study.toml"), &Overrides::default())
        .map_err(|wrong| format!("{wrong:?}").replace("\\\"", "\""))
}

const WHERE: &str = "server = \"http://127.0.0.1:25080\"\nqueue = \"Q\"\n";

#[test]
fn what_is_not_said_has_its_default_and_everything_is_told() {
    let study =
        read(&format!("[pilot]\n{WHERE}inputs = \"data\"\n[overflow]\n{WHERE}tasks = 3\n")).unwrap();
    let pilot = study.pilot.as_ref().unwrap();
    assert_eq!((pilot.wait_s, pilot.usual_s, pilot.after, pilot.batch), (10.0, 600.0, After::Stop, 500));
    assert_eq!(pilot.inputs.as_deref(), Some(Path::new("studies/data")), "from the study's folder");
    let overflow = study.overflow.as_ref().unwrap();
    assert_eq!((overflow.tasks, overflow.patience_s, &overflow.program), (3, 300.0, &None));
    let told = describe(&study);
    for word in
        ["Q at http://127.0.0.1:25080", "10 s when the study wants a rank back", "3 at a time at most"]
    {
        assert!(told.contains(word), "{word}: {told}");
    }
    let json = serde_json::to_string(&study).unwrap();
    assert_eq!(serde_json::from_str::<Study>(&json).unwrap(), study);
    // A run goes on with others, or without.
    assert_eq!(differences(&study, &read("").unwrap()), Vec::<String>::new());
}

#[test]
fn mistakes_are_named_with_what_would_be_right() {
    for (more, want) in [
        ("[pilot]\n".to_owned(), "pilot.server is missing; for example server = "),
        (format!("[pilot]\n{WHERE}after = \"end\"\n"), "pilot.after cannot be \"end\""),
        (format!("[pilot]\n{WHERE}binds = [\"x:y:z:w\"]\n"), "pilot.binds"),
        (format!("[pilot]\n{WHERE}usual = \"0 s\"\n"), "pilot.usual must be longer than 0 s"),
        (format!("[pilot]\n{WHERE}quue = 1\n"), "[pilot] has no key"),
        (format!("[overflow]\n{WHERE}"), "overflow.tasks is missing"),
        (
            "[overflow]\nserver = \"here\"\nqueue = \"Q\"\ntasks = 1\n".to_owned(),
            "overflow.server must be an address such as",
        ),
        ("[limits]\nshare = 0\n".to_owned(), "limits.share must be greater than 0"),
    ] {
        let said = read(&more).unwrap_err();
        assert!(said.contains(want), "{want}: {said}");
    }
}
