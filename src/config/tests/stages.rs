//! Studies with stages.

use super::*;
use crate::problem::{Column, FailureClass};

pub(super) const STAGES: &str = r#"[[parameter]]
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
