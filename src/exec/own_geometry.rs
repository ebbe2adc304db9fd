//! The detector description of a trial, made before the first of its tasks on a rank.

use crate::geometry::{self, Layout};
use crate::problem::{Design, Space, TrialId};
use std::path::Path;

/// The folder below the trial's. No stage has such a name, whose folders are beside it.
const FOLDER: &str = "+geometry";

/// Makes `RUN/trials/000123/+geometry` unless another rank has made it, and returns the path of its top
/// file: what `{geometry}` stands for. `output` is the run directory, absolute, which ranks share.
///
/// # Errors
/// What could not be made, in words with the path.
pub(super) fn make(
    layout: &Layout,
    output: &Path,
    trial: TrialId,
    space: &Space,
    design: &Design,
) -> Result<String, String> {
    let root = super::directory::of_trial(output, trial).join(FOLDER);
    let root = std::path::absolute(&root).map_err(|e| format!("{}: {e}", root.display()))?;
    let not_text = || format!("{} is not UTF-8", root.display());
    let overlay = layout.overlay(root.to_str().ok_or_else(not_text)?, space, design);
    let top = geometry::place(&overlay, &root)?;
    top.to_str().map(str::to_owned).ok_or_else(not_text)
}
