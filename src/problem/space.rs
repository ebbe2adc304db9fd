//! The search space and its image in the unit cube, where every strategy works.
//!
//! Coordinates of the unit cube, in the order of the parameters: one for a float, an integer or a
//! choice of two; one per value (one-hot, the largest wins) for a choice of more; none for a fixed
//! parameter, and none for the number of events, which says how well a point is measured and not which
//! point it is. Integers and choices of two own equal bins, so that a uniform point picks each value
//! equally often.

use super::{Design, EventRange, LinearConstraint, Parameter, ParameterKind, Scale, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Points closer than this in every unit-cube coordinate are the same design.
pub const SAME: f64 = 1e-9;

/// Parameters and the linear constraints between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Space {
    /// In the order of every [`Design`].
    pub parameters: Vec<Parameter>,
    /// All must hold.
    #[serde(default)]
    pub constraints: Vec<LinearConstraint>,
}

impl Space {
    /// Number of unit-cube coordinates.
    pub fn dimension(&self) -> usize {
        self.parameters.iter().map(|p| width(&p.kind)).sum()
    }

    /// How many of them each parameter has, in order.
    pub fn widths(&self) -> Vec<usize> {
        self.parameters.iter().map(|p| width(&p.kind)).collect()
    }

    /// The design at a point of the unit cube (length [`Space::dimension`]); coordinates outside
    /// `[0, 1]` are clamped, integers and choices rounded. It has the most events.
    pub fn decode(&self, unit: &[f64]) -> Design {
        assert_eq!(unit.len(), self.dimension(), "one coordinate per unit dimension");
        let mut rest = unit;
        let mut design = Design::with_capacity(self.parameters.len());
        for parameter in &self.parameters {
            let (own, others) = rest.split_at(width(&parameter.kind));
            design.push(decode(&parameter.kind, own));
            rest = others;
        }
        design
    }

    /// The point of the unit cube that stands for a design; `decode` brings the design back, up to
    /// rounding of floats and the number of events.
    pub fn encode(&self, design: &[Value]) -> Vec<f64> {
        assert_eq!(design.len(), self.parameters.len(), "one value per parameter");
        let mut unit = Vec::with_capacity(self.dimension());
        for (parameter, value) in self.parameters.iter().zip(design) {
            encode(&parameter.kind, value, &mut unit);
        }
        unit
    }

    /// The same point with integers and choices at their places.
    pub fn snap(&self, unit: &[f64]) -> Vec<f64> {
        self.encode(&self.decode(unit))
    }

    /// Which parameter is the number of events, and what it may be; `None` if no parameter is.
    pub fn events(&self) -> Option<(usize, EventRange)> {
        self.parameters.iter().enumerate().find_map(|(at, p)| match p.kind {
            ParameterKind::Events(range) => Some((at, range)),
            _ => None,
        })
    }

    /// A design's number of events, where it has one.
    pub fn events_of(&self, design: &[Value]) -> Option<i64> {
        let (at, _) = self.events()?;
        match design.get(at) {
            Some(Value::Integer(events)) => Some(*events),
            _ => None,
        }
    }

    /// A design without its number of events: what a formula is a function of.
    pub fn without_events<'a>(&'a self, design: &'a [Value]) -> impl Iterator<Item = &'a Value> {
        let of_all = self.parameters.iter().zip(design);
        of_all.filter(|(p, _)| !matches!(p.kind, ParameterKind::Events(_))).map(|(_, value)| value)
    }

    /// Whether some parameter is an integer or a choice.
    pub fn is_mixed(&self) -> bool {
        self.parameters.iter().any(|p| !is_float(&p.kind) && width(&p.kind) > 0)
    }

    /// For every coordinate of the unit cube whether it is a float's.
    pub fn floats(&self) -> Vec<bool> {
        let of = |p: &Parameter| std::iter::repeat_n(is_float(&p.kind), width(&p.kind));
        self.parameters.iter().flat_map(of).collect()
    }

    /// Points of the unit cube whose designs differ from that of `unit` in one integer (by one, or by a tenth
    /// of its range on its scale) or in one choice. All coordinates of floats stay as they are.
    pub fn neighbours(&self, unit: &[f64]) -> Vec<Vec<f64>> {
        let mut found = vec![];
        let mut at = 0;
        for parameter in &self.parameters {
            let end = at + width(&parameter.kind);
            let here = &unit[at..end];
            let others: Vec<Value> = match &parameter.kind {
                ParameterKind::Integer { lower, upper, .. } => {
                    let integer = |unit: f64| match decode(&parameter.kind, &[unit]) {
                        Value::Integer(value) => value,
                        _ => *lower,
                    };
                    let value = integer(here[0]);
                    let near = [value - 1, value + 1].map(|other| other.clamp(*lower, *upper));
                    let far = [integer(here[0] - 0.1), integer(here[0] + 0.1)];
                    let others: BTreeSet<i64> = near.into_iter().chain(far).collect();
                    others.into_iter().filter(|other| *other != value).map(Value::Integer).collect()
                }
                ParameterKind::Choice { values } => {
                    let value = decode(&parameter.kind, here);
                    values.iter().filter(|other| **other != value).cloned().collect()
                }
                ParameterKind::Float { .. } | ParameterKind::Fixed { .. } | ParameterKind::Events(_) => {
                    vec![]
                }
            };
            for other in others {
                let mut own = vec![];
                encode(&parameter.kind, &other, &mut own);
                found.push([&unit[..at], &own, &unit[end..]].concat());
            }
            at = end;
        }
        found
    }

    /// One number per parameter, as [`LinearConstraint`] wants them; words count as 0, which no
    /// constraint refers to.
    pub fn numbers(design: &[Value]) -> Vec<f64> {
        design.iter().map(|v| v.number().unwrap_or(0.0)).collect()
    }

    /// Whether a design respects every linear constraint.
    pub fn allows(&self, design: &[Value]) -> bool {
        self.violated(design).is_none()
    }

    /// The first linear constraint that a design does not respect.
    pub fn violated(&self, design: &[Value]) -> Option<&LinearConstraint> {
        let numbers = Self::numbers(design);
        self.constraints.iter().find(|c| !c.allows(&numbers))
    }

    /// Whether two designs within the bounds differ by less than [`SAME`] in every coordinate.
    pub fn same(&self, one: &[Value], other: &[Value]) -> bool {
        let (one, other) = (self.encode(one), self.encode(other));
        one.iter().zip(&other).all(|(a, b)| (a - b).abs() <= SAME)
    }

    /// Whether a value lies within the parameter's bounds or values.
    pub fn in_bounds(&self, design: &[Value]) -> bool {
        let holds = |(p, v): (&Parameter, &Value)| p.kind.holds(v);
        design.len() == self.parameters.len() && self.parameters.iter().zip(design).all(holds)
    }

    /// The nominal design: every parameter's default; or the names of the parameters that have none.
    ///
    /// # Errors
    /// The names.
    pub fn nominal(&self) -> Result<Design, Vec<&str>> {
        let value = |p: &Parameter| match &p.kind {
            ParameterKind::Fixed { value } => Some(value.clone()),
            // It is to be compared with.
            ParameterKind::Events(range) => Some(Value::Integer(range.upper)),
            _ => p.default.clone(),
        };
        let missing = self.parameters.iter().filter(|p| value(p).is_none());
        let missing: Vec<&str> = missing.map(|p| p.name.as_str()).collect();
        if missing.is_empty() {
            return Ok(self.parameters.iter().filter_map(value).collect());
        }
        Err(missing)
    }
}

fn width(kind: &ParameterKind) -> usize {
    match kind {
        ParameterKind::Float { .. } | ParameterKind::Integer { .. } => 1,
        ParameterKind::Choice { values } if values.len() == 2 => 1,
        ParameterKind::Choice { values } => values.len(),
        ParameterKind::Fixed { .. } | ParameterKind::Events(_) => 0,
    }
}

fn is_float(kind: &ParameterKind) -> bool {
    matches!(kind, ParameterKind::Float { .. })
}

fn decode(kind: &ParameterKind, own: &[f64]) -> Value {
    match kind {
        ParameterKind::Float { lower, upper, scale } => {
            let u = own[0].clamp(0.0, 1.0);
            let x = match scale {
                Scale::Linear => lower + u * (upper - lower),
                Scale::Log => (lower.ln() + u * (upper.ln() - lower.ln())).exp(),
            };
            Value::Float(x.clamp(*lower, *upper))
        }
        ParameterKind::Integer { lower, upper, scale } => {
            let u = own[0].clamp(0.0, 1.0);
            let (low, high) = integer_edges(*lower, *upper, *scale);
            let x = match scale {
                Scale::Linear => low + u * (high - low),
                Scale::Log => (low + u * (high - low)).exp(),
            };
            Value::Integer((x.round() as i64).clamp(*lower, *upper))
        }
        ParameterKind::Choice { values } if values.len() == 2 => {
            values[usize::from(own[0] >= 0.5)].clone()
        }
        ParameterKind::Choice { values } => {
            let mut best = 0;
            for (k, u) in own.iter().enumerate() {
                if *u > own[best] {
                    best = k;
                }
            }
            values[best].clone()
        }
        ParameterKind::Fixed { value } => value.clone(),
        ParameterKind::Events(range) => Value::Integer(range.upper),
    }
}

fn encode(kind: &ParameterKind, value: &Value, unit: &mut Vec<f64>) {
    let number = || value.number().expect("a numeric parameter holds a number");
    match kind {
        ParameterKind::Float { lower, upper, scale } => {
            let u = match scale {
                Scale::Linear => (number() - lower) / (upper - lower),
                Scale::Log => (number() / lower).ln() / (upper / lower).ln(),
            };
            unit.push(u.clamp(0.0, 1.0));
        }
        ParameterKind::Integer { lower, upper, scale } => {
            let (low, high) = integer_edges(*lower, *upper, *scale);
            let x = match scale {
                Scale::Linear => number(),
                Scale::Log => number().ln(),
            };
            unit.push(((x - low) / (high - low)).clamp(0.0, 1.0));
        }
        ParameterKind::Choice { values } => {
            let k = values.iter().position(|v| v == value).expect("a value of the choice");
            if values.len() == 2 {
                unit.push(0.25 + 0.5 * k as f64);
            } else {
                unit.extend((0..values.len()).map(|i| f64::from(u8::from(i == k))));
            }
        }
        ParameterKind::Fixed { .. } | ParameterKind::Events(_) => {}
    }
}

/// The outer edges of the first and last integer's bin, half a unit beyond them, on the scale.
fn integer_edges(lower: i64, upper: i64, scale: Scale) -> (f64, f64) {
    let (low, high) = (lower as f64 - 0.5, upper as f64 + 0.5);
    match scale {
        Scale::Linear => (low, high),
        Scale::Log => (low.ln(), high.ln()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(kind: ParameterKind) -> Parameter {
        Parameter { name: "p".into(), kind, unit: String::new(), default: None }
    }

    fn mixed() -> Space {
        let words = |w: &[&str]| w.iter().map(|s| Value::Text((*s).into())).collect();
        let parameters = vec![
            parameter(ParameterKind::Float { lower: -2.0, upper: 6.0, scale: Scale::Linear }),
            parameter(ParameterKind::Float { lower: 1e-3, upper: 1e3, scale: Scale::Log }),
            parameter(ParameterKind::Integer { lower: 3, upper: 6, scale: Scale::Linear }),
            parameter(ParameterKind::Integer { lower: 1, upper: 1000, scale: Scale::Log }),
            parameter(ParameterKind::Choice { values: words(&["a", "b"]) }),
            parameter(ParameterKind::Choice { values: words(&["x", "y", "z"]) }),
            parameter(ParameterKind::Fixed { value: Value::Float(7.0) }),
        ];
        Space { parameters, constraints: vec![] }
    }

    #[test]
    fn neighbours_differ_in_one_integer_or_choice() {
        let space = mixed();
        let here = space.encode(&space.decode(&[0.3, 0.6, 0.9, 0.5, 0.2, 0.1, 0.9, 0.3]));
        let design = space.decode(&here);
        let neighbours = space.neighbours(&here);
        let mut designs = vec![];
        for there in &neighbours {
            let other = space.decode(there);
            let differ: Vec<usize> = (0..7).filter(|k| design[*k] != other[*k]).collect();
            assert!(matches!(differ[..], [2..=5]), "{design:?} {other:?}");
            assert!(space.in_bounds(&other) && space.snap(there)[2..] == there[2..]);
            assert!(!designs.contains(&other));
            designs.push(other);
        }
        // The first integer is 6 of 3 to 6: only 5; the second has four, the choices one and two.
        assert_eq!((design[2].clone(), neighbours.len()), (Value::Integer(6), 1 + 4 + 1 + 2));
        assert!(space.is_mixed());
        assert_eq!(space.floats(), [true, true, false, false, false, false, false, false]);
    }

    #[test]
    fn decodes_bounds_middles_and_words() {
        let design = mixed().decode(&[0.5, 0.5, 0.0, 1.0, 0.7, 0.1, 0.9, 0.3]);
        assert_eq!(design[0], Value::Float(2.0));
        assert!((design[1].number().unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(design[2], Value::Integer(3));
        assert_eq!(design[3], Value::Integer(1000));
        assert_eq!(design[4], Value::Text("b".into()));
        assert_eq!(design[5], Value::Text("y".into()));
        assert_eq!(design[6], Value::Float(7.0));
    }

    #[test]
    fn every_integer_owns_an_equal_share_of_the_interval() {
        let space = mixed();
        let mut count = [0; 4];
        for k in 0..4000 {
            let u = (f64::from(k) + 0.5) / 4000.0;
            let design = space.decode(&[0.0, 0.0, u, 0.0, 0.0, 1.0, 0.0, 0.0]);
            let Value::Integer(i) = design[2] else { panic!("an integer") };
            count[usize::try_from(i - 3).unwrap()] += 1;
        }
        assert_eq!(count, [1000; 4]);
    }

    #[test]
    fn snap_is_idempotent_and_keeps_the_design() {
        let space = mixed();
        let unit = [0.123, 0.9, 0.61, 0.37, 0.2, 0.2, 0.2, 0.8];
        let snapped = space.snap(&unit);
        let again = space.snap(&snapped);
        for (a, b) in snapped.iter().zip(&again) {
            assert!((a - b).abs() < 1e-12);
        }
        assert!(space.in_bounds(&space.decode(&snapped)));
    }
}
