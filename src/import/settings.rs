//! How the other tool was told to optimize.

use super::json::{Notes, Object, whole};
use serde_json::Value;

/// What a study needs of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Settings {
    pub name: Option<String>,
    pub description: Option<String>,
    pub initial: Option<i64>,
    pub trials: Option<i64>,
    pub objectives: Option<i64>,
    pub parameters: Option<i64>,
    pub constraints: Option<i64>,
}

/// Keys that say nothing a study could need, and why.
const WITHOUT_NEED: [(&str, &str); 16] = [
    ("algorithm", "the study has method = \"mobo\""),
    ("problem_type", "there are no types of problems"),
    ("problem_name", "the study's name is enough"),
    ("WORKING_DIR", "every attempt has a directory of its own"),
    ("OUTPUT_DIR", "the run directory is runs/NAME; study.output or --output changes that"),
    ("OUTPUT_NAME", "the run directory is runs/NAME; study.output or --output changes that"),
    ("LOG_DIR", "logs are in the run directory"),
    ("save_every_n_call", "every result is on disk before it counts"),
    ("hv_tolerance", "strategy.stop has rules on the hypervolume"),
    ("max_calls", "strategy.trials is the limit"),
    ("MOBO_params", "the model's settings are those of another program"),
    ("WandB_params", "nothing is sent anywhere"),
    ("load_previous_trials", "the same line goes on with a run"),
    ("n_batch_sobol", "ranks decide how many run at once"),
    ("n_batch_mobo", "ranks decide how many run at once"),
    ("max_parallel_gen", "ranks decide how many run at once"),
];

/// The settings of a file, with notes on what was not taken over.
pub(super) fn read(file: &str, all: &Object, notes: &Notes) -> Settings {
    let mut settings = Settings::default();
    let count = |key: &str| {
        let value = all.get(key)?;
        let count = whole(value).filter(|n| *n >= 0);
        if count.is_none() {
            notes
                .add(format_args!("{file}: {key} is {value}, which is no whole number; it is left out"));
        }
        count
    };
    let (sobol, model) = (count("n_sobol"), count("n_mobo"));
    let (first, calls, batch) = (count("n_initial_points"), count("n_calls"), count("n_batch"));
    let most = count("n_max_trials");
    settings.initial = sobol.or(first).filter(|n| *n > 0);
    settings.trials = match (sobol, model, first, calls) {
        (Some(sobol), Some(model), ..) => Some(sobol + model),
        (_, _, Some(first), Some(calls)) => {
            let batch = batch.unwrap_or(1);
            notes.add(format_args!(
                "{file}: n_calls is taken for rounds of n_batch designs: {first} + {calls} × {batch} trials"
            ));
            Some(first + calls * batch)
        }
        _ => most,
    }
    .filter(|n| *n > 0);
    settings.objectives = count("n_objectives");
    settings.parameters = count("n_design_params");
    settings.constraints = count("n_constraints");
    let text =
        |key: &str| all.get(key).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned);
    settings.name = text("name").or_else(|| text("problem_name"));
    settings.description = text("description");
    const USED: [&str; 13] = [
        "name",
        "description",
        "n_sobol",
        "n_mobo",
        "n_initial_points",
        "n_calls",
        "n_batch",
        "n_max_trials",
        "n_objectives",
        "n_design_params",
        "n_constraints",
        "min_sobol",
        "_comment",
    ];
    for (key, _) in &all.0 {
        if let Some((_, why)) = WITHOUT_NEED.iter().find(|(known, _)| known == key) {
            notes.add(format_args!("{file}: {key} is not taken over: {why}"));
        } else if !USED.contains(&key.as_str()) {
            notes.add(format_args!("{file}: {key} was not understood"));
        }
    }
    settings
}
