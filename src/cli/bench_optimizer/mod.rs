//! `paretorank bench optimizer`: how good a strategy is and what its candidates cost.

mod measure;
mod memory;
mod perfect;
mod words;

use super::bench::study_of;
use super::{complain, write_out};
use crate::config::{Builtin, Method, Noise, StrategySettings, Study, Surrogate};
use crate::exit::Exit;
use crate::problem::{EventRange, Parameter, ParameterKind};
use crate::test_functions::{self, TestFunctionError, Variant};
use measure::{Learned, Run, Spending};

/// Arguments of `paretorank bench optimizer`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Test function; `paretorank bench problems` lists them
    #[arg(long, default_value = "dtlz2")]
    problem: String,
    /// Number of objectives, M [default: the problem's usual one]
    #[arg(long)]
    objectives: Option<usize>,
    /// Number of parameters, d [default: the problem's usual one]
    #[arg(long)]
    parameters: Option<usize>,
    /// Seed of the vector that moves the optimum off the centre of the box; for gp-..., of the draw
    #[arg(long, value_name = "SEED", group = "variant")]
    shift: Option<u64>,
    /// Seed that moves the optimum and gives every distance variable a weight of its own
    #[arg(long, value_name = "SEED", group = "variant")]
    heterogeneous: Option<u64>,
    /// Seed that moves the optimum, weighs distance variables and rotates them
    #[arg(long, value_name = "SEED", group = "variant")]
    rotated: Option<u64>,
    /// Standard deviation of normal noise on every objective and constraint; the hypervolume is then that
    /// of the true values of the trials that are non-dominated by their noisy ones: what the front that a
    /// user would be shown is worth. It can fall when a lucky value hides a better trial
    #[arg(long, value_name = "SD", value_parser = positive)]
    noise: Option<f64>,
    /// Tell the noise's standard deviation (sem) with every value
    #[arg(long, requires = "noise")]
    known: bool,
    /// The strategy chooses how many events a trial has; `--noise` is that of MOST, and that of fewer is
    /// larger by √(MOST/events). Costs are told in events, and beside the hypervolume of the shown front that
    /// of the trials that the model recommends at the end (true values, too)
    #[arg(long, value_name = "LEAST..MOST", value_parser = range, requires = "known")]
    events: Option<EventRange>,
    /// Cost of a trial beside its events, in events
    #[arg(long, value_name = "EVENTS", default_value_t = 0.0, value_parser = not_negative, requires = "events")]
    overhead: f64,
    /// Instead of a choice: so many events for every trial, to compare with
    #[arg(long, value_name = "EVENTS", requires = "events", value_parser = clap::value_parser!(i64).range(1..))]
    fixed: Option<i64>,
    /// End with the batch that has cost so much, in events, if that is before the last trial
    #[arg(long, value_name = "EVENTS", value_parser = positive, requires = "events")]
    budget: Option<f64>,
    /// Where a ceiling is: a strategy that knows the `hyperparameters` which mobo has learned after four times
    /// as many trials, from its first batch on; or the `objectives` themselves, so that after the initial
    /// trials each is the point of the true front that adds most to the hypervolume
    #[arg(long, value_enum, conflicts_with_all = ["noise", "model"])]
    knows: Option<Knows>,
    /// Strategy
    #[arg(long, value_enum, default_value = "mobo")]
    strategy: Method,
    /// What mobo makes of the parameters [default: pooled]
    #[arg(long, value_enum)]
    model: Option<Surrogate>,
    /// Scrambled Sobol trials before the strategy begins [default: as in a study file]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    initial: Option<u64>,
    /// Trials proposed before the first of them is told
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    batch: u64,
    /// Trials in all
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    trials: u64,
    /// Seeds: one number, or first..last
    #[arg(long, default_value = "0..4", value_parser = seeds)]
    seeds: (u64, u64),
    /// One JSON document instead of lines; times are means per candidate of the strategy proper, after
    /// the Sobol trials, and null if there is none; peak_rss_mb is of the whole process while that seed
    /// ran, with what earlier seeds left allocated, and null where Linux does not tell
    #[arg(long)]
    json: bool,
}

/// What is known from the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Knows {
    Hyperparameters,
    Objectives,
}

/// How many times as many trials hyperparameters are learned from that are to be known.
const MORE_TRIALS: u64 = 4;

fn seeds(text: &str) -> Result<(u64, u64), String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let number = |t: &str| t.parse::<u64>().map_err(|_| format!("{t:?} is no number; write 3 or 0..4"));
    let (first, last) = (number(first)?, number(last)?);
    if first > last {
        return Err(format!("{first} comes after {last}"));
    }
    Ok((first, last))
}

fn range(text: &str) -> Result<EventRange, String> {
    let ends = text.split_once("..").map(|(lower, upper)| (lower.parse(), upper.parse()));
    match ends {
        Some((Ok(lower), Ok(upper))) if (1..upper).contains(&lower) => {
            Ok(EventRange { lower, upper, overhead: 0.0 })
        }
        _ => Err(format!("{text:?} is no range of numbers from 1 on; write 500..5000")),
    }
}

fn not_negative(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|x| x.is_finite() && *x >= 0.0);
    number.ok_or_else(|| format!("{text:?} is no number of at least 0"))
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|x| x.is_finite() && *x > 0.0);
    number.ok_or_else(|| format!("{text:?} is no number greater than 0"))
}

impl Args {
    /// The problem as a study would have it.
    fn builtin(&self) -> Result<Builtin, TestFunctionError> {
        let entry = test_functions::entry(&self.problem)?;
        // The parser lets one of them pass.
        let variant = [
            self.shift.map(Variant::Shifted),
            self.heterogeneous.map(Variant::Heterogeneous),
            self.rotated.map(Variant::Rotated),
        ];
        Ok(Builtin {
            function: self.problem.clone(),
            dimension: self.parameters.unwrap_or(entry.parameters.usual()),
            objectives: self.objectives.unwrap_or(entry.objectives.usual()),
            variant: variant.into_iter().flatten().next(),
            noise: self.noise.map(|sd| Noise { sd: sd * self.more_noise(), known: self.known }),
            delay: None,
        })
    }

    /// How much larger the noise is where every trial has the same number of events.
    fn more_noise(&self) -> f64 {
        match (self.events, self.fixed) {
            (Some(range), Some(fixed)) => (range.upper as f64 / fixed as f64).sqrt(),
            _ => 1.0,
        }
    }

    /// What trials cost and may cost, where that is asked for.
    fn spending(&self) -> Option<Spending> {
        self.events.map(|_| Spending {
            overhead: self.overhead,
            fixed: self.fixed,
            budget: self.budget.unwrap_or(f64::INFINITY),
        })
    }

    fn measure(&self, study: &Study) -> Result<Run, String> {
        let run = |study: &Study, known: Option<&Learned>| {
            measure::run(study, self.batch, self.spending(), known)
        };
        match self.knows {
            None => run(study, None).map(|(run, _)| run),
            Some(Knows::Hyperparameters) => {
                let mut longer = study.clone();
                longer.strategy.trials = MORE_TRIALS.saturating_mul(self.trials);
                let (_, learned) = run(&longer, None)?;
                run(study, Some(&learned)).map(|(run, _)| run)
            }
            Some(Knows::Objectives) => {
                let builtin = self.builtin().map_err(|e| e.to_string())?;
                let (initial, trials) = (study.strategy.initial, self.trials);
                perfect::run(&builtin, study.seed, initial, trials, self.batch)
                    .map_err(|e| e.to_string())
            }
        }
    }

    /// The study of the problem, with seed 0.
    fn study(&self) -> Result<Study, TestFunctionError> {
        let builtin = self.builtin()?;
        let initial =
            self.initial.unwrap_or_else(|| StrategySettings::default_initial(builtin.objectives));
        let mut study = study_of(builtin, self.strategy, initial, self.trials)?;
        study.strategy.model = self.model.unwrap_or_default();
        if let (Some(range), None) = (self.events, self.fixed) {
            study.problem.space.parameters.push(Parameter {
                name: "events".into(),
                kind: ParameterKind::Events(EventRange { overhead: self.overhead, ..range }),
                unit: String::new(),
                default: None,
            });
        }
        Ok(study)
    }
}

/// Runs the strategy for every seed.
pub fn run(args: &Args) -> Exit {
    if args.model.is_some() && args.strategy != Method::Mobo {
        complain("--model is for the strategy mobo; leave it away");
        return Exit::Usage;
    }
    if args.events.is_some() && args.strategy != Method::Mobo {
        complain("--events is for the strategy mobo; leave it away");
        return Exit::Usage;
    }
    if args.knows.is_some() && args.strategy != Method::Mobo {
        complain("--knows is for the strategy mobo; leave it away");
        return Exit::Usage;
    }
    let study = match args.study() {
        Ok(study) => study,
        Err(error) => {
            complain(&error);
            return Exit::Usage;
        }
    };
    let mut runs: Vec<Run> = Vec::new();
    for seed in args.seeds.0..=args.seeds.1 {
        match args.measure(&Study { seed, ..study.clone() }) {
            Ok(run) => {
                if !args.json {
                    let written = write_out(None, words::seed(&run).as_bytes());
                    if written != Exit::Complete {
                        return written;
                    }
                }
                runs.push(run);
            }
            Err(reason) => {
                complain(format_args!("seed {seed}: {reason}"));
                return Exit::Failed;
            }
        }
    }
    let text = if args.json {
        format!("{:#}\n", serde_json::json!({ "runs": runs }))
    } else {
        words::medians(&runs)
    };
    write_out(None, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn args(line: &str) -> Result<Args, clap::Error> {
        Line::try_parse_from(["bench"].into_iter().chain(line.split_whitespace())).map(|l| l.args)
    }

    #[test]
    fn sizes_and_initial_trials_come_from_the_problem() {
        for (line, sizes, initial) in [
            ("", (20, 3), 10),
            ("--objectives 7", (20, 7), 14),
            ("--problem vehicle-safety", (5, 3), 10),
            ("--problem car-side-impact --initial 25", (7, 4), 25),
            ("--problem zdt3", (30, 2), 10),
        ] {
            let study = args(line).unwrap().study().unwrap();
            let problem = &study.problem;
            assert_eq!((problem.space.parameters.len(), problem.objectives.len()), sizes, "{line}");
            assert_eq!(study.strategy.initial, initial, "{line}");
        }
    }

    #[test]
    fn wrong_sizes_are_refused_with_the_right_ones() {
        let refusal = |line| args(line).unwrap().study().unwrap_err().to_string();
        assert_eq!(
            refusal("--problem vehicle-safety --parameters 6"),
            "vehicle-safety needs exactly 3 objectives and exactly 5 parameters, not 3 objectives and 6 \
             parameters"
        );
        assert!(refusal("--problem penicilin").contains("penicillin"));
        assert!(refusal("--problem penicillin --shift 1").contains("no distance variables"));
    }

    #[test]
    fn lines_without_a_meaning_are_refused() {
        for line in [
            "--shift 1 --rotated 2",
            "--known",
            "--noise 0",
            "--batch 0",
            "--seeds 4..0",
            "--noise 0.1 --events 5..9",
            "--noise 0.1 --known --events 9..5",
            "--budget 5",
        ] {
            assert!(args(line).is_err(), "{line}");
        }
        let noisy = args("--noise 0.1 --known").unwrap().builtin().unwrap();
        assert_eq!(noisy.noise, Some(Noise { sd: 0.1, known: true }));
        // A quarter of the events, twice the noise.
        let fixed = args("--noise 0.1 --known --events 500..2000 --fixed 500").unwrap();
        assert_eq!(fixed.builtin().unwrap().noise, Some(Noise { sd: 0.2, known: true }));
        assert_eq!(fixed.study().unwrap().problem.space.events(), None);
        let rotated = args("--rotated 2").unwrap().builtin().unwrap();
        assert_eq!(rotated.variant, Some(Variant::Rotated(2)));
    }
}
