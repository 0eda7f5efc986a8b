//! Reads a function's configuration from environment variables and reports all faults in one
//! message.

use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;

/// Reads variables and collects faults until [`Environment::finish`].
pub struct Environment<L> {
    look_up: L,
    faults: Vec<String>,
}

/// Variables that are missing or invalid.
#[derive(Debug, thiserror::Error)]
#[error("environment: {}", .0.join("; "))]
pub struct EnvironmentError(Vec<String>);

impl Environment<fn(&str) -> Option<String>> {
    /// Reads a configuration from the variables of the process.
    ///
    /// # Errors
    /// [`EnvironmentError`] names every variable that is missing or invalid.
    pub fn load<T>(read: impl FnOnce(&mut Self) -> T) -> Result<T, EnvironmentError> {
        let mut environment = Self::new(|name| std::env::var(name).ok());
        let config = read(&mut environment);
        environment.finish(config)
    }
}

impl<L: Fn(&str) -> Option<String>> Environment<L> {
    /// Reads variables with a function.
    pub const fn new(look_up: L) -> Self {
        Self { look_up, faults: Vec::new() }
    }

    /// A required text, which must not be empty.
    pub fn required(&mut self, name: &str) -> String {
        let value = (self.look_up)(name).filter(|value| !value.is_empty());
        if value.is_none() {
            self.faults.push(format!("{name} is missing"));
        }
        value.unwrap_or_default()
    }

    /// A required secret, which must not be empty.
    pub fn required_secret(&mut self, name: &str) -> SecretString {
        SecretString::from(self.required(name))
    }

    /// An optional value. An empty variable counts as missing.
    pub fn optional<T: FromStr>(&mut self, name: &str) -> Option<T> {
        let text = (self.look_up)(name).filter(|text| !text.is_empty())?;
        let value = text.parse().ok();
        if value.is_none() {
            self.faults.push(format!("{name} is invalid"));
        }
        value
    }

    /// Adds a fault in the combination of several variables. It must not contain a value.
    pub fn fault(&mut self, fault: &str) {
        self.faults.push(fault.to_owned());
    }

    /// A value with a default.
    pub fn or_default<T: FromStr>(&mut self, name: &str, default: T) -> T {
        match (self.look_up)(name) {
            None => default,
            Some(text) => text.parse().unwrap_or_else(|_| {
                self.faults.push(format!("{name} is invalid"));
                default
            }),
        }
    }

    /// A duration in whole milliseconds, with a default.
    pub fn millis(&mut self, name: &str, default: Duration) -> Duration {
        let default_ms = u64::try_from(default.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.or_default(name, default_ms))
    }

    /// Returns the configuration if there were no faults.
    ///
    /// # Errors
    /// [`EnvironmentError`] names every variable that is missing or invalid. It contains no value.
    pub fn finish<T>(self, config: T) -> Result<T, EnvironmentError> {
        if self.faults.is_empty() { Ok(config) } else { Err(EnvironmentError(self.faults)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_lists_every_fault_without_values() {
        let mut environment = Environment::new(|name| (name == "LIMIT").then(|| "secret".into()));
        environment.required("DATABASE_URL");
        environment.required("QUEUE_URL");
        environment.or_default("LIMIT", 5);
        assert_eq!(
            environment.finish(()).unwrap_err().to_string(),
            "environment: DATABASE_URL is missing; QUEUE_URL is missing; LIMIT is invalid"
        );
    }

    #[test]
    fn optional_variable_may_be_missing_or_empty_but_not_invalid() {
        let variables = [("EMPTY", ""), ("FIVE", "5"), ("WORD", "secret")];
        let mut environment = Environment::new(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        let mut read = |name| environment.optional::<u8>(name);
        assert_eq!((read("NONE"), read("EMPTY"), read("FIVE")), (None, None, Some(5)));
        assert_eq!(read("WORD"), None);
        assert_eq!(environment.finish(()).unwrap_err().to_string(), "environment: WORD is invalid");
    }

    #[test]
    fn missing_variable_has_its_default() {
        let mut environment = Environment::new(|_| None);
        let limit = environment.or_default("LIMIT", 5);
        let lease = environment.millis("LEASE_MS", Duration::from_secs(1));
        assert_eq!(environment.finish((limit, lease)).unwrap(), (5, Duration::from_secs(1)));
    }
}
