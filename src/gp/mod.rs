//! One exact Gaussian process per objective: kernel, priors, fit or draws of hyperparameters, posterior.
//!
//! Inputs are points of the unit cube, outputs are standardised (mean 0, standard deviation 1 over
//! the training data). Known standard errors enter as a diagonal of their own; unknown noise is
//! inferred.

mod blas;
mod data;
mod factor;
mod fit;
mod hmc;
mod hyper;
mod inputs;
mod kernel;
mod loops;
mod posterior;
mod prior;
mod relevance;
mod sample;

pub use data::{Data, Scaling};
pub use factor::NotPositive;
pub use fit::{fit, negative_log_posterior};
pub use hyper::{Bowl, Family, Hyper};
pub use posterior::{Posterior, Prediction};
pub use relevance::relevance;
pub use sample::Chains;
