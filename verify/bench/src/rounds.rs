//! Compares durations over several rounds.
#![expect(clippy::float_arithmetic, reason = "rates and their ratios are not money")]

use std::time::Duration;

/// The throughput of one phase beside that of bare SQL.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// The phase, e.g. `ingest, 1,000 rows, 4 clients`.
    pub name: String,
    /// Rows a second of the system, the median of the rounds.
    pub rows_per_second: f64,
    /// Rows a second of bare SQL, the median of the rounds.
    pub bare_rows_per_second: f64,
    /// The first divided by the second in the same round, the median of the rounds.
    pub ratio: f64,
}

/// The durations of one phase, a pair for each round.
#[derive(Clone, Debug, Default)]
pub struct Rounds {
    rows: u32,
    pairs: Vec<(Duration, Duration)>,
}

impl Rounds {
    /// Rounds of this many rows each.
    pub fn of_rows(rows: usize) -> Self {
        Self { rows: u32::try_from(rows).unwrap_or(u32::MAX), pairs: Vec::new() }
    }

    /// Adds the durations of the system and of bare SQL.
    pub fn add(&mut self, system: Duration, bare: Duration) {
        self.pairs.push((system, bare));
    }

    /// The medians.
    pub fn timing(&self, name: String) -> Timing {
        let rate = |duration: Duration| f64::from(self.rows) / duration.as_secs_f64();
        let system: Vec<_> = self.pairs.iter().map(|pair| rate(pair.0)).collect();
        let bare: Vec<_> = self.pairs.iter().map(|pair| rate(pair.1)).collect();
        let ratios = system.iter().zip(&bare).map(|(system, bare)| system / bare).collect();
        Timing {
            name,
            rows_per_second: median(system),
            bare_rows_per_second: median(bare),
            ratio: median(ratios),
        }
    }
}

/// The median duration in milliseconds.
pub fn median_ms(durations: &[Duration]) -> f64 {
    median(durations.iter().map(|duration| duration.as_secs_f64() * 1_000.0).collect())
}

/// The median; of an even number of values the higher middle one, of none zero.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratio_is_the_median_of_the_ratios_of_each_round() {
        let mut rounds = Rounds::of_rows(100);
        for (system, bare) in [(2, 1), (4, 1), (100, 80)] {
            rounds.add(Duration::from_secs(system), Duration::from_secs(bare));
        }
        let timing = rounds.timing("test".to_owned());
        assert_eq!(timing.rows_per_second, 25.0);
        assert_eq!(timing.bare_rows_per_second, 100.0);
        assert_eq!(timing.ratio, 0.5);
    }
}
