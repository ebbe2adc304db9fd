//! Answers as JSON.

use super::{Receipt, Steering};
use crate::config::Study;
use crate::problem::{Design, Outcome};
use crate::report::{self, Curve};
use crate::store::{Proposed, Stopped, Trial};
use serde_json::{Map, Value as Json, json};

/// `{"trial", "origin", "parameters": {…}}`.
pub fn candidate(study: &Study, proposed: &Proposed) -> Json {
    json!({
        "trial": proposed.trial,
        "origin": proposed.origin,
        "parameters": parameters(study, &proposed.design),
    })
}

/// `{"candidates", "left"}`, and `"stopped": {"rule", "setting", "reason"}` where a rule has ended the study.
pub fn asked(steering: &Steering, asked: &[Proposed]) -> Map<String, Json> {
    let candidates: Json = asked.iter().map(|p| candidate(steering.study(), p)).collect();
    let mut answer = Map::new();
    answer.insert("candidates".into(), candidates);
    answer.insert("left".into(), steering.left().into());
    if let Some(stopped) = steering.stopped() {
        answer.insert("stopped".into(), rule(stopped));
    }
    answer
}

fn rule(stopped: &Stopped) -> Json {
    let Stopped { rule, setting, reason, .. } = stopped;
    json!({ "rule": rule.name(), "setting": setting, "reason": reason })
}

/// `[{"trial", "status"}]`, with `"known": true` where it was told before.
pub fn receipts(receipts: &[Receipt]) -> Json {
    let one = |r: &Receipt| match r.known {
        false => json!({ "trial": r.trial, "status": r.status() }),
        true => json!({ "trial": r.trial, "status": r.status(), "known": true }),
    };
    receipts.iter().map(one).collect()
}

/// How the study stands: counts (of the ok ones `violating` are not acceptable), pending candidates,
/// trials left, hypervolume (`null` without a reference point), and the rule that has ended the study (`null`
/// without one).
pub fn standing(steering: &Steering) -> Json {
    let (study, history) = (steering.study(), steering.history());
    let counts = history.counts();
    let pending: Vec<Json> = history
        .trials
        .iter()
        .filter(|t| t.completed.is_none())
        .map(|t| candidate(study, &t.proposed))
        .collect();
    json!({
        "study": study.name,
        "run": study.output,
        "trials": study.strategy.trials,
        "left": steering.left(),
        "pending": pending,
        "ok": counts.ok,
        "violating": report::violating(&study.problem, history),
        "infeasible": counts.infeasible,
        "failed": counts.failed,
        "complete": steering.stopped().is_some() || counts.ended() >= study.strategy.trials,
        "stopped": steering.stopped().map(rule),
        "hypervolume": Curve::of(&study.problem, history).map(|c| c.last()),
    })
}

/// The acceptable trials that no other dominates, each with its parameters and objectives.
pub fn front(steering: &Steering) -> Json {
    let (study, history) = (steering.study(), steering.history());
    let trial = |id: u64| history.trials.get(id as usize);
    let of = |Trial { proposed, completed }: &Trial| {
        let mut object = candidate(study, proposed);
        object["objectives"] = match completed.as_ref().map(|c| &c.outcome) {
            Some(Outcome::Ok { objectives, .. }) => {
                let named = study.problem.objectives.iter().zip(objectives);
                named.map(|(o, m)| (o.name.clone(), json!(m.value()))).collect::<Map<_, _>>().into()
            }
            _ => Json::Null,
        };
        object
    };
    report::front(&study.problem, history).into_iter().filter_map(trial).map(of).collect()
}

fn parameters(study: &Study, design: &Design) -> Map<String, Json> {
    let named = study.problem.space.parameters.iter().zip(design);
    named.map(|(p, value)| (p.name.clone(), json!(value))).collect()
}
