//! A run as an experiment of Ax (<https://ax.dev>), in the JSON that its `load_experiment` reads.
//!
//! The form is that of Ax 1.3.1's `ax/storage/json_store/encoders.py`, with objectives and constraints as metrics
//! and bounds rather than as expressions: so releases before 1.3 have them, too.

use crate::config::Study;
use crate::problem::{
    Goal, Measurement, Outcome, OutcomeConstraint, Parameter, ParameterKind, Problem, Scale, TrialId,
    Value,
};
use crate::store::{History, Trial};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};
use std::time::{Duration, SystemTime};

/// The experiment, and what of the study it does not hold because Ax has no word for it, in words.
///
/// ok trials are COMPLETED, infeasible ones ABANDONED (Ax proposes such a design no more), failed ones FAILED;
/// those that have not ended are RUNNING if somebody works there (`live`), else CANDIDATE.
pub fn ax(study: &Study, history: &History, live: bool) -> (AxExperiment, Vec<String>) {
    let problem = &study.problem;
    let mut lost = vec![];
    let trials = history.trials.iter().map(|t| (t.proposed.trial, trial(problem, t, live)));
    let data = history.trials.iter().filter_map(|t| Some((t.proposed.trial, data(problem, t)?)));
    let (trials, data_by_trial) = (InOrder(trials.collect()), InOrder(data.collect()));
    let began = history.sessions.first().map(|session| session.at);
    let began = began.or(history.trials.first().map(|t| t.proposed.at)).unwrap_or(0.0);
    let rest = json!({
        "__type": "Experiment",
        "name": study.name,
        "description": format!("paretorank {}, seed {}", env!("CARGO_PKG_VERSION"), study.seed),
        "experiment_type": null,
        "search_space": space(problem, &mut lost),
        "optimization_config": optimization(problem, &mut lost),
        "tracking_metrics": metrics(problem),
        "runner": null,
        "status_quo": null,
        "time_created": datetime(began),
        "is_test": false,
        "properties": {},
        "_trial_type_to_runner": { "null": null },
    });
    (AxExperiment { rest, trials, data_by_trial }, lost)
}

/// An experiment of Ax, to be written as JSON.
#[derive(Debug, Serialize)]
pub struct AxExperiment {
    #[serde(flatten)]
    rest: Json,
    trials: InOrder,
    data_by_trial: InOrder,
}

/// By trial. Ax counts the trials as it reads them, so that 2 has to stand before 10.
#[derive(Debug)]
struct InOrder(Vec<(TrialId, Json)>);

impl Serialize for InOrder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(trial, what)| (trial.to_string(), what)))
    }
}

fn space(problem: &Problem, lost: &mut Vec<String>) -> Json {
    let space = &problem.space;
    // Ax takes no constraint on what has a logarithmic scale: the constraint is the study's, the scale a help.
    let constrained =
        |at: usize| space.constraints.iter().any(|c| c.terms.iter().any(|(k, _)| *k == at));
    let mut parameters = vec![];
    for (at, one) in space.parameters.iter().enumerate() {
        let wanted = match &one.kind {
            ParameterKind::Float { scale, .. } | ParameterKind::Integer { scale, .. } => {
                *scale == Scale::Log
            }
            _ => false,
        };
        if wanted && constrained(at) {
            lost.push(format!(
                "{} has a linear scale there: Ax has no constraints on parameters with scale = \"log\"",
                one.name
            ));
        }
        parameters.push(parameter(one, wanted && !constrained(at)));
    }
    let inequality = |terms: &[(usize, f64)], upper: f64| {
        let term = |(k, a): &(usize, f64)| format!("{a:?} * {}", space.parameters[*k].name);
        let sum = terms.iter().map(term).collect::<Vec<_>>().join(" + ");
        json!({ "__type": "ParameterConstraint", "inequality": format!("{sum} <= {upper:?}") })
    };
    json!({
        "__type": "SearchSpace",
        "parameters": parameters,
        "parameter_constraints": space
            .constraints
            .iter()
            .map(|c| inequality(&c.terms, c.upper))
            .collect::<Vec<_>>(),
    })
}

fn parameter(parameter: &Parameter, log: bool) -> Json {
    let range = |kind: &str, lower: Json, upper: Json| {
        json!({
            "__type": "RangeParameter",
            "name": parameter.name,
            "parameter_type": named("ParameterType", kind),
            "lower": lower,
            "upper": upper,
            "log_scale": log,
            "logit_scale": false,
            "digits": null,
            "is_fidelity": false,
            "target_value": null,
        })
    };
    match &parameter.kind {
        ParameterKind::Float { lower, upper, .. } => range("FLOAT", json!(lower), json!(upper)),
        ParameterKind::Integer { lower, upper, .. } => range("INT", json!(lower), json!(upper)),
        ParameterKind::Events(events) => range("INT", json!(events.lower), json!(events.upper)),
        ParameterKind::Choice { values } => json!({
            "__type": "ChoiceParameter",
            "name": parameter.name,
            "parameter_type": named("ParameterType", kind(values)),
            "values": values,
            "is_ordered": false,
            "is_task": false,
            "log_scale": false,
            "is_fidelity": false,
            "target_value": null,
            "dependents": null,
            "sort_values": false,
        }),
        ParameterKind::Fixed { value } => json!({
            "__type": "FixedParameter",
            "name": parameter.name,
            "parameter_type": named("ParameterType", kind(std::slice::from_ref(value))),
            "value": value,
            "is_fidelity": false,
            "target_value": null,
            "dependents": null,
        }),
    }
}

/// The type that holds all values.
fn kind(values: &[Value]) -> &'static str {
    if values.iter().all(|v| matches!(v, Value::Integer(_))) {
        "INT"
    } else if values.iter().all(|v| v.number().is_some()) {
        "FLOAT"
    } else {
        "STRING"
    }
}

fn optimization(problem: &Problem, lost: &mut Vec<String>) -> Json {
    let quantities = names(problem);
    let goals = problem.objectives.iter().map(|o| {
        let minimize = o.goal == Goal::Minimize;
        json!({ "__type": "Objective", "metric": metric(&o.name, Some(minimize)), "minimize": minimize })
    });
    let mut goals: Vec<Json> = goals.collect();
    let mut constraints = vec![];
    for constraint in &problem.outcome_constraints {
        let OutcomeConstraint { text, terms, upper } = constraint;
        if let Some((k, _)) = terms.iter().find(|(k, _)| *k < problem.objectives.len()) {
            let name = quantities[*k];
            lost.push(format!(
                "{text:?} is not there: {name} is an objective, and Ax bounds only metrics"
            ));
        } else if let [(k, a)] = terms[..] {
            let op = if a > 0.0 { "LEQ" } else { "GEQ" };
            constraints.push(bound(metric(quantities[k], None), op, upper / a));
        } else {
            let (metrics, weights): (Vec<Json>, Vec<f64>) =
                terms.iter().map(|(k, a)| (metric(quantities[*k], None), *a)).unzip();
            constraints.push(json!({
                "__type": "ScalarizedOutcomeConstraint",
                "metrics": metrics,
                "weights": weights,
                "op": named("ComparisonOp", "LEQ"),
                "bound": upper,
                "relative": false,
            }));
        }
    }
    if goals.len() == 1 {
        return json!({
            "__type": "OptimizationConfig",
            "objective": goals.remove(0),
            "outcome_constraints": constraints,
        });
    }
    let thresholds = problem.objectives.iter().filter_map(|o| {
        let minimize = o.goal == Goal::Minimize;
        let op = if minimize { "LEQ" } else { "GEQ" };
        Some(bound(metric(&o.name, Some(minimize)), op, o.threshold?))
    });
    json!({
        "__type": "MultiObjectiveOptimizationConfig",
        "objective": { "__type": "MultiObjective", "objectives": goals },
        "outcome_constraints": constraints,
        "objective_thresholds": thresholds.collect::<Vec<_>>(),
    })
}

fn bound(metric: Json, op: &str, bound: f64) -> Json {
    json!({
        "__type": "OutcomeConstraint",
        "metric": metric,
        "op": named("ComparisonOp", op),
        "bound": bound,
        "relative": false,
    })
}

fn metric(name: &str, lower_is_better: Option<bool>) -> Json {
    json!({ "__type": "Metric", "name": name, "lower_is_better": lower_is_better, "properties": {} })
}

fn metrics(problem: &Problem) -> Vec<Json> {
    let objectives = problem.objectives.iter().map(|o| metric(&o.name, Some(o.goal == Goal::Minimize)));
    objectives.chain(problem.metrics.iter().map(|m| metric(&m.name, None))).collect()
}

/// Objectives, then metrics.
fn names(problem: &Problem) -> Vec<&str> {
    let metrics = problem.metrics.iter().map(|m| m.name.as_str());
    problem.objectives.iter().map(|o| o.name.as_str()).chain(metrics).collect()
}

fn arm(trial: &Trial) -> String {
    format!("{}_0", trial.proposed.trial)
}

fn trial(problem: &Problem, trial: &Trial, live: bool) -> Json {
    let proposed = &trial.proposed;
    let completed = trial.completed.as_ref();
    let status = match completed.map(|c| &c.outcome) {
        Some(Outcome::Ok { .. }) => "COMPLETED",
        Some(Outcome::Infeasible { .. }) => "ABANDONED",
        Some(Outcome::Failed { .. } | Outcome::Interrupted { .. }) => "FAILED",
        None if live => "RUNNING",
        None => "CANDIDATE",
    };
    let reason = completed.map(|c| c.outcome.reason()).filter(|reason| !reason.is_empty());
    let parameters: Map<String, Json> = problem
        .space
        .parameters
        .iter()
        .zip(&proposed.design)
        .map(|(parameter, value)| (parameter.name.clone(), json!(value)))
        .collect();
    let begun = completed.map(|c| c.started).or((status == "RUNNING").then_some(proposed.at));
    json!({
        "__type": "Trial",
        "index": proposed.trial,
        "trial_type": null,
        "ttl_seconds": null,
        "status": named("TrialStatus", status),
        "time_created": datetime(proposed.at),
        "time_completed": completed.map(|c| datetime(c.finished)),
        "time_staged": null,
        "time_run_started": begun.map(datetime),
        "status_reason": reason,
        "run_metadata": {},
        "stop_metadata": {},
        "generator_run": {
            "__type": "GeneratorRun",
            "arms": [{ "__type": "Arm", "parameters": parameters, "name": arm(trial) }],
            "weights": [1.0],
            "optimization_config": null,
            "search_space": null,
            "time_created": datetime(proposed.at),
            "model_predictions": null,
            "best_arm_predictions": null,
            "generator_run_type": "MANUAL",
            "fit_time": null,
            "gen_time": proposed.generation_s,
            "candidate_metadata_by_arm_signature": null,
        },
        "runner": null,
        "num_arms_created": 1,
        "properties": { "origin": proposed.origin },
    })
}

/// What was measured: a table with a row per quantity; a standard error that is not known is null.
fn data(problem: &Problem, trial: &Trial) -> Option<Json> {
    let Outcome::Ok { objectives, metrics } = &trial.completed.as_ref()?.outcome else { return None };
    let measured = objectives.iter().map(Some).chain(metrics.iter().map(Option::as_ref));
    let named = names(problem).into_iter().zip(measured);
    let rows: Vec<(&str, &Measurement)> = named.filter_map(|(name, m)| Some((name, m?))).collect();
    let column = |cell: &dyn Fn(&(&str, &Measurement)) -> Json| -> Json {
        let cells = rows.iter().enumerate().map(|(at, row)| (at.to_string(), cell(row)));
        Json::Object(cells.collect())
    };
    let table = json!({
        "trial_index": column(&|_| json!(trial.proposed.trial)),
        "arm_name": column(&|_| json!(arm(trial))),
        "metric_name": column(&|row| json!(row.0)),
        "metric_signature": column(&|row| json!(row.0)),
        "mean": column(&|row| json!(row.1.value())),
        "sem": column(&|row| json!(row.1.sem())),
    });
    let data = json!({ "__type": "Data", "df": { "__type": "DataFrame", "value": table.to_string() } });
    Some(json!({ "__type": "OrderedDict", "value": [[0, data]] }))
}

fn named(kind: &str, name: &str) -> Json {
    json!({ "__type": kind, "name": name })
}

/// UTC, without a zone, as Ax writes it.
fn datetime(seconds: f64) -> Json {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds.max(0.0));
    let text = humantime::format_rfc3339_micros(at).to_string();
    json!({ "__type": "datetime", "value": text.replace('T', " ").trim_end_matches('Z') })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Ax itself makes of a whole experiment: `tests/reading/export.rs`.
    #[test]
    fn what_ax_has_no_word_for_is_told() {
        let text = "[[parameter]]\nname = \"wall\"\nkind = \"float\"\nlower = 1\nupper = 8\nscale = \"log\"\n\
                    [[parameter]]\nname = \"gap\"\nkind = \"float\"\nlower = 1\nupper = 8\nscale = \"log\"\n\
                    [[constraint]]\ntext = \"2*wall >= 4\"\n\
                    [[objective]]\nname = \"mass\"\ngoal = \"minimize\"\n\
                    [[outcome_constraint]]\ntext = \"mass <= 9\"\n[evaluator]\noutside = true\n";
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("study.toml");
        std::fs::write(&file, text).unwrap();
        let study = crate::config::read(&file, &Default::default()).unwrap().0;
        let (experiment, lost) = ax(&study, &History::default(), false);
        assert_eq!(
            lost,
            [
                "wall has a linear scale there: Ax has no constraints on parameters with scale = \"log\"",
                "\"mass <= 9\" is not there: mass is an objective, and Ax bounds only metrics"
            ]
        );
        let experiment = serde_json::to_value(experiment).unwrap();
        let scales = experiment["search_space"]["parameters"].as_array().unwrap();
        assert_eq!((&scales[0]["log_scale"], &scales[1]["log_scale"]), (&json!(false), &json!(true)));
        let constraint = &experiment["search_space"]["parameter_constraints"][0]["inequality"];
        assert_eq!(constraint, "-2.0 * wall <= -4.0");
        assert_eq!(experiment["optimization_config"]["outcome_constraints"], json!([]));
        assert_eq!(
            datetime(1.5),
            json!({ "__type": "datetime", "value": "1970-01-01 00:00:01.500000" })
        );
    }
}
