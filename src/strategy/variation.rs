//! Crossover and mutation in the unit cube: simulated binary crossover (Deb and Agrawal 1995) and
//! polynomial mutation (Deb and Goyal 1996) for numbers, exchange and redraw for choices.

use crate::problem::{Parameter, ParameterKind, Space, Value};
use rand::{Rng, RngExt};

/// Distribution index of crossover: large keeps children near their parents.
const CROSSOVER_ETA: f64 = 15.0;
/// Distribution index of mutation.
const MUTATION_ETA: f64 = 20.0;
/// Share of children made from two parents.
const CROSSOVER: f64 = 0.9;

/// One parameter that varies: its first coordinate and how it varies.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Gene {
    Float(usize),
    /// With its place among the integers; a child's coordinate may lie anywhere in a value's bin.
    Integer(usize, usize),
    /// One coordinate for a choice of two, below or above one half.
    Pair(usize),
    /// One coordinate per value, the largest wins.
    OneHot(usize, usize),
}

/// Makes children.
#[derive(Debug, Clone)]
pub(super) struct Variation {
    genes: Vec<Gene>,
    integers: Vec<Integer>,
}

/// An integer parameter as a space of its own.
#[derive(Debug, Clone)]
struct Integer {
    space: Space,
    lower: i64,
    upper: i64,
}

impl Integer {
    fn new(parameter: &Parameter, lower: i64, upper: i64) -> Self {
        let space = Space { parameters: vec![parameter.clone()], constraints: vec![] };
        Self { space, lower, upper }
    }

    fn value(&self, u: f64) -> i64 {
        match self.space.decode(&[u])[0] {
            Value::Integer(i) => i,
            _ => unreachable!("an integer parameter decodes to an integer"),
        }
    }

    /// A mutated coordinate that stands for another value: the neighbour in the same direction where
    /// the step ends within the value's own bin, which on a log scale can be a wide one.
    fn mutate(&self, u: f64, draw: f64) -> f64 {
        let (before, moved) = (self.value(u), polynomial(u, draw));
        if self.value(moved) != before {
            return moved;
        }
        let up = (moved > u && before < self.upper) || before == self.lower;
        let next = if up { before + 1 } else { before - 1 };
        self.space.encode(&[Value::Integer(next)])[0]
    }
}

impl Variation {
    pub(super) fn new(space: &Space) -> Self {
        let mut genes = Vec::new();
        let mut integers = Vec::new();
        let mut at = 0;
        for parameter in &space.parameters {
            let (gene, width) = match &parameter.kind {
                ParameterKind::Float { .. } => (Gene::Float(at), 1),
                ParameterKind::Integer { lower, upper, .. } => {
                    integers.push(Integer::new(parameter, *lower, *upper));
                    (Gene::Integer(at, integers.len() - 1), 1)
                }
                ParameterKind::Choice { values } if values.len() == 2 => (Gene::Pair(at), 1),
                ParameterKind::Choice { values } => (Gene::OneHot(at, values.len()), values.len()),
                ParameterKind::Fixed { .. } | ParameterKind::Events(_) => continue,
            };
            genes.push(gene);
            at += width;
        }
        Self { genes, integers }
    }

    /// A child of two parents: crossover with probability 0.9 (η = 15, each parameter with
    /// probability ½), then mutation of each parameter with probability 1/parameters (η = 20). One
    /// parameter is mutated at least where the child would be one of its parents: an evaluation of
    /// the same design would be wasted.
    pub(super) fn child(&self, one: &[f64], other: &[f64], rng: &mut impl Rng) -> Vec<f64> {
        let mut child = one.to_vec();
        if rng.random_bool(CROSSOVER) {
            for gene in &self.genes {
                if rng.random_bool(0.5) {
                    cross(*gene, &mut child, other, rng);
                }
            }
        }
        for gene in &self.genes {
            if rng.random_bool(1.0 / self.genes.len() as f64) {
                self.mutate(*gene, &mut child, rng);
            }
        }
        // At a bound half of all mutations lead nowhere.
        for _ in 0..if self.genes.is_empty() { 0 } else { 16 } {
            if child != one && child != other {
                break;
            }
            let gene = self.genes[rng.random_range(0..self.genes.len())];
            self.mutate(gene, &mut child, rng);
        }
        child
    }

    fn mutate(&self, gene: Gene, child: &mut [f64], rng: &mut impl Rng) {
        match gene {
            Gene::Float(k) => child[k] = polynomial(child[k], rng.random()),
            Gene::Integer(k, at) => child[k] = self.integers[at].mutate(child[k], rng.random()),
            Gene::Pair(k) => child[k] = 1.0 - child[k],
            Gene::OneHot(k, n) => {
                let own = &mut child[k..k + n];
                let now = own.iter().position(|u| *u > 0.5).unwrap_or(0);
                let next = (now + rng.random_range(1..n)) % n;
                own.fill(0.0);
                own[next] = 1.0;
            }
        }
    }
}

fn cross(gene: Gene, child: &mut [f64], other: &[f64], rng: &mut impl Rng) {
    match gene {
        Gene::Float(k) | Gene::Integer(k, _) => {
            child[k] = simulated_binary(child[k], other[k], rng.random(), rng.random_bool(0.5));
        }
        Gene::Pair(k) => child[k] = other[k],
        Gene::OneHot(k, n) => child[k..k + n].copy_from_slice(&other[k..k + n]),
    }
}

/// One of the two children of numbers in [0, 1] by bounded simulated binary crossover; `u` uniform.
fn simulated_binary(one: f64, other: f64, u: f64, upper: bool) -> f64 {
    let (low, high) = (one.min(other), one.max(other));
    let distance = high - low;
    if distance < 1e-14 {
        return one;
    }
    let room = if upper { 1.0 - high } else { low };
    let alpha = 2.0 - (1.0 + 2.0 * room / distance).powf(-(CROSSOVER_ETA + 1.0));
    let spread = if u <= 1.0 / alpha { u * alpha } else { 1.0 / (2.0 - u * alpha) };
    let spread = spread.powf(1.0 / (CROSSOVER_ETA + 1.0));
    let half = 0.5 * if upper { spread } else { -spread } * distance;
    (0.5 * (low + high) + half).clamp(0.0, 1.0)
}

/// Bounded polynomial mutation of a number in [0, 1]; `u` uniform.
fn polynomial(x: f64, u: f64) -> f64 {
    let power = MUTATION_ETA + 1.0;
    let step = if u < 0.5 {
        (2.0 * u + (1.0 - 2.0 * u) * (1.0 - x).powf(power)).powf(1.0 / power) - 1.0
    } else {
        1.0 - (2.0 * (1.0 - u) + (2.0 * u - 1.0) * x.powf(power)).powf(1.0 / power)
    };
    (x + step).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Parameter, Scale, Value};
    use crate::rng;
    use proptest::prelude::*;

    fn space() -> Space {
        let words = |n: usize| (0..n).map(|k| Value::Text(format!("w{k}"))).collect();
        let kinds = vec![
            ParameterKind::Float { lower: 0.0, upper: 1.0, scale: Scale::Linear },
            ParameterKind::Fixed { value: Value::Integer(3) },
            ParameterKind::Integer { lower: 1, upper: 4, scale: Scale::Linear },
            ParameterKind::Integer { lower: 1, upper: 1000, scale: Scale::Log },
            ParameterKind::Choice { values: words(2) },
            ParameterKind::Choice { values: words(3) },
        ];
        let parameter = |kind| Parameter { name: "p".into(), kind, unit: String::new(), default: None };
        Space { parameters: kinds.into_iter().map(parameter).collect(), constraints: vec![] }
    }

    #[test]
    fn far_from_the_bounds_crossover_spreads_as_its_density_says() {
        // Without bounds β = (2u)^{1/(η+1)} for u <= ½; children are m ± β d/2.
        let (a, b, u) = (0.5 - 1e-4, 0.5 + 1e-4, 0.3_f64);
        let beta = (2.0 * u).powf(1.0 / 16.0);
        assert!((simulated_binary(a, b, u, true) - (0.5 + beta * 1e-4)).abs() < 1e-12);
        assert!((simulated_binary(b, a, u, false) - (0.5 - beta * 1e-4)).abs() < 1e-12);
    }

    #[test]
    fn mutation_has_the_closed_forms_at_a_bound_and_in_the_middle() {
        // Leaves x at u = ½, reaches the bounds at u = 0 and 1.
        for x in [0.0, 0.2, 0.9, 1.0] {
            assert!((polynomial(x, 0.5) - x).abs() < 1e-12);
            assert!(polynomial(x, 0.0).abs() < 1e-12);
            assert!((polynomial(x, 1.0) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn mutation_of_an_integer_or_a_choice_always_changes_it() {
        let space = space();
        let mut rng = rng::stream(1, "test", 0);
        for k in 0..200 {
            let unit: Vec<f64> = (0..space.dimension()).map(|_| rng.random()).collect();
            let unit = space.snap(&unit);
            let before = space.decode(&unit);
            let variation = Variation::new(&space);
            for (gene, parameter) in variation.genes.iter().zip([0, 2, 3, 4, 5]).skip(1) {
                let mut child = unit.clone();
                variation.mutate(*gene, &mut child, &mut rng);
                let after = space.decode(&child);
                assert_ne!(before[parameter], after[parameter], "{k}: {gene:?} {unit:?} {child:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn children_stay_in_the_cube_keep_choices_whole_and_are_no_parents(
            one in proptest::collection::vec(0.0..=1.0_f64, 7),
            other in proptest::collection::vec(0.0..=1.0_f64, 7),
            twins in any::<bool>(),
            seed in 0..10_000_u64,
        ) {
            let space = space();
            let one = space.snap(&one);
            let other = if twins { one.clone() } else { space.snap(&other) };
            let child = Variation::new(&space).child(&one, &other, &mut rng::stream(seed, "t", 0));
            prop_assert!(child.iter().all(|u| (0.0..=1.0).contains(u)));
            prop_assert_eq!(child[4..].iter().sum::<f64>(), 1.0);
            prop_assert!(child[4..].iter().all(|u| *u == 0.0 || *u == 1.0));
            prop_assert!(child != one && child != other);
        }
    }
}
