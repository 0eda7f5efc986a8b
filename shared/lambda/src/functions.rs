//! The Lambda functions and how long each may take: the one table behind the local stack, to which the
//! deployment template is held by a test. Not for what they serve: see [`crate::routes`].

use std::time::Duration;

/// A function of the deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its package, binary and Lambda name.
    pub name: &'static str,
    /// How long one invocation may take as deployed; API Gateway waits 29 seconds.
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

/// How long a message is hidden while it is worked on, as deployed: six times what enrich may take, as AWS
/// advises for event sources.
pub const QUEUE_VISIBILITY_TIMEOUT: Duration = Duration::from_secs(360);

/// How often a message may be received before it counts as a dead letter.
pub const QUEUE_RECEIVES_MAX: u32 = 5;

/// The function of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::ROUTES;

    #[test]
    fn every_route_is_of_a_function_that_ends_before_the_gateway_gives_up() {
        for route in ROUTES {
            let function = find(route.function()).unwrap();
            assert!(function.timeout < Duration::from_secs(29), "{}", function.name);
        }
    }

    #[test]
    fn a_message_is_hidden_for_six_times_what_enrich_may_take() {
        assert_eq!(QUEUE_VISIBILITY_TIMEOUT, find("enrich").unwrap().timeout * 6);
    }
}
