//! Studies with stages.

use super::*;
use crate::problem::{Column, FailureClass};

const STAGES: &str = r#"[[parameter]]
name = "x"
kind = "float"
lower = 0
upper = 1

[[stage]]
name = "analysis"
needs = ["simulation"]
by = ["point"]
command = ["true", "{key.point.eta.1}", "{in.simulation:particle=pi+}"]
result = { table = "out.txt", columns = ["acc", "acc_sd", "-", "sep"], line = "last" }

[[stage]]
name = "simulation"
needs = ["overlap"]
foreach = { particle = ["pi+", 11], point = [{ name = "low", eta = [1.5, 2] }, { eta = [2, 2.5] }] }
events = { total = 2500, per_job = 1000 }
seeds = "common"
at_least = 0.8
steps = [["true", "{param.x}", "{event.first}"], ["true", "{key.particle}", "{event.seed}"]]
outputs = ["recon.root"]
cores = 2
memory = "4 GB"
timeout = "4 h"
silence = "10 min"
retries = { timeout = 0, silent = 3 }
keep = "results"
scratch = "local"

[[stage]]
name = "overlap"
gate = true
command = ["true", "{trial.dir}"]
patterns = [{ text = "overlaps: {n}", above = 0, is = "infeasible", file = "log", required = true }]
result = "result.json"

[[objective]]
name = "sep"
goal = "maximize"
from = { stage = "analysis", combine = "harmonic", weights = [1, 0.5] }

[[objective]]
name = "acceptance"
goal = "maximize"
from = { stage = "analysis", value = "acc", where = { point = "low" } }

[[metric]]
name = "cost"
"#;

fn pipeline(study: &Study) -> &Pipeline {
    let Evaluator::Pipeline(pipeline) = &study.evaluator else { panic!("stages") };
    pipeline
}

#[test]
fn stages_are_put_in_order_with_all_that_they_say() {
    let study = study(STAGES);
    let Pipeline { stages, objectives, metrics } = pipeline(&study);
    let names: Vec<&str> = stages.iter().map(|stage| &*stage.name).collect();
    assert_eq!(names, ["overlap", "simulation", "analysis"]);
    let [overlap, simulation, analysis] = &stages[..] else { panic!("three") };
    assert!(overlap.gate && overlap.needs.is_empty() && overlap.is_single());
    let pattern = &overlap.command.patterns[0];
    assert_eq!((pattern.above, pattern.is, pattern.required), (Some(0.0), Verdict::Infeasible, true));
    assert_eq!((&simulation.needs[..], &analysis.needs[..]), (&[0][..], &[1][..]));
    assert_eq!((overlap.tasks(), simulation.tasks(), analysis.tasks()), (1, 12, 2));
    assert_eq!((simulation.joined(overlap), analysis.joined(simulation)), (1, 6));
    let labels: Vec<&str> = simulation.axes.iter().flat_map(|a| &a.values).map(|v| &*v.label).collect();
    assert_eq!(labels, ["pi+", "11", "low", "1"]);
    assert_eq!(simulation.axes[1].values[1].text("eta.1").as_deref(), Some("2.5"));
    assert_eq!(analysis.axes, simulation.axes[1..]);
    assert_eq!((simulation.cores, simulation.memory_bytes), (2, Some(4_000_000_000)));
    assert_eq!((simulation.seeds, simulation.at_least), (Seeds::Common, 0.8));
    assert_eq!((simulation.keep, simulation.scratch), (Keep::Results, Scratch::Local));
    let command = &simulation.command;
    assert_eq!((command.programs().len(), command.silence_s), (2, Some(600.0)));
    assert_eq!(command.retries, Retries { timeout: 0, silent: 3, ..Retries::all(1) });
    let Some(ResultFile::Table { columns, last_line: true, .. }) = &analysis.command.result else {
        panic!("a text")
    };
    let (value, error) = (|n: &str| Column::Value(n.into()), Column::Error("acc".into()));
    assert_eq!(columns[..], [value("acc"), error, Column::Skipped, value("sep")]);
    let from = objectives[0].as_ref().unwrap();
    assert_eq!((from.stage, &*from.value, from.combine), (2, "sep", Some(Combine::Harmonic)));
    assert_eq!(from.weights, [1.0, 0.5]);
    assert_eq!(objectives[1].as_ref().unwrap().only, [("point".to_owned(), vec!["low".to_owned()])]);
    assert_eq!(metrics[..], [None]);
}

#[test]
fn what_was_understood_is_stored_described_and_read_again() {
    let study = study(STAGES);
    let again: Study = serde_json::from_str(&serde_json::to_string(&study).unwrap()).unwrap();
    assert_eq!(again, study);
    let text = describe(&study);
    for line in [
        "stages (3; 15 tasks, 10000 events per trial)",
        "  name        each needs    tasks  events per task     cores  memory  timeout  gates",
        "  simulation  overlap       12     1000, the last 500  2      4 GB    4 h      overlap",
        "  analysis    6 simulation  2      -                   1      -       none     overlap",
        "  sep         harmonic mean of sep, weights 1, 0.5, of stage analysis",
        "  acceptance  acc, of stage analysis, point low",
        "  cost        cost, of stage overlap",
        "  result       last line of out.txt: acc, error of acc, -, sep",
    ] {
        assert!(text.lines().any(|l| l == line), "{line:?} in\n{text}");
    }
}

#[test]
fn the_command_line_reaches_into_stages() {
    let over = |key: &str, value: &str| understand(STAGES, Path::new("s.toml"), &set(key, value));
    let changed = over("stage.simulation.events.total", "3000").unwrap();
    assert_eq!(pipeline(&changed).stages[1].events, Some(Events { total: 3000, per_job: 1000 }));
    let changed = over("stage.simulation.cores", "8").unwrap();
    assert_eq!(pipeline(&changed).stages[1].cores, 8);
    let wrong = over("stage.simulaton.cores", "8").unwrap_err();
    assert!(wrong[0].text.contains("no [[stage]] with the name \"simulaton\""), "{wrong:?}");
}

#[test]
fn a_run_goes_on_with_other_resources_and_not_with_other_stages() {
    let old = study(STAGES);
    let changed = |old: &str, new: &str| study(&with(STAGES, old, new));
    for (was, is) in [
        ("cores = 2", "cores = 4"),
        ("memory = \"4 GB\"", "memory = \"8 GB\""),
        ("timeout = \"4 h\"", "timeout = \"5 h\""),
        ("keep = \"results\"", "keep = \"all\""),
        ("silent = 3", "silent = 0"),
    ] {
        assert_eq!(differences(&old, &changed(was, is)), Vec::<String>::new(), "{is}");
    }
    for (was, is, want) in [
        (
            "total = 2500",
            "total = 2000",
            "stage.simulation.events.total: 2500 in the run directory, 2000 asked for",
        ),
        (
            "gate = true",
            "gate = false",
            "stage.overlap.gate: true in the run directory, false asked for",
        ),
        (
            "needs = [\"overlap\"]",
            "needs = []",
            "stage.simulation.needs: overlap in the run directory,  asked for",
        ),
        (
            "weights = [1, 0.5]",
            "weights = [1, 1]",
            "objective.sep.from.weights: 1, 0.5 in the run directory, 1, 1 asked for",
        ),
        (
            "point = \"low\"",
            "point = \"1\"",
            "objective.acceptance.from.where.point: low in the run directory, 1 asked for",
        ),
    ] {
        assert_eq!(differences(&old, &changed(was, is)), [want], "{is}");
    }
}

/// The base text with one thing wrong, and what is said about it.
#[test]
fn what_is_wrong_with_a_stage_is_told() {
    let placeholders = "known ones: param.NAME, trial.id, trial.dir, trial.seed, geometry, key.AXIS, key.AXIS.FIELD, \
                        event.count, event.first, event.seed, event.index, task.dir, task.seed, in.STAGE, \
                        in.STAGE:AXIS=LABEL";
    let unknown = format!(
        "stage.overlap.command has the unknown placeholder {{trial.dri}}; did you mean \"trial.dir\"? {placeholders}"
    );
    let cases: &[(&str, &str, &str)] = &[
        (
            "needs = [\"overlap\"]",
            "needs = [\"overlaps\"]",
            "stage.simulation.needs has \"overlaps\", and there is no such stage; did you mean \"overlap\"? known stages: analysis, overlap",
        ),
        (
            "needs = [\"overlap\"]",
            "needs = [\"simulation\"]",
            "stage.simulation.needs has \"simulation\", the stage itself",
        ),
        (
            "needs = [\"overlap\"]",
            "needs = [\"overlap\", \"overlap\"]",
            "stage.simulation.needs has \"overlap\" twice",
        ),
        (
            "needs = [\"overlap\"]",
            "needs = [\"analysis\"]",
            "stage.analysis.needs goes round in a circle: analysis needs simulation needs analysis",
        ),
        (
            "name = \"overlap\"",
            "name = \"simulation\"",
            "stage.simulation.name \"simulation\" is taken by a stage already",
        ),
        (
            "name = \"overlap\"",
            "name = \"../up\"",
            "stage.../up.name cannot be \"../up\": a stage's name consists of letters, digits and _ - after a first letter or _",
        ),
        ("gate = true", "gates = true", "[[stage]] has no key \"gates\"; did you mean \"gate\"?"),
        (
            "by = [\"point\"]",
            "by = [\"points\"]",
            "stage.analysis.by has \"points\", an axis of none of its needs; did you mean \"point\"? known axes: chunk, particle, point",
        ),
        (
            "by = [\"point\"]",
            "foreach = { point = [1] }",
            "stage.analysis.foreach.point is an axis of \"simulation\", which the stage needs; write by = [\"point\"]",
        ),
        (
            "gate = true",
            "gate = true\nby = [\"point\"]",
            "stage.overlap.by has \"point\", an axis of none of its needs; they have none",
        ),
        ("particle = [\"pi+\", 11]", "particle = []", "stage.simulation.foreach.particle is empty"),
        (
            "particle = [\"pi+\", 11]",
            "particle = [\"11\", 11]",
            "stage.simulation.foreach.particle has \"11\" twice; all values must differ",
        ),
        (
            "particle = [\"pi+\", 11]",
            "chunk = [1]",
            "stage.simulation.foreach.chunk is the axis of events",
        ),
        (
            "particle = [\"pi+\", 11]",
            "\"a.b\" = [1]",
            "stage.simulation.foreach.a.b is no name for an axis",
        ),
        (
            "{ eta = [2, 2.5] }",
            "{ eta = [2] }",
            "stage.simulation.foreach.point has points \"low\" and \"1\" with different fields, or lists of different lengths",
        ),
        ("{ eta = [2, 2.5] }", "3", "stage.simulation.foreach.point.2 must be a table, not 3"),
        (
            "per_job = 1000",
            "per_job = 3000",
            "stage.simulation.events.per_job is more than the 2500 events that there are in all",
        ),
        ("total = 2500, ", "", "stage.simulation.events.total is missing; for example total = 5000"),
        (
            "at_least = 0.8",
            "at_least = 0",
            "stage.simulation.at_least must be a share above 0 and at most 1, not 0",
        ),
        (
            "seeds = \"common\"",
            "seeds = \"comon\"",
            "stage.simulation.seeds cannot be \"comon\"; did you mean \"common\"? known words: trial, common",
        ),
        ("cores = 2", "cores = 0", "stage.simulation.cores must be a whole number of at least 1, not 0"),
        (
            "memory = \"4 GB\"",
            "memory = 4",
            "stage.simulation.memory must be an amount above 0 with its unit such as \"4 GB\", \"4000 MB\" or \"1.5 GiB\", not 4",
        ),
        (
            "silence = \"10 min\"",
            "silence = 10",
            "stage.simulation.silence must be a duration with its unit",
        ),
        (
            "silent = 3",
            "silnt = 3",
            "[stage.simulation.retries] has no key \"silnt\"; did you mean \"silent\"?",
        ),
        (
            "command = [\"true\", \"{trial.dir}\"]",
            "",
            "stage.overlap.command is missing; for example command = [\"program\", \"{param.x}\"]",
        ),
        (
            "command = [\"true\", \"{trial.dir}\"]",
            "command = [\"true\"]\nsteps = [[\"true\"]]",
            "stage.overlap.steps cannot be beside command; make the command its first step",
        ),
        ("{trial.dir}", "{trial.dri}", &unknown),
        (
            "{trial.dir}",
            "{event.count}",
            "stage.overlap.command has {event.count}, but stage \"overlap\" has no events",
        ),
        (
            "{trial.dir}",
            "{key.point}",
            "stage.overlap.command has {key.point}, but stage \"overlap\" has no such axis; it has no axes",
        ),
        (
            "{trial.dir}",
            "{in.simulation}",
            "stage.overlap.command has {in.simulation}, but \"simulation\" is not in needs of stage \"overlap\"; it has no ones",
        ),
        (
            "{param.x}",
            "{param.y}",
            "stage.simulation.steps has {param.y}, but there is no such parameter; known parameters: x",
        ),
        (
            "{param.x}",
            "{in.overlap}",
            "stage.simulation.steps has {in.overlap}, but stage \"overlap\" has no outputs",
        ),
        (
            "{key.point.eta.1}",
            "{key.point.eta.2}",
            "stage.analysis.command has {key.point.eta.2}, but \"low\" of axis \"point\" has no such field; did you mean \"eta.1\"? known fields: eta.0, eta.1",
        ),
        (
            "{key.point.eta.1}",
            "{key.particle}",
            "stage.analysis.command has {key.particle}, but stage \"analysis\" has no such axis",
        ),
        (
            ":particle=pi+",
            ":particle=pi-",
            "stage.analysis.command has {in.simulation:particle=pi-}, but axis \"particle\" of stage \"simulation\" has no \"pi-\"; did you mean \"pi+\"? known labels: pi+, 11",
        ),
        (
            ":particle=pi+",
            ":chunk=3",
            "stage.analysis.command has {in.simulation:chunk=3}, but stage \"simulation\" has chunks 0 to 2, not \"3\"",
        ),
        (
            "outputs = [\"recon.root\"]",
            "outputs = [\"../recon.root\"]",
            "stage.simulation.outputs must be a path inside the attempt's directory, not \"../recon.root\"",
        ),
        (
            "\"acc_sd\", \"-\"",
            "\"acc_sd\", \"acc.sem\"",
            "stage.analysis.result.columns has two standard errors of \"acc\"",
        ),
        (
            "\"acc_sd\", \"-\"",
            "\"other.sem\", \"-\"",
            "stage.analysis.result.columns has \"other.sem\", but no column for the value that it is the error of",
        ),
        (
            "\"overlaps: {n}\", above = 0",
            "\"overlaps: {n}\"",
            "stage.overlap.patterns.1.text has a number {n}, but above, below and equals are all missing",
        ),
        ("is = \"infeasible\"", "is = \"bad\"", "stage.overlap.patterns.1.is cannot be \"bad\""),
        (
            "[[metric]]\nname = \"cost\"",
            "[[metric]]\nname = \"cost\"\n[evaluator]\noutside = true",
            "[evaluator] cannot be beside [[stage]] tables, whose commands evaluate a trial",
        ),
    ];
    let refused: Vec<(String, &str)> =
        cases.iter().map(|(old, new, want)| (with(STAGES, old, new), *want)).collect();
    all_told(&refused);
}

/// Every text is refused with these words, and every line of the message says where.
fn all_told(refused: &[(String, &str)]) {
    let wrong = refused.iter().filter_map(|(text, want)| {
        let told = refusal(text, &Overrides::default());
        let placed = told.lines().all(|line| line.starts_with("study.toml:"));
        (!told.contains(want) || !placed).then(|| format!("{told}\nlacks\n{want}\n"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_wrong_with_a_source_is_told() {
    let mut refused = vec![];
    for (old, new, want) in [
        (
            "from = { stage = \"analysis\", combine = \"harmonic\", weights = [1, 0.5] }",
            "",
            "study.toml:38: objective.sep is measured by no stage",
        ),
        (
            "combine = \"harmonic\", weights = [1, 0.5]",
            "",
            "combine is missing, and 2 tasks of stage \"analysis\" match",
        ),
        ("weights = [1, 0.5]", "weights = [1]", "weights has 1 numbers where 2 tasks match"),
        ("weights = [1, 0.5]", "weights = [1, -1]", "weights must be a list of numbers of at least 0"),
        (
            "combine = \"harmonic\"",
            "combine = \"max\"",
            "weights are for combine = \"mean\", \"sum\" and \"harmonic\"",
        ),
        (
            "combine = \"harmonic\"",
            "combine = \"harmonc\"",
            "combine cannot be \"harmonc\"; did you mean \"harmonic\"?",
        ),
        (
            "value = \"acc\"",
            "value = \"accc\"",
            "\"accc\" is no column of the result of stage \"analysis\"; did you mean \"acc\"? known columns: acc, sep",
        ),
        ("value = \"acc\", ", "", "\"acceptance\" is no column of the result of stage \"analysis\""),
        (
            "point = \"low\"",
            "point = \"lo\"",
            "axis \"point\" of stage \"analysis\" has no \"lo\"; did you mean \"low\"?",
        ),
        ("point = \"low\"", "particle = \"pi+\"", "stage \"analysis\" has no axis \"particle\""),
        (
            "stage = \"analysis\", value",
            "stage = \"analyis\", value",
            "stage cannot be \"analyis\"; did you mean \"analysis\"?",
        ),
        (
            "stage = \"analysis\", value",
            "stage = \"simulation\", value",
            "stage \"simulation\" has no result",
        ),
    ] {
        let changed = with(STAGES, old, new);
        // JSON could hold anything.
        let without = changed.replace("result = \"result.json\"", "");
        refused.push((if old.starts_with("from") { without } else { changed }, want));
    }
    all_told(&refused);
    let partial = with(STAGES, "by = [\"point\"]", "by = [\"point\"]\nat_least = 0.5");
    let sum = with(&partial, "\"harmonic\", weights = [1, 0.5]", "\"sum\"");
    let told = refusal(&sum, &Overrides::default());
    assert!(
        told.contains(
            "combine needs the value of every task, but stage \"analysis\" has at_least = 0.5"
        ),
        "{told}"
    );
}

#[test]
fn every_mistake_is_told_at_once() {
    let text = with(STAGES, "cores = 2", "cores = 0\ncpus = 1");
    let text = with(&text, "{param.x}", "{param.y}");
    let text = with(&text, "gate = true", "gate = 1");
    let text = with(&text, "{key.point.eta.1}", "{trial.nr}");
    let told = refusal(&text, &Overrides::default());
    for part in ["simulation.cores", "\"cpus\"", "{param.y}", "overlap.gate", "{trial.nr}"] {
        assert!(told.contains(part), "{part} in\n{told}");
    }
    let text = with(STAGES, "needs = [\"overlap\"]", "needs = [\"nothing\"]");
    let told = refusal(&with(&text, "cores = 2", "cores = 0"), &Overrides::default());
    assert!(told.contains("\"nothing\"") && told.contains("cores"), "without an order, too:\n{told}");
}

#[test]
fn axes_that_needs_spell_differently_are_not_taken_over() {
    let base = "[[parameter]]\nname = \"x\"\nkind = \"float\"\nlower = 0\nupper = 1\n\
                [[objective]]\nname = \"y\"\ngoal = \"minimize\"\n";
    let stage = |name: &str, keys: &str| {
        format!("[[stage]]\nname = \"{name}\"\ncommand = [\"true\"]\nresult = \"r\"\n{keys}\n")
    };
    let last = "needs = [\"a\", \"b\"]\nby = [\"point\", \"chunk\"]";
    let both = |a: &str, b: &str| {
        let stages = [stage("a", a), stage("b", b), stage("c", last), stage("d", "")];
        format!("{base}{}", stages.concat())
    };
    let same = "foreach = { point = [1, 2] }\nevents = { total = 4, per_job = 2 }";
    let fine = study(&both(same, same));
    assert_eq!(pipeline(&fine).stages[2].tasks(), 4);
    let told = refusal(&both(same, &same.replace("[1, 2]", "[2, 1]")), &Overrides::default());
    assert!(
        told.contains("has the axis \"point\", whose values differ between \"a\" and \"b\""),
        "{told}"
    );
    let told = refusal(&both(same, &same.replace("per_job = 2", "per_job = 4")), &Overrides::default());
    assert!(told.contains("events of \"a\" and \"b\" are cut differently"), "{told}");
    let more = format!("{last}\nevents = {{ total = 3 }}");
    let text = both(same, same).replace(last, &more);
    let told = refusal(&text, &Overrides::default());
    assert!(told.contains("stage.c.events cannot be beside by = [\"chunk\"]"), "{told}");
    let long = "x".repeat(90);
    let labels = format!("foreach = {{ point = [\"{long}\"] }}");
    let told = refusal(&both(&labels, &labels).replace(", \"chunk\"", ""), &Overrides::default());
    assert!(told.contains("have 90 bytes together, more than 80; give points a shorter name"), "{told}");
    let many = "foreach = { p = [1, 2] }\nevents = { total = 9000000000, per_job = 1 }";
    let told = refusal(&format!("{base}{}{}", stage("a", many), stage("d", "")), &Overrides::default());
    assert!(told.contains("more than 100000 tasks per trial"), "{told}");
}

#[test]
fn from_needs_stages_and_commands_know_the_new_keys() {
    let text = with(COMMAND, "goal = \"maximize\"", "goal = \"maximize\"\nfrom = { stage = \"s\" }");
    let told = refusal(&text, &Overrides::default());
    assert!(told.contains("objective.gain.from is for studies with [[stage]] tables"), "{told}");
    let more = "retries = { exit = 0 }\npatterns = [{ text = \"OOM\", is = \"memory\" }]\n\
                outputs = [\"a\", \"b/c\"]\nlog_limit = \"1 MB\"\ntimeout = \"10 min\"";
    let study = study(&with(COMMAND, "timeout = \"10 min\"", more));
    let Evaluator::Command(command) = &study.evaluator else { panic!("a command") };
    assert_eq!(command.retries, Retries { exit: 0, ..Retries::all(1) });
    assert_eq!(command.patterns[0].is, Verdict::Failed(FailureClass::Memory));
    assert_eq!((command.outputs.len(), command.log_limit), (2, 1_000_000));
}
