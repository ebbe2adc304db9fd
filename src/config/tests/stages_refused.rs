//! What is wrong with stages, and with what objectives take from them.

use super::stages::STAGES;
use super::*;

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
