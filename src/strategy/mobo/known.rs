//! What a study would do if it knew its hyperparameters from the beginning: an experiment, by which the price
//! of learning them is told apart from that of everything else.

use super::model::Fitted;
use super::process::Known;
use super::{MEMORY_VERSION, Memory};
use crate::strategy::Ledger;

/// A memory of `mobo` for the trials of `ledger`, whose hyperparameters are those that another study of the
/// same problem, with the trials `learned`, had in its `memory` at the end. Variances are the same in the
/// quantities' own units. No fit is due before the ledger has grown; `None` if there is nothing to take over.
pub fn knowing(memory: &[u8], learned: &Ledger, ledger: &Ledger) -> Option<Vec<u8>> {
    let Memory { fitted, .. } = postcard::from_bytes(memory).ok()?;
    let mut fitted: Fitted = fitted?;
    let before = fitted.scalings(learned);
    fitted.renew(ledger);
    let now = fitted.scalings(ledger);
    for ((known, before), now) in fitted.hypers.iter_mut().zip(before).zip(now) {
        let Known::Fitted(hyper) = known else { return None };
        *hyper = hyper.clone().with_variances_times((before.sd / now.sd).powi(2));
    }
    postcard::to_stdvec(&Memory { version: MEMORY_VERSION, fitted: Some(fitted) }).ok()
}
