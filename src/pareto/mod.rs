//! Dominance, fronts, hypervolume. Smaller is better throughout.
//!
//! Points are objective vectors of one common length M, with finite values; a slice of n of them is an
//! n × M matrix. [`hypervolume`] measures a set of points from nothing, [`exclusive_contributions`]
//! what each adds to it, and [`Front`] keeps non-dominated points and their hypervolume as they come,
//! which is the way to a curve. All three are exact up to rounding, for any M; their cost grows
//! steeply with M, and 1,000 points in 7 objectives are still a matter of about a second.
//! `cargo bench --bench hypervolume` measures them.

mod contribution;
mod dominance;
mod front;
mod hypervolume;
mod limit;
mod reference;
mod solid;
mod sorting;
mod staircase;
#[cfg(test)]
mod tests;
mod volume;

pub use contribution::exclusive_contributions;
pub use dominance::{dominates, non_dominated};
pub use front::Front;
pub use hypervolume::hypervolume;
pub use reference::reference_point;
pub use sorting::{crowding_distance, non_dominated_sort};
