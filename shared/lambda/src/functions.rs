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
    /// The time limit of one statement. With the time to connect it is shorter than `timeout`, so
    /// that the function can still respond.
    pub statement_timeout: Duration,
}

/// Authorises the requests of API Gateway.
pub const AUTHORIZE: Function = function("authorize", 5, 1_500);
/// Serves the calls that write.
pub const INGEST: Function = function("ingest", 25, 20_000);
/// Processes the messages of the queue.
pub const ENRICH: Function = function("enrich", 60, 6_000);
/// Serves the calls that read.
pub const REPORT: Function = function("report", 25, 20_000);
/// Serves the calls that manage API keys.
pub const KEYS: Function = function("keys", 25, 20_000);
/// Reports whether the database and the queue are available.
pub const HEALTH: Function = function("health", 5, 1_500);
/// Serves the files of the console and of the API's documentation. It has no database.
pub const PAGES: Function = function("pages", 5, 1_500);
/// Runs on a schedule.
pub const RELAY: Function = function("relay", 55, 30_000);
/// Runs the operations of operators.
pub const ADMIN: Function = function("admin", 300, 290_000);

/// Every function.
pub const FUNCTIONS: &[Function] =
    &[AUTHORIZE, INGEST, ENRICH, REPORT, KEYS, HEALTH, PAGES, RELAY, ADMIN];

const fn function(name: &'static str, timeout_s: u64, statement_timeout_ms: u64) -> Function {
    Function {
        name,
        timeout: Duration::from_secs(timeout_s),
        statement_timeout: Duration::from_millis(statement_timeout_ms),
    }
}

/// The visibility timeout of the queue: six times the timeout of enrich, as AWS recommends for
/// event sources.
pub const QUEUE_VISIBILITY_TIMEOUT: Duration = Duration::from_secs(360);

/// The most receives of a message before SQS moves it to the dead-letter queue. A row that kills its
/// worker uses up six; a message that shares its process with several such rows uses up more.
pub const QUEUE_RECEIVES_MAX: u32 = 20;

/// The function with a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

#[cfg(test)]
mod tests {
    use tributary_store::Store;

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
    fn function_can_connect_and_respond_after_a_statement_timeout() {
        for function in FUNCTIONS {
            let used = Store::CONNECT_TIMEOUT + function.statement_timeout;
            assert!(used < function.timeout, "{}", function.name);
        }
    }

    #[test]
    fn visibility_timeout_is_six_times_that_of_enrich() {
        assert_eq!(QUEUE_VISIBILITY_TIMEOUT, find("enrich").unwrap().timeout * 6);
    }
}
