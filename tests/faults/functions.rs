//! Stages that are Python functions, on threads and on MPI ranks.

use crate::support::{Ranks, Scene};
use std::fs;

const MODULE: &str = r#"
import os
with open(os.path.join(os.path.dirname(__file__), "imports"), "a") as file:
    file.write(f"{os.getpid()}\n")

def simulate(parameters, context):
    events = context["events"]
    with open("hits.txt", "w") as out:
        for event in range(events["first"], events["first"] + events["count"]):
            out.write(f"{event} {parameters['x']} {context['key']['particle']['label']}\n")
    if context["trial"] == 3 and context["attempt"] == 1 and events["index"] == 1:
        os.kill(os.getpid(), 9)
    return {"events": events["count"]}

def analyse(parameters, context):
    hits = [line.split() for given in context["inputs"] for path in given["paths"] for line in open(path)]
    pions = [float(x) for _, x, particle in hits if particle == "pi+"]
    assert sorted(int(event) for event, _, particle in hits if particle == "pi+") == list(range(5))
    return {"a": {"value": sum(pions), "sem": 0.5}, "n": len(hits)}
"#;

const STUDY: &str = r#"
[study]
name = "functions"
[[parameter]]
name = "x"
kind = "float"
lower = 1
upper = 2
[[objective]]
name = "a"
goal = "minimize"
threshold = 20
[[metric]]
name = "n"
[strategy]
method = "sobol"
trials = 6
[[stage]]
name = "sim"
foreach = { particle = ["pi+", "kaon+"] }
events = { total = 5, per_job = 2 }
python = "steps:simulate"
outputs = ["hits.txt"]
retries = 1
[[stage]]
name = "analysis"
needs = ["sim"]
python = "steps:analyse"
"#;

#[test]
fn functions_get_their_events_and_inputs_and_are_imported_once_by_each_process() {
    for ranks in [Ranks::Threads(2), Ranks::Mpi(3)] {
        let scene = Scene::new(STUDY);
        scene.write("steps.py", MODULE);
        scene.complete(ranks, &[]);
        let table = scene.table();
        assert_eq!(table.column("status"), ["ok"; 6]);
        assert_eq!(table.column("n"), ["10"; 6], "both particles, 5 events each");
        for (x, a) in table.column("x").into_iter().zip(table.column("a")) {
            let (x, a) = (x.parse::<f64>().unwrap(), a.parse::<f64>().unwrap());
            assert!((a - 5.0 * x).abs() < 1e-9, "{a} of {x}");
        }
        // A process per rank and stage, one more for each of the two that were killed, and one per stage
        // that looked beforehand whether there is such a function.
        let imports = fs::read_to_string(scene.path("imports")).unwrap().lines().count();
        assert!((4..=2 * 2 + 2 + 2).contains(&imports), "{imports}");
    }
}
