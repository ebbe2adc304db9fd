//! What is known of a test function before it is made: its name, its sizes, its variants.

use super::TestFunction;
use super::heterogeneous::Heterogeneous;
use super::moved::Moved;
use super::rotated::{MOST_ROTATED, Rotated};
use super::shifted::Shifted;
use std::fmt;

/// A line in the table of test functions.
#[derive(Debug)]
pub struct Entry {
    /// The word for it in study files and on the command line.
    pub name: &'static str,
    /// Where the formula comes from.
    pub source: &'static str,
    /// Numbers of parameters d it can have.
    pub parameters: Size,
    /// Numbers of objectives M it can have.
    pub objectives: Size,
    pub(super) make: Make,
}

/// Numbers of parameters or objectives that a test function can have, and the usual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Just one.
    Exactly(usize),
    /// Any from `least` on.
    AtLeast {
        /// The smallest.
        least: usize,
        /// Taken where nothing is said.
        usual: usize,
    },
    /// From `least` to `most`.
    Between {
        /// The smallest.
        least: usize,
        /// The largest.
        most: usize,
        /// Taken where nothing is said.
        usual: usize,
    },
    /// No fewer parameters than there are objectives.
    AtLeastObjectives {
        /// Taken where nothing is said.
        usual: usize,
    },
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(n) => write!(f, "{n}"),
            Self::AtLeast { least, .. } => write!(f, "{least} or more"),
            Self::Between { least, most, .. } => write!(f, "{least} to {most}"),
            Self::AtLeastObjectives { .. } => write!(f, "M or more"),
        }
    }
}

impl Size {
    /// The number taken where nothing is said.
    pub fn usual(self) -> usize {
        match self {
            Self::Exactly(n) => n,
            Self::AtLeast { usual, .. }
            | Self::Between { usual, .. }
            | Self::AtLeastObjectives { usual } => usual,
        }
    }

    fn allows(self, n: usize, objectives: usize) -> bool {
        match self {
            Self::Exactly(only) => n == only,
            Self::AtLeast { least, .. } => n >= least,
            Self::Between { least, most, .. } => (least..=most).contains(&n),
            Self::AtLeastObjectives { .. } => n >= objectives,
        }
    }

    /// In words, for example `at least 2 objectives`.
    fn text(self, what: &str) -> String {
        match self {
            Self::Exactly(n) => format!("exactly {n} {what}"),
            Self::AtLeast { least, .. } => format!("at least {least} {what}"),
            Self::Between { least, most, .. } => format!("{least} to {most} {what}"),
            Self::AtLeastObjectives { .. } => format!("at least as many {what} as objectives"),
        }
    }
}

/// What a seed may do to a test function without changing its front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// The optimum of every distance variable moves to a place drawn with this seed, away from the
    /// centre and the edges of the box; of a Gaussian process it is the seed of the draw.
    Shifted(u64),
    /// Shifted, and every distance variable has a weight of its own.
    Heterogeneous(u64),
    /// Weighted, and what is weighted are rotated distance variables.
    Rotated(u64),
}

/// How a test function comes about.
#[derive(Debug, Clone, Copy)]
pub enum Make {
    /// From d and M; has distance variables, hence variants.
    WithDistance(fn(usize, usize) -> (Box<dyn TestFunction>, Distance)),
    /// From d, M and a seed.
    Drawn(fn(usize, usize, u64) -> Box<dyn TestFunction>),
    /// From d and M.
    Shaped(fn(usize, usize) -> Box<dyn TestFunction>),
    /// From d.
    Sized(fn(usize) -> Box<dyn TestFunction>),
    /// From nothing.
    AsItIs(fn() -> Box<dyn TestFunction>),
}

/// Which parameters are distance variables: all from `first` on, each best at `optimum` of its unit
/// interval, which is 0 or inside. Evaluation must make sense beyond the bounds too: for any value if
/// the optimum lies inside, for values above the upper bound if it is 0.
#[derive(Debug, Clone, Copy)]
pub struct Distance {
    pub first: usize,
    pub optimum: f64,
}

/// What is wrong with a request for a test function.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TestFunctionError {
    /// No function of that name.
    #[error("no test function {name:?}; known are {}", known.join(", "))]
    Unknown {
        /// As asked for.
        name: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// A number of parameters or objectives, or a variant, that the function cannot have.
    #[error("{0}")]
    Shape(String),
}

impl Entry {
    /// The numbers that it can have, for example `at least 2 objectives and exactly 5 parameters`.
    pub fn sizes(&self) -> String {
        format!("{} and {}", self.objectives.text("objectives"), self.parameters.text("parameters"))
    }

    /// The variants that it can have, by the names of their options.
    pub fn variants(&self) -> &'static [&'static str] {
        match self.make {
            Make::WithDistance(_) => &["shift", "heterogeneous", "rotated"],
            Make::Drawn(_) => &["shift"],
            Make::Shaped(_) | Make::Sized(_) | Make::AsItIs(_) => &[],
        }
    }

    /// A point of the front (length M) whose place is `at` (coordinates from 0 to 1, one per parameter that is
    /// no distance variable; any more are left unused): the position variables are there and every distance
    /// variable is best. Variants have the same front. `None` where distance variables are not known, or `at`
    /// is too short. Where a front has gaps (DTLZ7, ZDT3), points in a gap are dominated ones.
    pub fn front_point(&self, objectives: usize, at: &[f64]) -> Option<Vec<f64>> {
        let Make::WithDistance(make) = self.make else { return None };
        let dimension = objectives.max(2) + 1;
        let (function, distance) = make(dimension, objectives);
        let mut units = at.get(..distance.first)?.to_vec();
        units.resize(dimension, distance.optimum);
        let place = |((lower, upper), u): ((f64, f64), f64)| lower + u * (upper - lower);
        Some(function.evaluate(&function.bounds().into_iter().zip(units).map(place).collect::<Vec<_>>()))
    }

    /// The function with `dimension` parameters and `objectives` objectives.
    ///
    /// # Errors
    /// Numbers or a variant that it cannot have.
    pub fn function(
        &self,
        dimension: usize,
        objectives: usize,
        variant: Option<Variant>,
    ) -> Result<Box<dyn TestFunction>, TestFunctionError> {
        let refuse = |text: String| Err(TestFunctionError::Shape(format!("{} {text}", self.name)));
        let fits = self.objectives.allows(objectives, objectives)
            && self.parameters.allows(dimension, objectives);
        if !fits {
            return refuse(format!(
                "needs {}, not {objectives} objectives and {dimension} parameters",
                self.sizes()
            ));
        }
        match (self.make, variant) {
            (Make::WithDistance(make), None) => Ok(make(dimension, objectives).0),
            (Make::WithDistance(make), Some(variant)) => {
                let (inner, distance) = make(dimension, objectives);
                let (count, optimum) = (dimension - distance.first, distance.optimum);
                let map: Box<dyn super::moved::Map> = match variant {
                    Variant::Shifted(seed) => Box::new(Shifted::new(count, optimum, seed)),
                    Variant::Heterogeneous(seed) => Box::new(Heterogeneous::new(count, optimum, seed)),
                    Variant::Rotated(_) if count > MOST_ROTATED => {
                        return refuse(format!(
                            "can be rotated with at most {MOST_ROTATED} distance variables, not {count}"
                        ));
                    }
                    Variant::Rotated(seed) => Box::new(Rotated::new(count, optimum, seed)),
                };
                Ok(Box::new(Moved::new(inner, distance.first, map)))
            }
            (Make::Drawn(make), None) => Ok(make(dimension, objectives, 0)),
            (Make::Drawn(make), Some(Variant::Shifted(seed))) => Ok(make(dimension, objectives, seed)),
            (Make::Shaped(make), None) => Ok(make(dimension, objectives)),
            (Make::Sized(make), None) => Ok(make(dimension)),
            (Make::AsItIs(make), None) => Ok(make()),
            (Make::Shaped(_) | Make::Sized(_) | Make::AsItIs(_), Some(_)) => refuse(
                "has no distance variables: it can be neither shifted, heterogeneous nor rotated"
                    .to_owned(),
            ),
            (Make::Drawn(_), Some(_)) => refuse(
                "is a draw without distance variables: it can be neither heterogeneous nor rotated; a \
                 shift is the seed of the draw"
                    .to_owned(),
            ),
        }
    }
}
