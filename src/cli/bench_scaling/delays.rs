//! How long evaluations pretend to take, as `--delay` says it.

use crate::config::{DURATIONS, Delay, duration, seconds};
use std::str::FromStr;

/// What `--help` says of it.
pub const HELP: &str = "\
How long an evaluation takes; several, one after the other, with commas between:
  100ms              always the same
  100ms,sigma=0.5    log-normal: the median, and the standard deviation of the logarithm
  least=50ms,alpha=1.5    heavy-tailed (Pareto): the least, and the exponent, greater than 1
  10ms,100ms,1s      three benchmarks in one";

/// Times of evaluations, one benchmark for each.
#[derive(Debug, Clone, PartialEq)]
pub struct Delays(pub Vec<Delay>);

impl FromStr for Delays {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut all = vec![];
        let mut words = text.split(',').map(str::trim).peekable();
        while let Some(word) = words.next() {
            let value = |key: &str, word: &str| -> Option<f64> {
                let (name, value) = word.split_once('=')?;
                (name.trim() == key)
                    .then(|| value.trim().parse().ok().filter(|v: &f64| v.is_finite()))?
            };
            if let Some(least) = word.strip_prefix("least=") {
                let alpha =
                    words.next().and_then(|next| value("alpha", next)).filter(|alpha| *alpha > 1.0);
                let alpha = alpha.ok_or_else(|| {
                    format!("{word:?} needs an exponent greater than 1 behind it: {word},alpha=1.5")
                })?;
                all.push(Delay::HeavyTail { least_s: time(least, true)?, alpha });
            } else if words.peek().is_some_and(|next| next.starts_with("sigma=")) {
                let sigma = words.next().and_then(|next| value("sigma", next)).filter(|s| *s > 0.0);
                let sigma = sigma.ok_or_else(|| {
                    format!("sigma behind {word:?} must be a number greater than 0: {word},sigma=0.5")
                })?;
                all.push(Delay::LogNormal { median_s: time(word, true)?, sigma });
            } else {
                all.push(Delay::Constant { seconds: time(word, false)? });
            }
        }
        Ok(Self(all))
    }
}

fn time(word: &str, is_positive: bool) -> Result<f64, String> {
    let seconds = seconds(word).ok_or_else(|| format!("{word:?} is not {DURATIONS}"))?;
    if is_positive && seconds == 0.0 {
        return Err(format!("{word:?} must be longer than 0 s"));
    }
    Ok(seconds)
}

/// For people; `--delay` takes it back.
pub fn shown(delay: Delay) -> String {
    match delay {
        Delay::Constant { seconds } => duration(seconds),
        Delay::LogNormal { median_s, sigma } => format!("{},sigma={sigma}", duration(median_s)),
        Delay::HeavyTail { least_s, alpha } => format!("least={},alpha={alpha}", duration(least_s)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_what_people_write_and_read_back() {
        let constant = |seconds| Delay::Constant { seconds };
        let normal = |median_s, sigma| Delay::LogNormal { median_s, sigma };
        let tail = |least_s, alpha| Delay::HeavyTail { least_s, alpha };
        for (text, want) in [
            ("100ms", vec![constant(0.1)]),
            ("10ms, 100 ms,1s", vec![constant(0.01), constant(0.1), constant(1.0)]),
            ("0s", vec![constant(0.0)]),
            ("100ms,sigma=0.5", vec![normal(0.1, 0.5)]),
            ("least=50ms,alpha=1.5", vec![tail(0.05, 1.5)]),
            (
                "1s,100ms,sigma=1,least=2s,alpha=3,5ms",
                vec![constant(1.0), normal(0.1, 1.0), tail(2.0, 3.0), constant(0.005)],
            ),
        ] {
            let read: Delays = text.parse().unwrap();
            assert_eq!(read.0, want, "{text}");
            let words: Vec<String> = read.0.iter().map(|delay| shown(*delay)).collect();
            assert_eq!(words.join(",").parse(), Ok(read), "{words:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_delay_is_said() {
        for (text, want) in [
            ("100", "\"100\" is not a duration with its unit such as"),
            ("", "\"\" is not a duration"),
            ("sigma=0.5", "\"sigma=0.5\" is not a duration"),
            ("100ms,sigma=0", "sigma behind \"100ms\" must be a number greater than 0: 100ms,sigma=0.5"),
            ("100ms,sigma=x", "sigma behind \"100ms\""),
            ("0s,sigma=1", "\"0s\" must be longer than 0 s"),
            ("least=50ms", "\"least=50ms\" needs an exponent greater than 1 behind it"),
            ("least=50ms,alpha=1", "needs an exponent greater than 1"),
            ("least=50ms,alpha=inf", "needs an exponent greater than 1"),
        ] {
            let refused = text.parse::<Delays>().unwrap_err();
            assert!(refused.contains(want), "{text}: {refused}");
        }
    }
}
