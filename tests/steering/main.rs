//! The real program, steered: by a Python script through a pipe, by commands one by one, killed, and
//! beside a run.

mod commands;
mod script;
#[path = "../support/mod.rs"]
#[allow(dead_code)]
mod support;

/// Two parameters, two objectives, evaluated outside; 15 trials.
fn outside(method: &str) -> String {
    let axis = |name| {
        format!(
            "[[parameter]]\nname = \"{name}\"\nkind = \"float\"\nlower = -1\nupper = 2\nunit = \"cm\"\n"
        )
    };
    let objective =
        |name| format!("[[objective]]\nname = \"{name}\"\ngoal = \"minimize\"\nthreshold = 5\n");
    format!(
        "[study]\nname = \"steered\"\noutput = \"run\"\n{}{}{}{}[strategy]\nmethod = \"{method}\"\n\
         initial = 5\ntrials = 15\n[evaluator]\noutside = true\n",
        axis("x"),
        axis("y"),
        objective("near"),
        objective("far")
    )
}
