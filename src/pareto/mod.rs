//! Dominance, fronts, hypervolume. Smaller is better throughout.
//!
//! Points are objective vectors of one common length, with finite values.

mod contribution;
mod dominance;
mod growing;
mod hypervolume;
mod reference;
mod sorting;
mod sweep;

pub use contribution::exclusive_contributions;
pub use dominance::{dominates, non_dominated};
pub use growing::GrowingFront;
pub use hypervolume::hypervolume;
pub use reference::reference_point;
pub use sorting::{crowding_distance, non_dominated_sort};
