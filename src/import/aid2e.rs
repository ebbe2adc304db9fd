//! AID2E configurations: `parameters.config`, `optimize.config`, `objectives.config`.

use super::json::{Notes, Object};
use super::parameters::{self, Goes, Parameter};
use super::settings::{self, Settings};
use super::write::{self, Draft};
use super::{objectives, rich};
use serde_json::value::RawValue;

/// One file.
#[derive(Debug, Clone)]
pub struct Source {
    /// Name, for messages.
    pub name: String,
    /// JSON.
    pub text: String,
}

/// What the files do not say.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// File of the detector description, below the install, of parameters that name none.
    pub compact: Option<String>,
    /// Top file of the detector description; default: `epic_craterlake.xml`.
    pub top: Option<String>,
}

/// A study file, and what the user has to know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The study file's text.
    pub study: String,
    /// What was not understood, not taken over or is odd, a sentence each.
    pub notes: Vec<String>,
}

/// The study that AID2E files mean. What a file is shows in its keys: one with `parameters` has the
/// parameters and their constraints, one with `objectives` these; anything else is settings.
///
/// # Errors
/// A file is no JSON object, or none has a parameter that can be used; with the file, in words.
pub fn aid2e(files: &[Source], options: &Options) -> Result<Imported, String> {
    let notes = Notes::default();
    let mut parameters: Vec<Parameter> = vec![];
    let mut constraints = vec![];
    let mut objectives = vec![];
    let mut settings = Settings::default();
    for Source { name, text } in files {
        let Object(entries) = read::<Object<&RawValue>>(name, text)?;
        let mut rest = Object::default();
        let mut has_parameters = false;
        for (key, raw) in &entries {
            match key.as_str() {
                "parameters" => {
                    let all = read(&format!("{name}: parameters"), raw.get())?;
                    let read = parameters::read(name, &all, options.compact.as_deref(), &notes);
                    parameters.extend(read);
                    has_parameters = true;
                }
                "objectives" => {
                    let all = read(&format!("{name}: objectives"), raw.get())?;
                    objectives.extend(objectives::read(name, &all, &notes));
                }
                "constraints" => {}
                key => rest.0.push((key.to_owned(), read(&format!("{name}: {key}"), raw.get())?)),
            }
        }
        // After the parameters that they name, wherever they stand.
        for (_, raw) in entries.iter().filter(|(key, _)| key == "constraints") {
            let all = read(&format!("{name}: constraints"), raw.get())?;
            constraints.extend(parameters::constraints(name, &all, &parameters, &notes));
        }
        let others = settings::read(name, &rest, &notes);
        if !has_parameters && others != Settings::default() {
            settings = others;
        }
    }
    if parameters.is_empty() {
        let names: Vec<&str> = files.iter().map(|f| &*f.name).collect();
        let mut text = format!("{}: there is no parameter that can be used", names.join(", "));
        notes.all().iter().for_each(|note| text += &format!("\n  {note}"));
        return Err(text);
    }
    let in_rich = |p: &Parameter| matches!(&p.goes, Goes::Edit { xpath, .. } if rich::is_rich(xpath));
    let rich = objectives.is_empty() && parameters.iter().any(in_rich);
    if rich {
        objectives = rich::objectives();
    } else if objectives.is_empty() {
        objectives = objectives::nameless(settings.objectives.unwrap_or(1), &notes);
    }
    counts(&settings, parameters.len(), constraints.len(), objectives.len(), &notes);
    write::gaps(&parameters).into_iter().for_each(|gap| notes.add(gap));
    if let Some(violated) = constraints.iter().find(|c| !c.allows_defaults(&parameters)) {
        notes.add(format_args!(
            "the defaults violate the constraint {} ({}): the nominal design is not tried",
            violated.name,
            violated.text()
        ));
    }
    let draft = Draft {
        name: study_name(&settings),
        from: files.iter().map(|f| f.name.clone()).collect(),
        settings: &settings,
        parameters: &parameters,
        constraints: &constraints,
        objectives: &objectives,
        top: options.top.as_deref().unwrap_or("epic_craterlake.xml"),
        rich,
    };
    Ok(Imported { study: write::study(&draft), notes: notes.all() })
}

fn read<'t, T: serde::Deserialize<'t>>(what: &str, text: &'t str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|e| format!("{what}: not the JSON that is expected: {e}"))
}

/// Numbers of things that a file says otherwise than the files have them.
fn counts(settings: &Settings, parameters: usize, constraints: usize, objectives: usize, notes: &Notes) {
    for (key, said, found) in [
        ("n_design_params", settings.parameters, parameters),
        ("n_constraints", settings.constraints, constraints),
        ("n_objectives", settings.objectives, objectives),
    ] {
        if let Some(said) = said.filter(|said| usize::try_from(*said) != Ok(found)) {
            notes.add(format_args!("{key} is {said}, but the study has {found}"));
        }
    }
}

/// A name for a study, from whatever it was called.
fn study_name(settings: &Settings) -> String {
    let name = settings.name.as_deref().unwrap_or_default();
    let safe = |c: char| if c.is_ascii_alphanumeric() || "_.-".contains(c) { c } else { '-' };
    let name: String = name.trim().chars().map(safe).collect();
    let begins = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if begins {
        name.to_lowercase()
    } else {
        format!("study-{name}").trim_end_matches('-').to_lowercase()
    }
}
