//! The Lambda functions and their timeouts. The local stack uses this table, and a test compares it
//! with the deployment template. For their HTTP routes see [`crate::routes`].

use std::time::Duration;

/// A function of the deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its package, binary and Lambda name.
    pub name: &'static str,
    /// The timeout of an invocation. API Gateway waits 29 seconds.
    pub timeout: Duration,
}

/// Every function.
pub const FUNCTIONS: &[Function] = &[
    Function { name: "authorize", timeout: Duration::from_secs(5) },
    Function { name: "ingest", timeout: Duration::from_secs(25) },
    Function { name: "enrich", timeout: Duration::from_secs(60) },
    Function { name: "report", timeout: Duration::from_secs(25) },
    Function { name: "health", timeout: Duration::from_secs(5) },
    Function { name: "relay", timeout: Duration::from_secs(55) },
    Function { name: "admin", timeout: Duration::from_secs(300) },
];

/// The visibility timeout of the queue: six times the timeout of enrich, as AWS recommends for
/// event sources.
pub const QUEUE_VISIBILITY_TIMEOUT: Duration = Duration::from_secs(360);

/// The most receives of a message before SQS moves it to the dead-letter queue.
pub const QUEUE_RECEIVES_MAX: u32 = 5;

/// The function with a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::ROUTES;

    #[test]
    fn http_functions_time_out_before_the_gateway() {
        for route in ROUTES {
            let function = find(route.function()).unwrap();
            assert!(function.timeout < Duration::from_secs(29), "{}", function.name);
        }
    }

    #[test]
    fn visibility_timeout_is_six_times_that_of_enrich() {
        assert_eq!(QUEUE_VISIBILITY_TIMEOUT, find("enrich").unwrap().timeout * 6);
    }
}
