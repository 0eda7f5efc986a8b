//! A function's configuration from environment variables: read once, all faults in one message.

use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;

/// Reads variables and notes what is missing or wrong, until [`Environment::finish`].
pub struct Environment<L> {
    look_up: L,
    faults: Vec<String>,
}

/// Variables that are missing or wrong.
#[derive(Debug, thiserror::Error)]
#[error("environment: {}", .0.join("; "))]
pub struct EnvironmentError(Vec<String>);

impl Environment<fn(&str) -> Option<String>> {
    /// Reads the process's variables.
    #[must_use]
    pub fn of_process() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }
}

impl<L: Fn(&str) -> Option<String>> Environment<L> {
    /// Reads from anywhere.
    pub const fn new(look_up: L) -> Self {
        Self { look_up, faults: Vec::new() }
    }

    /// A text that must be there and not empty.
    pub fn required(&mut self, name: &str) -> String {
        let value = (self.look_up)(name).filter(|value| !value.is_empty());
        if value.is_none() {
            self.faults.push(format!("{name} is missing"));
        }
        value.unwrap_or_default()
    }

    /// A secret that must be there and not empty.
    pub fn required_secret(&mut self, name: &str) -> SecretString {
        SecretString::from(self.required(name))
    }

    /// A value that need not be there; empty is as good as not there.
    pub fn optional<T: FromStr>(&mut self, name: &str) -> Option<T> {
        let text = (self.look_up)(name).filter(|text| !text.is_empty())?;
        let value = text.parse().ok();
        if value.is_none() {
            self.faults.push(format!("{name} cannot be read"));
        }
        value
    }

    /// Notes what is wrong with variables that are right each for itself. It names no value.
    pub fn fault(&mut self, fault: &str) {
        self.faults.push(fault.to_owned());
    }

    /// A value that has a default.
    pub fn or_default<T: FromStr>(&mut self, name: &str, default: T) -> T {
        match (self.look_up)(name) {
            None => default,
            Some(text) => text.parse().unwrap_or_else(|_| {
                self.faults.push(format!("{name} cannot be read"));
                default
            }),
        }
    }

    /// A time in whole milliseconds that has a default.
    pub fn millis(&mut self, name: &str, default: Duration) -> Duration {
        let default_ms = u64::try_from(default.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.or_default(name, default_ms))
    }

    /// The configuration, if nothing was missing or wrong.
    ///
    /// # Errors
    /// [`EnvironmentError`] names every variable at fault, and no value.
    pub fn finish<T>(self, config: T) -> Result<T, EnvironmentError> {
        if self.faults.is_empty() { Ok(config) } else { Err(EnvironmentError(self.faults)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_stands_in_one_message_without_values() {
        let mut environment = Environment::new(|name| (name == "LIMIT").then(|| "secret".into()));
        environment.required("DATABASE_URL");
        environment.required("QUEUE_URL");
        environment.or_default("LIMIT", 5);
        assert_eq!(
            environment.finish(()).unwrap_err().to_string(),
            "environment: DATABASE_URL is missing; QUEUE_URL is missing; LIMIT cannot be read"
        );
    }

    #[test]
    fn what_is_optional_may_be_missing_or_empty_but_not_wrong() {
        let variables = [("EMPTY", ""), ("FIVE", "5"), ("WORD", "secret")];
        let mut environment = Environment::new(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        let mut read = |name| environment.optional::<u8>(name);
        assert_eq!((read("NONE"), read("EMPTY"), read("FIVE")), (None, None, Some(5)));
        assert_eq!(read("WORD"), None);
        assert_eq!(
            environment.finish(()).unwrap_err().to_string(),
            "environment: WORD cannot be read"
        );
    }

    #[test]
    fn a_default_stands_where_nothing_is_set() {
        let mut environment = Environment::new(|_| None);
        let limit = environment.or_default("LIMIT", 5);
        let lease = environment.millis("LEASE_MS", Duration::from_secs(1));
        assert_eq!(environment.finish((limit, lease)).unwrap(), (5, Duration::from_secs(1)));
    }
}
