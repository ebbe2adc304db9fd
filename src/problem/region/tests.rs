use super::*;
use crate::problem::{EventRange, LinearConstraint, Parameter, ParameterKind, Scale, Value};
use crate::rng;
use proptest::prelude::*;
use rand::RngExt;

fn space(kinds: Vec<ParameterKind>, constraints: Vec<(Vec<(usize, f64)>, f64)>) -> Space {
    let parameter = |kind| Parameter { name: "p".into(), kind, unit: String::new(), default: None };
    let constraint = |(terms, upper): (Vec<(usize, f64)>, f64)| LinearConstraint {
        text: format!("{terms:?} <= {upper}"),
        terms,
        upper,
    };
    Space {
        parameters: kinds.into_iter().map(parameter).collect(),
        constraints: constraints.into_iter().map(constraint).collect(),
    }
}

fn float(lower: f64, upper: f64) -> ParameterKind {
    ParameterKind::Float { lower, upper, scale: Scale::Linear }
}

fn log(lower: f64, upper: f64) -> ParameterKind {
    ParameterKind::Float { lower, upper, scale: Scale::Log }
}

fn integer(lower: i64, upper: i64) -> ParameterKind {
    ParameterKind::Integer { lower, upper, scale: Scale::Linear }
}

fn fixed(x: f64) -> ParameterKind {
    ParameterKind::Fixed { value: Value::Float(x) }
}

fn words() -> ParameterKind {
    ParameterKind::Choice { values: ["a", "b", "c"].map(|w| Value::Text(w.into())).to_vec() }
}

fn numbers(region: &Region, unit: &[f64]) -> Vec<f64> {
    Space::numbers(&region.space().decode(unit))
}

#[test]
fn an_allowed_point_is_only_snapped() {
    let space = space(vec![float(0.0, 2.0), integer(1, 4)], vec![(vec![(0, 1.0), (1, 1.0)], 5.0)]);
    let region = Region::new(&space).unwrap();
    assert_eq!(region.project(&[0.3, 0.3]), space.snap(&[0.3, 0.3]));
    assert!(region.contains(&[0.3, 0.3]) && !region.contains(&[1.0, 1.0]));
}

#[test]
fn floats_go_to_the_nearest_point_in_scaled_natural_units() {
    // x in [0, 10], y in [0, 1]: x + 10 y <= 10 is the diagonal of the scaled square.
    let space = space(vec![float(0.0, 10.0), float(0.0, 1.0)], vec![(vec![(0, 1.0), (1, 10.0)], 10.0)]);
    let region = Region::new(&space).unwrap();
    let unit = region.project(&[0.9, 0.7]);
    assert!((unit[0] - 0.6).abs() < 1e-9 && (unit[1] - 0.4).abs() < 1e-9, "{unit:?}");
}

#[test]
fn fixed_parameters_and_logarithmic_scales_count_in_natural_units() {
    // x + y <= 12 - 2 with y fixed at 7: x <= 3, of [0.01, 100].
    let space = space(vec![log(0.01, 100.0), fixed(7.0)], vec![(vec![(0, 1.0), (1, 1.0)], 10.0)]);
    let region = Region::new(&space).unwrap();
    assert!((numbers(&region, &region.project(&[1.0]))[0] - 3.0).abs() < 1e-9);
}

#[test]
fn emptiness_is_found_through_integers_bounds_and_fixed_values() {
    // 2 i + 4 j between 4.5 and 5.5: real solutions, no whole ones.
    let odd = vec![(vec![(0, 2.0), (1, 4.0)], 5.5), (vec![(0, -2.0), (1, -4.0)], -4.5)];
    let empty = Region::new(&space(vec![integer(0, 9), integer(0, 9)], odd)).unwrap_err();
    assert!(empty.detail.is_empty() && empty.constraints.len() == 2);
    let far = vec![(vec![(0, -1.0)], -3.0)];
    assert!(Region::new(&space(vec![float(0.0, 2.0)], far)).is_err());
    let known = vec![(vec![(0, 1.0)], 1.0)];
    assert!(Region::new(&space(vec![fixed(2.0), float(0.0, 1.0)], known.clone())).is_err());
    assert!(Region::new(&space(vec![fixed(1.0), float(0.0, 1.0)], known)).is_ok());
}

#[test]
fn integers_tied_by_an_equality_are_reached() {
    // i + j + k = 10 with x = 2 i: rounding alone cannot keep either.
    let both = |terms: &[(usize, f64)], b: f64| {
        [(terms.to_vec(), b), (terms.iter().map(|(j, a)| (*j, -a)).collect(), -b)]
    };
    let mut constraints = both(&[(0, 1.0), (1, 1.0), (2, 1.0)], 10.0).to_vec();
    constraints.extend(both(&[(3, 1.0), (0, -2.0)], 0.0));
    let kinds = vec![integer(0, 8), integer(0, 8), integer(0, 8), float(-5.0, 20.0)];
    let region = Region::new(&space(kinds, constraints)).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    let mut rng = rng::stream(1, "test", 0);
    for _ in 0..100 {
        let unit: Vec<f64> = (0..4).map(|_| rng.random()).collect();
        let x = numbers(&region, &region.project(&unit));
        assert_eq!(x[0] + x[1] + x[2], 10.0);
        assert!((x[3] - 2.0 * x[0]).abs() < 1e-8);
        seen.insert((x[0] as i64, x[1] as i64));
    }
    assert!(seen.len() > 20, "{}", seen.len());
}

#[test]
fn a_walk_fills_a_triangle_evenly() {
    // x <= y: mean (1/3, 2/3), and a logarithmic axis of 4 decades below 1: mean exponent -2.
    let kinds = vec![float(0.0, 1.0), float(0.0, 1.0), log(1e-4, 1e4)];
    let constraints = vec![(vec![(0, 1.0), (1, -1.0)], 0.0), (vec![(2, 1.0)], 1.0)];
    let region = Region::new(&space(kinds, constraints)).unwrap();
    let mut sum = [0.0; 3];
    let n = 2000;
    for k in 0..n {
        let mut rng = rng::stream(3, "test", k);
        let unit = region.wander(&[0.9, 0.1, 0.9], 40, &mut rng);
        let x = numbers(&region, &unit);
        sum[0] += x[0];
        sum[1] += x[1];
        sum[2] += x[2].log10();
    }
    let mean = sum.map(|s| s / n as f64);
    // Standard errors: √(1/18 / n) = 0.005 and 4/√(12 n) = 0.026.
    assert!((mean[0] - 1.0 / 3.0).abs() < 0.025, "{mean:?}");
    assert!((mean[1] - 2.0 / 3.0).abs() < 0.025, "{mean:?}");
    assert!((mean[2] + 2.0).abs() < 0.13, "{mean:?}");
}

#[test]
fn a_single_allowed_point_at_a_corner_is_kept() {
    // Three lines through the point with x at its lower bound: in bound propagation rounding there
    // grows sevenfold a round.
    let (x, y) = (-2.7126174336858395, 0.3920052521363573);
    let rows = [(-1.5809003151424434, -0.23878774023019753), (1.049899718370544, 1.0), (1.0, 1.0)];
    let pair = |&(a, b): &(f64, f64)| {
        let sum = a * x + b * y;
        [(vec![(0, a), (1, b)], sum), (vec![(0, -a), (1, -b)], -sum)]
    };
    let constraints = rows.iter().flat_map(pair).collect();
    let kinds = vec![float(x, 62.10074013675314), float(-7.326563676450326, 12.024856438479734)];
    let region = Region::new(&space(kinds, constraints)).unwrap();
    let found = numbers(&region, &region.project(&[0.7, 0.1]));
    assert!((found[0] - x).abs() < 1e-7 && (found[1] - y).abs() < 1e-7, "{found:?}");
}

#[test]
fn rounding_in_fixed_parameters_does_not_exclude_an_integer() {
    // 0.1 i <= 5.7 - 2.6 - 3.1 - 2e-16: i = 0 is allowed within the constraint's tolerance.
    let constraint = vec![(vec![(0, 1.0), (1, 0.1), (2, 1.0)], 5.7 - 1e-15)];
    let kinds = vec![fixed(2.6), integer(0, 1), fixed(3.1)];
    let region = Region::new(&space(kinds, constraint)).unwrap();
    assert_eq!(numbers(&region, &region.project(&[0.9]))[1], 0.0);
}

/// A mixed space and constraints, some in opposite pairs, that a design drawn first satisfies.
pub(crate) fn mixed_space() -> impl Strategy<Value = (Space, Vec<f64>)> {
    let kind = prop_oneof![
        3 => (-10.0..10.0_f64, 0.1..100.0_f64).prop_map(|(l, r)| float(l, l + r)),
        1 => (-3.0..0.0_f64, 0.5..4.0_f64)
            .prop_map(|(l, r)| log(10.0_f64.powf(l), 10.0_f64.powf(l + r))),
        2 => (-5..5_i64, 1..9_i64).prop_map(|(l, r)| integer(l, l + r)),
        1 => (-5.0..5.0_f64).prop_map(fixed),
        1 => Just(words()),
    ];
    let kinds = proptest::collection::vec(kind, 2..8);
    let coefficients = proptest::collection::vec(prop_oneof![-2.0..2.0_f64, Just(1.0), Just(0.0)], 9);
    let rows = proptest::collection::vec((coefficients, 0.0..0.3_f64, any::<bool>()), 0..5);
    let points = proptest::collection::vec(0.0..1.0_f64, 24);
    (kinds, any::<bool>(), rows, points).prop_map(|(mut kinds, events, rows, point)| {
        if events {
            let range = EventRange { lower: 100, upper: 1600, overhead: 200.0 };
            kinds.insert(1, ParameterKind::Events(range));
        }
        let mut space = space(kinds, vec![]);
        let inner = space.snap(&point[..space.dimension()]);
        let values = Space::numbers(&space.decode(&inner));
        for (coefficients, slack, pair) in rows {
            let numeric = |j: &usize| {
                let kind = &space.parameters[*j].kind;
                !matches!(kind, ParameterKind::Choice { .. } | ParameterKind::Events(_))
            };
            let terms: Vec<(usize, f64)> = (0..space.parameters.len())
                .filter(numeric)
                .map(|j| (j, coefficients[j]))
                .filter(|t| t.1 != 0.0)
                .collect();
            if terms.is_empty() {
                continue;
            }
            let sum: f64 = terms.iter().map(|(j, a)| a * values[*j]).sum();
            let size: f64 = terms.iter().map(|(j, a)| (a * values[*j]).abs()).sum();
            let slack = if pair { 0.0 } else { slack * size };
            let opposite = terms.iter().map(|(j, a)| (*j, -a)).collect();
            let text = String::new();
            space.constraints.push(LinearConstraint { text, terms, upper: sum + slack });
            if pair {
                let text = String::new();
                space.constraints.push(LinearConstraint { text, terms: opposite, upper: -sum });
            }
        }
        (space, inner)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn every_projection_and_walk_ends_inside(
        (space, inner) in mixed_space(),
        targets in proptest::collection::vec(proptest::collection::vec(0.0..1.0_f64, 24), 4),
        seed in 0..1000_u64,
    ) {
        prop_assert!(space.allows(&space.decode(&inner)));
        let region = Region::new(&space).expect("`inner` is allowed");
        for target in &targets {
            let target = &target[..space.dimension()];
            for unit in [region.project(target), region.wander(target, 10, &mut rng::stream(seed, "t", 0))] {
                let design = space.decode(&unit);
                prop_assert!(space.allows(&design) && space.in_bounds(&design));
                let again = region.project(&unit);
                prop_assert!(again.iter().zip(&unit).all(|(a, b)| (a - b).abs() < 1e-9));
            }
        }
    }

    /// For floats alone, the defining property of the projection (see `nearest`).
    #[test]
    fn projection_of_floats_is_the_nearest_allowed_point(
        rows in proptest::collection::vec(
            (proptest::collection::vec(prop_oneof![-1.0..-0.05_f64, 0.05..1.0_f64], 4), 0.05..0.5_f64), 1..5),
        target in proptest::collection::vec(0.0..1.0_f64, 4),
        others in proptest::collection::vec(proptest::collection::vec(0.0..1.0_f64, 4), 20),
    ) {
        // Through the box's middle with some room, so bounds are hardly ever tightened to another
        // scale; where they are, distances are measured in it.
        let constraints = rows
            .iter()
            .map(|(a, slack)| {
                let middle: f64 = a.iter().map(|a| 0.5 * a).sum();
                (a.iter().copied().enumerate().collect(), middle + slack)
            })
            .collect();
        let region = Region::new(&space(vec![float(0.0, 1.0); 4], constraints)).unwrap();
        let polytope = &region.inside.as_ref().unwrap().polytope;
        let scale: Vec<f64> = polytope.axes.iter().map(|a| a.range().powi(2).recip()).collect();
        let p = region.project(&target);
        for y in others.iter().map(|o| region.project(o)) {
            let sides = (0..4).map(|j| scale[j] * (target[j] - p[j]) * (y[j] - p[j]));
            prop_assert!(sides.sum::<f64>() < 1e-9);
        }
    }
}
