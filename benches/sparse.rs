//! The sparse model's draws against the No-U-Turn sampler: how well each predicts where few of many parameters
//! matter, and what it takes. `cargo bench --bench sparse`, with a Python that has numpyro.
//!
//! Both sides learn from the same observations and predict the same points. Theirs is the model of arXiv
//! 2103.00349 as its authors gave it: squared exponential, half-Cauchy inverse squared lengths. Not a bench of
//! criterion's: one draw of theirs takes a minute.

use paretorank::gp::{Chains, Data, Family, Hyper, Posterior};
use paretorank::rng::stream;
use paretorank::test_functions::by_name;
use rand::RngExt;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

const DRAWS: usize = 8;
const TESTS: usize = 500;

/// From observations and points to means and standard deviations, and seconds without compilation.
const PROGRAM: &str = r#"
import json, sys, time
import numpyro
numpyro.enable_x64()
import jax, jax.numpy as jnp, numpyro.distributions as dist
from numpyro.infer import MCMC, NUTS
asked = json.load(sys.stdin)
X, Y, T = (jnp.array(asked[k]) for k in ("x", "y", "tests"))
n, d = X.shape

def kernel(a, b, variance, inverse):
    r2 = jnp.sum(inverse * (a[:, None, :] - b[None, :, :]) ** 2, -1)
    return variance * jnp.exp(-0.5 * r2)

def model():
    variance = numpyro.sample("variance", dist.LogNormal(0.0, 10.0 ** 0.5))
    tau = numpyro.sample("tau", dist.HalfCauchy(0.1))
    weights = numpyro.sample("weights", dist.HalfCauchy(jnp.ones(d)))
    K = kernel(X, X, variance, tau * weights) + 1e-6 * jnp.eye(n)
    numpyro.sample("Y", dist.MultivariateNormal(jnp.zeros(n), covariance_matrix=K), obs=Y)

mcmc = MCMC(NUTS(model, max_tree_depth=6), num_warmup=asked["warmup"], num_samples=asked["samples"], progress_bar=False)
mcmc.run(jax.random.PRNGKey(0))
begun = time.perf_counter()
mcmc.run(jax.random.PRNGKey(1))
seconds = time.perf_counter() - begun
s = mcmc.get_samples()

def predict(variance, inverse):
    K = kernel(X, X, variance, inverse) + 1e-6 * jnp.eye(n)
    k = kernel(T, X, variance, inverse)
    L = jnp.linalg.cholesky(K)
    v = jax.scipy.linalg.solve_triangular(L, k.T, lower=True)
    return v.T @ jax.scipy.linalg.solve_triangular(L, Y, lower=True), jnp.maximum(variance - jnp.sum(v * v, 0), 1e-12)

picked = jnp.linspace(0, asked["samples"] - 1, 16).astype(int)
means, variances = jax.vmap(predict)(s["variance"][picked], (s["tau"][:, None] * s["weights"])[picked])
json.dump({"means": means.tolist(), "variances": variances.tolist(), "seconds": seconds}, sys.stdout)
"#;

/// Mean and variance at every test point.
type Predictions = Vec<(f64, f64)>;

fn main() {
    println!(
        "function, d, n | root mean square error ours, NUTS | log density per point ours, NUTS | time of NUTS"
    );
    for (name, d) in [("embedded-hartmann6", 50), ("embedded-branin", 100)] {
        for n in [50, 100] {
            compare(name, d, n);
        }
    }
}

fn compare(name: &str, d: usize, n: usize) {
    let function = by_name(name, d, 1, None).expect("a test function");
    let mut rng = stream(5, name, n as u64);
    let mut draw = |count: usize| -> Vec<Vec<f64>> {
        (0..count).map(|_| (0..d).map(|_| rng.random()).collect()).collect()
    };
    let (x, tests) = (draw(n), draw(TESTS));
    let value = |x: &Vec<f64>| function.evaluate(x)[0];
    let y: Vec<f64> = x.iter().map(value).collect();
    let rows: Vec<&[f64]> = x.iter().map(Vec::as_slice).collect();
    let (data, scaling) = Data::new(&rows, &y, &vec![Some(0.0); n]);
    let truth: Vec<f64> = tests.iter().map(|x| scaling.apply(value(x))).collect();

    let begun = Instant::now();
    let like = Hyper::initial(Family::Sparse, d);
    let chains = Chains::begin(&data, &like, DRAWS, |k| stream(1, "sparse", k as u64)).expect("chains");
    let seconds = begun.elapsed().as_secs_f64();
    let ours: Vec<Predictions> = chains
        .hypers()
        .iter()
        .map(|hyper| {
            let posterior = Posterior::new(&data, hyper).expect("a posterior");
            posterior.predict_all(&tests).iter().map(|p| (p.mean, p.sd * p.sd)).collect()
        })
        .collect();
    let standardised: Vec<f64> = y.iter().map(|y| scaling.apply(*y)).collect();
    let request = json!({"x": x, "y": standardised, "tests": tests, "warmup": 256, "samples": 128});
    let Some((theirs, their_seconds)) = nuts(&request) else { return };
    let ((rmse, density), (their_rmse, their_density)) = (score(&ours, &truth), score(&theirs, &truth));
    println!(
        "{name}, {d}, {n} | {rmse:.3}, {their_rmse:.3} | {density:.2}, {their_density:.2} | {:.0} times ours, {seconds:.2} s",
        their_seconds / seconds
    );
}

/// Root mean square error of the mean over draws, and log density of the mixture, per point.
fn score(draws: &[Predictions], truth: &[f64]) -> (f64, f64) {
    let count = draws.len() as f64;
    let (mut squares, mut density) = (0.0, 0.0);
    for (i, y) in truth.iter().enumerate() {
        let mean = draws.iter().map(|draw| draw[i].0).sum::<f64>() / count;
        squares += (mean - y).powi(2);
        let normal = |(mean, variance): (f64, f64)| {
            (-0.5 * (y - mean).powi(2) / variance).exp() / (std::f64::consts::TAU * variance).sqrt()
        };
        density += (draws.iter().map(|draw| normal(draw[i])).sum::<f64>() / count).max(1e-300).ln();
    }
    let n = truth.len() as f64;
    ((squares / n).sqrt(), density / n)
}

/// Draws of means and variances, and seconds; says how to get a Python with numpyro if there is none.
fn nuts(request: &Value) -> Option<(Vec<Predictions>, f64)> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/target/numpyro");
    let python = std::env::var("PARETORANK_NUMPYRO").unwrap_or_else(|_| format!("{own}/bin/python"));
    let mut command = Command::new(&python);
    let child = command.args(["-c", PROGRAM]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        println!("no {python}. To get one:\n  python3 -m venv {own} && {own}/bin/pip install numpyro");
        return None;
    };
    child.stdin.take()?.write_all(request.to_string().as_bytes()).ok()?;
    let output = child.wait_with_output().ok().filter(|o| o.status.success())?;
    let answer: Value = serde_json::from_slice(&output.stdout).ok()?;
    let matrix =
        |key: &str| -> Option<Vec<Vec<f64>>> { serde_json::from_value(answer[key].clone()).ok() };
    let draws = matrix("means")?.into_iter().zip(matrix("variances")?);
    let pairs = draws.map(|(means, variances)| means.into_iter().zip(variances).collect());
    Some((pairs.collect(), answer["seconds"].as_f64()?))
}
