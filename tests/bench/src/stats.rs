//! Distributions.

/// Measured values in ascending order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Distribution(Vec<f64>);

impl Distribution {
    /// Sorts values; those that are no numbers are left out.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// The smallest value that at least `percent` of all values do not exceed (nearest rank); 0 without values.
    pub(crate) fn percentile(&self, percent: f64) -> f64 {
        let rank = (percent / 100.0 * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
    }

    /// The middle value.
    pub(crate) fn median(&self) -> f64 {
        self.percentile(50.0)
    }

    /// The greatest value; 0 without values.
    pub(crate) fn max(&self) -> f64 {
        self.0.last().copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentile_is_the_value_of_the_nearest_rank() {
        let hundred = Distribution::of((1..=100).rev().map(f64::from));

        assert_eq!(
            [50.0, 99.0, 100.0].map(|percent| hundred.percentile(percent)),
            [50.0, 99.0, 100.0]
        );
        assert_eq!(Distribution::of([7.0]).percentile(1.0), 7.0);
    }

    #[test]
    fn distribution_of_nothing_is_zero() {
        let nothing = Distribution::of([f64::NAN]);

        assert_eq!((nothing.median(), nothing.max()), (0.0, 0.0));
    }
}
