//! Ratios, pair by pair, and their spread.

use std::fmt;

/// The ratios of several pairs of measurements.
#[derive(Default)]
pub(crate) struct Ratios(Vec<f64>);

impl Ratios {
    pub(crate) fn add(&mut self, one: f64, other: f64) {
        self.0.push(one / other);
        self.0.sort_by(f64::total_cmp);
    }

    fn at(&self, part: usize) -> f64 {
        // `part` is a percentage, so the index is one of the slice, unless that is empty.
        let last = self.0.len().saturating_sub(1);
        self.0.get(last * part / 100).copied().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Ratios {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("not told by this system");
        }
        write!(
            f,
            "median {:.3}, middle half {:.3} to {:.3}, all {:.3} to {:.3}",
            self.at(50),
            self.at(25),
            self.at(75),
            self.at(0),
            self.at(100)
        )
    }
}
