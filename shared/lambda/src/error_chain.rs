//! Formats an error with all its causes for a log line.

use std::error::Error;
use std::fmt;

/// Displays an error and its causes, separated by colons.
pub struct Chain<'e>(pub &'e (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(formatter, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::fmt::Error);

    #[test]
    fn every_cause_is_displayed() {
        let cause = std::fmt::Error;
        assert_eq!(Chain(&Outer(cause)).to_string(), format!("outer: {cause}"));
    }
}
