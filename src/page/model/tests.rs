use super::*;
use crate::problem::{Parameter, Scale};

#[test]
fn ranks_of_equal_values_are_shared_and_correlations_are_those_by_hand() {
    assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [2.5, 0.0, 2.5, 1.0]);
    assert_eq!(rank_correlation(&[1.0, 2.0, 4.0], &[10.0, 20.0, 21.0]), Some(1.0));
    assert_eq!(rank_correlation(&[1.0, 2.0, 4.0], &[3.0, 2.0, 1.0]), Some(-1.0));
    // 1 - 6 Σ d² / (n (n² - 1)) with d = (0, 1, -1, 0): 1 - 12 / 60.
    let found = rank_correlation(&[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 4.0]).unwrap();
    assert!((found - 0.8).abs() < 1e-12);
    assert_eq!(rank_correlation(&[1.0, 2.0], &[5.0, 5.0]), None);
    assert_eq!(rank_correlation(&[], &[]), None);
}

#[test]
fn diagnostics_are_those_by_hand() {
    let left = |value: f64, mean: f64, sd: f64| LeftOut { trial: 0, value, expected: (mean, sd) };
    let all = [left(1.0, 2.0, 1.0), left(3.0, 3.0, 0.1), left(5.0, 3.0, 1.0)];
    let found = Diagnostics::of(&all, -1.0);
    let close = |x: Rounded, y: f64| assert!((x.0 - y).abs() < 1e-12, "{} {y}", x.0);
    assert_eq!(found.count, 3);
    close(found.rmse, (5.0_f64 / 3.0).sqrt());
    close(found.relative.unwrap(), (5.0_f64 / 8.0).sqrt());
    close(found.coverage, 2.0 / 3.0);
    close(found.rank_correlation.unwrap(), 0.75_f64.sqrt());
    assert_eq!(found.points[2], (0, Rounded(-5.0), Rounded(-3.0), Rounded(1.0)));
}

fn parameter(kind: ParameterKind) -> Parameter {
    Parameter { name: "p".into(), kind, unit: String::new(), default: None }
}

#[test]
fn a_choice_has_the_shares_of_all_its_values_and_what_cannot_vary_has_none() {
    let float = || parameter(ParameterKind::Float { lower: 1.0, upper: 100.0, scale: Scale::Log });
    let words = ["a", "b", "c"].map(|w| Value::Text(w.into())).to_vec();
    let choice = parameter(ParameterKind::Choice { values: words.clone() });
    let fixed = parameter(ParameterKind::Fixed { value: Value::Float(1.0) });
    let integer = ParameterKind::Integer { lower: 2, upper: 5, scale: Scale::Linear };
    let parameters = vec![fixed, float(), choice, parameter(integer)];
    let space = Space { parameters, constraints: vec![] };
    let shares = importance(&space, &[vec![0.5, 0.1, 0.2, 0.1, 0.1], vec![0.0, 0.0, 0.0, 0.0, 1.0]]);
    assert!((shares[0][2] - 0.4).abs() < 1e-12);
    assert_eq!((shares[0][0], shares[0][1], shares[0][3]), (0.0, 0.5, 0.1));
    assert_eq!(
        foremost(&shares, 9),
        [3, 1, 2],
        "the largest in any objective first, the fixed one never"
    );
    assert_eq!(foremost(&shares, 1), [3]);
    assert_eq!(foremost(&[], 3), [0; 0]);

    let kind = |at: usize| &space.parameters[at].kind;
    assert_eq!(along(&space, kind(2), 2), words);
    assert_eq!(along(&space, kind(3), 3), [2, 3, 4, 5].map(Value::Integer));
    let numbers: Vec<f64> = along(&space, kind(1), 1).iter().filter_map(Value::number).collect();
    assert_eq!(numbers.len(), STEPS);
    assert!((numbers[0] - 1.0).abs() < 1e-12 && (numbers[STEPS - 1] - 100.0).abs() < 1e-9);
    assert!((numbers[STEPS / 2] - 10.0).abs() < 1e-9, "even in the logarithm");
}
