//! Designs as people paste them elsewhere: into the files of a detector description, on to command lines.

use crate::config::{Command, Edit, Evaluator, Study};
use crate::exec;
use crate::geometry;
use crate::problem::{Outcome, Value};
use crate::store::Trial;
use std::collections::BTreeSet;
use std::fmt::Write;

/// How a parameter stands in the words of a command.
const PARAMETER: &str = "{param.";

/// The text of one design: first what it came to; then, file by file, what stands in the attributes that its
/// parameters edit; the options of commands that hold parameters; and the parameters that are in neither, as
/// `name = value unit`.
pub fn text(study: &Study, trial: &Trial) -> String {
    let design = &trial.proposed.design;
    let mut out = format!("# trial {}: {}\n", trial.proposed.trial, outcome(study, trial));
    let mut told = BTreeSet::new();
    if let Some(geometry) = &study.geometry {
        let mut files: Vec<&std::path::Path> = vec![];
        for edit in &geometry.edits {
            told.extend(edit.parameters());
            if !files.contains(&edit.file.as_path()) {
                files.push(&edit.file);
            }
        }
        for file in files {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "\n## {}", file.display());
            for edit in geometry.edits.iter().filter(|edit| edit.file == file) {
                let _ = writeln!(out, "{}\n    {}", edit.xpath, attribute(study, edit, design));
            }
        }
    }
    for (title, command) in commands(study) {
        let options = options(study, command, design, &mut told);
        if !options.is_empty() {
            let _ = writeln!(out, "\n## {title}");
            options.iter().for_each(|option| out += option);
        }
    }
    let others = study.problem.space.parameters.iter().zip(design);
    let others: Vec<_> =
        others.filter(|(parameter, _)| !told.contains(parameter.name.as_str())).collect();
    if !others.is_empty() {
        out += "\n## parameters\n";
        for (parameter, value) in others {
            let line = format!("{} = {value} {}", parameter.name, parameter.unit);
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
    out
}

/// What was measured, or what became of the trial instead.
fn outcome(study: &Study, trial: &Trial) -> String {
    match trial.completed.as_ref().map(|completed| &completed.outcome) {
        None => "has not ended".to_owned(),
        Some(Outcome::Ok { objectives, .. }) => {
            let named = study.problem.objectives.iter().zip(objectives);
            let one = named.map(|(objective, measured)| {
                let sem = measured.sem().map(|sem| format!(" ± {sem}")).unwrap_or_default();
                let line = format!("{} = {}{sem} {}", objective.name, measured.value(), objective.unit);
                line.trim_end().to_owned()
            });
            one.collect::<Vec<_>>().join(", ")
        }
        Some(other) => format!("{}: {}", other.status(), other.reason()),
    }
}

/// As it stands in the file; of a value with components, the one that is edited.
fn attribute(study: &Study, edit: &Edit, design: &[Value]) -> String {
    let text = geometry::written(edit, &study.problem.space, design);
    match edit.index {
        None => format!("{}=\"{text}\"", edit.attribute),
        Some(index) => format!("{}, component {index} counted from 0: {text}", edit.attribute),
    }
}

fn commands(study: &Study) -> Vec<(String, &Command)> {
    match &study.evaluator {
        Evaluator::Command(command) => vec![("command".to_owned(), command)],
        Evaluator::Pipeline(pipeline) => pipeline
            .stages
            .iter()
            .map(|s| (format!("command of stage {}", s.name), &s.command))
            .collect(),
        Evaluator::Builtin(_) | Evaluator::Outside => vec![],
    }
}

/// The arguments that hold parameters, as a shell reads them, a line each; a bare value has the option before
/// it. Other placeholders stay. `told` gets the parameters.
fn options<'a>(
    study: &'a Study,
    command: &Command,
    design: &[Value],
    told: &mut BTreeSet<&'a str>,
) -> Vec<String> {
    let mut lines = vec![];
    for program in command.programs() {
        for (at, argument) in program.iter().enumerate().filter(|(_, a)| a.contains(PARAMETER)) {
            let mut text = argument.clone();
            for (parameter, value) in study.problem.space.parameters.iter().zip(design) {
                let hole = format!("{PARAMETER}{}}}", parameter.name);
                if text.contains(&hole) {
                    told.insert(&parameter.name);
                    text = text.replace(&hole, &value.to_string());
                }
            }
            let before = at.checked_sub(1).map(|before| &program[before]);
            let option = before.filter(|word| argument.starts_with('{') && word.starts_with('-'));
            let words: Vec<String> = option.cloned().into_iter().chain([text]).collect();
            let line = exec::shell_line(&words);
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Measurement;
    use crate::store::{Completed, Proposed};
    use std::fs;

    fn read(text: &str, files: &[(&str, &str)]) -> Study {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let file = dir.path().join("study.toml");
        fs::write(&file, text).unwrap();
        crate::config::read(&file, &Default::default()).unwrap().0
    }

    fn trial(design: Vec<Value>, outcome: Option<Outcome>) -> Trial {
        let (origin, at) = (String::new(), 0.0);
        let proposed =
            Proposed { trial: 17, seen: 0, design, origin, generation_s: 0.0, at, memory: None };
        let completed =
            outcome.map(|outcome| Completed { trial: 17, outcome, started: 0.0, finished: 1.0 });
        Trial { proposed, completed }
    }

    fn parameter(name: &str, more: &str) -> String {
        format!(
            "[[parameter]]\nname = \"{name}\"\nkind = \"float\"\nlower = -10\nupper = 300\nunit = \"cm\"\n{more}\n"
        )
    }

    const OBJECTIVE: &str = "[[objective]]\nname = \"mass\"\ngoal = \"minimize\"\nunit = \"kg\"\n";

    #[test]
    fn edits_options_and_other_parameters_are_ready_to_be_pasted() {
        let edit =
            |more: &str| format!("edit = {{ file = \"a/x.xml\", xpath = \".//mirror\", {more} }}");
        let text = [
            parameter("radius", &edit("attribute = \"radius\", format = \"%.3f\"")),
            parameter("shift", &edit("attribute = \"place\", index = 1")),
            parameter("w0", ""),
            parameter("w1", ""),
            parameter("gap", ""),
            parameter("other", ""),
            OBJECTIVE.to_owned(),
            "[geometry]\ninstall = \"install\"\ntop = \"top.xml\"\n[evaluator]\n\
             command = [\"/bin/sh\", \"-Pweights={param.w0},{param.w1}\", \"--gap\", \"{param.gap}\", \
             \"{trial.dir}/{param.gap} x\", \"{geometry}\"]\nresult = \"r.json\"\n"
                .to_owned(),
        ];
        let files = [
            ("install/top.xml", "<top><include ref=\"a/x.xml\"/></top>"),
            ("install/a/x.xml", "<d><mirror radius=\"1*cm\" place=\"1*cm,2*cm\"/></d>"),
        ];
        let study = read(&text.concat(), &files);
        let design = [219.8, -1.0, 0.25, 0.5, 3.0, 7.0].map(Value::Float).to_vec();
        let measured = vec![Measurement::new(3.5, Some(0.25)).unwrap()];
        let outcome = study.problem.measured(measured, vec![]).unwrap();
        assert_eq!(
            super::text(&study, &trial(design, Some(outcome))),
            "# trial 17: mass = 3.5 ± 0.25 kg\n\n\
             ## a/x.xml\n\
             .//mirror\n    radius=\"219.800*cm\"\n\
             .//mirror\n    place, component 1 counted from 0: -1.0*cm\n\n\
             ## command\n\
             -Pweights=0.25,0.5\n\
             --gap 3.0\n\
             '{trial.dir}/3.0 x'\n\n\
             ## parameters\n\
             other = 7.0 cm\n"
        );
    }

    #[test]
    fn without_edits_and_options_parameters_have_their_units() {
        let text = parameter("x", "") + OBJECTIVE + "[evaluator]\noutside = true\n";
        let study = read(&text, &[]);
        let failed = Outcome::Infeasible { reason: "too thin".into() };
        assert_eq!(
            super::text(&study, &trial(vec![Value::Float(0.1)], Some(failed))),
            "# trial 17: infeasible: too thin\n\n## parameters\nx = 0.1 cm\n"
        );
        let open = super::text(&study, &trial(vec![Value::Float(0.1)], None));
        assert!(open.starts_with("# trial 17: has not ended\n"), "{open}");
    }
}
