//! The middle of some values.
use std::cmp::Ordering;

/// The middle one of `values` in this order, the upper of two; `None` where there is none.
pub fn median_by<T: Copy>(mut values: Vec<T>, order: impl FnMut(&T, &T) -> Ordering) -> Option<T> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, order).1)
}
