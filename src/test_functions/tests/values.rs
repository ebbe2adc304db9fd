//! Values against other programs.

use super::*;

/// Made with pymoo 0.6.2, `get_problem(name, n_var=5, n_obj=M).evaluate(x)`, x = (0.15, 0.35, 0.62,
/// 0.8, 0.05); for zdt4 x = (0.15, -1.3, 0.4, 2.25, -4.1).
#[rustfmt::skip]
const PYMOO: &[(&str, &[f64])] = &[
    ("dtlz1", &[37.72787254218789, 213.79127773906472]),
    ("dtlz1", &[7.895692889765762, 14.663429652422131, 127.83502773906473]),
    ("dtlz2", &[1.2926685721766713, 0.31034226671004067]),
    ("dtlz2", &[1.0835268067394175, 0.6639860811406588, 0.3050897460232828]),
    ("dtlz3", &[489.1393122749457, 117.43195910827033]),
    ("dtlz3", &[249.37806015232033, 152.81907180614925, 70.21763426841346]),
    ("dtlz5", &[1.2926685721766713, 0.31034226671004067]),
    ("dtlz5", &[0.9469031363957763, 0.8475153728135503, 0.3050897460232828]),
    ("dtlz6", &[4.446383914810552, 1.0674823326615055]),
    ("dtlz6", &[2.9188179651353936, 2.0571753256095797, 0.8573020083381547]),
    ("dtlz7", &[0.15, 11.891846748910728]),
    ("dtlz7", &[0.15, 0.35, 18.636598811674812]),
    ("zdt1", &[0.15, 4.220786067372522]),
    ("zdt2", &[0.15, 5.09058390578999]),
    ("zdt3", &[0.15, 4.3707860673725225]),
    ("zdt4", &[0.15, 73.24192454828572]),
    ("zdt6", &[0.9995221214960975, 8.272666216255235]),
];

/// Made with pymoo 0.6.1.6, `C2DTLZ2(n_var=5, n_obj=M).evaluate(x, return_as_dictionary=True)["G"]`,
/// M = 2, 3, 4 at the x of [`PYMOO`] and at (0.02, 0.03, 0.5, 0.5, 0.45).
const PYMOO_C2: [[f64; 2]; 3] = [
    [0.1419672156466574, 0.011114908097128118],
    [0.17784624355312117, -0.15677970113032547],
    [-0.02645333693259022, 0.26083962895982804],
];

/// Made with BoTorch 0.18.1: at the shares of the ranges below,
/// `Problem().evaluate_true(torch.tensor([x], dtype=torch.double))`.
#[rustfmt::skip]
const BOTORCH: &[(&str, [&[f64]; 5])] = &[
    ("vehicle-safety", [
        &[1684.3660796000001, 10.168904, 0.09430000000000001],
        &[1683.1333450000002, 9.626600000000002, 0.12329999999999995],
        &[1682.5652601600002, 9.571745, 0.10112200000000003],
        &[1661.7078224999998, 8.304599999999999, 0.0708],
        &[1704.5588675, 10.551600000000002, 0.10239999999999988],
    ]),
    ("car-side-impact", [
        &[29.6744056, 3.92848, 12.219901499999999, 0.0],
        &[29.17200800000001, 4.0489999999999995, 12.1232625, 1.048499999999997],
        &[28.496507199999996, 4.266545, 12.249787125000001, 3.4164755049999984],
        &[15.576004000000003, 4.42725, 13.091381250000001, 9.4940193],
        &[42.768012, 3.58525, 10.61064375, 0.0],
    ]),
    ("penicillin", [
        &[-10.527554546965282, 48.23653684488324, 309.0],
        &[-10.988702173357101, 47.04080286015856, 314.0],
        &[-9.996780961971721, 45.43289627261736, 322.0],
        &[-10.251304077208367, 41.5381543328245, 395.0],
        &[-10.896614736017792, 40.73202282395603, 293.0],
    ]),
];
const SHARES: [[f64; 7]; 5] = [
    [0.1, 0.9, 0.3, 0.7, 0.5, 0.2, 0.8],
    [0.5; 7],
    [0.95, 0.05, 0.6, 0.2, 0.85, 0.4, 0.15],
    [0.0; 7],
    [1.0; 7],
];

#[test]
fn values_agree_with_botorch() {
    for (name, wanted) in BOTORCH {
        let entry = entry(name).unwrap();
        let f = by_name(name, entry.parameters.usual(), entry.objectives.usual(), None).unwrap();
        for (shares, want) in SHARES.iter().zip(wanted) {
            let x: Vec<f64> =
                f.bounds().iter().zip(shares).map(|((l, u), share)| l + share * (u - l)).collect();
            let got = f.evaluate(&x);
            assert!(close(&got, want, 1e-10), "{name}: {got:?} {want:?}");
        }
    }
}

#[test]
fn values_agree_with_pymoo() {
    for (name, want) in PYMOO {
        let x = match *name {
            "zdt4" => [0.15, -1.3, 0.4, 2.25, -4.1],
            _ => [0.15, 0.35, 0.62, 0.8, 0.05],
        };
        let got = by_name(name, 5, want.len(), None).unwrap().evaluate(&x);
        assert!(close(&got, want, 1e-12), "{name}: {got:?} {want:?}");
    }
}

#[test]
fn dtlz4_is_dtlz2_with_position_variables_to_the_hundredth_power() {
    let x = [0.994f64, 0.998, 0.62, 0.8, 0.05];
    let powered = [x[0].powi(100), x[1].powi(100), x[2], x[3], x[4]];
    let got = by_name("dtlz4", 5, 3, None).unwrap().evaluate(&x);
    let want = by_name("dtlz2", 5, 3, None).unwrap().evaluate(&powered);
    assert!(close(&got, &want, 1e-14), "{got:?} {want:?}");
}

#[test]
fn constraint_values_agree_with_pymoo() {
    for (m, want) in (2..).zip(PYMOO_C2) {
        let f = by_name("c2dtlz2", 5, m, None).unwrap();
        let dtlz2 = by_name("dtlz2", 5, m, None).unwrap();
        for (x, want) in [[0.15, 0.35, 0.62, 0.8, 0.05], [0.02, 0.03, 0.5, 0.5, 0.45]].iter().zip(want) {
            assert!(close(&f.constraint_values(x), &[want], 1e-12), "{m}: {want}");
            assert_eq!(f.evaluate(x), dtlz2.evaluate(x));
        }
        assert_eq!((f.constraint_names(), dtlz2.constraint_names()), (&["c1"][..], &[][..]));
    }
}
