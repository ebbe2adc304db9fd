//! Dominance, fronts, hypervolume. Smaller is better throughout.
