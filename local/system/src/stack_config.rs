//! The configuration of the local stack: the environment variables of each function.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tributary_stack::StackConfig;
use tributary_store::{Role, role};

use crate::config::SystemConfig;
use crate::database::{Database, DatabaseError};
use crate::queues::QueueUrls;

/// Environment variables by function name.
type Environments = BTreeMap<String, BTreeMap<String, String>>;

pub(crate) fn stack_config(
    config: &SystemConfig,
    binary_directory: PathBuf,
    database: &Database,
    sqs_endpoint_url: &str,
    queues: &QueueUrls,
    api_key_pepper: &SecretString,
) -> Result<StackConfig, DatabaseError> {
    let mut database_url = database.functions_url()?;
    if let Some(route) = &config.database_route {
        database_url = route.of(&database_url)?;
    }
    let mut stack =
        StackConfig::new(binary_directory, database_url, sqs_endpoint_url, &queues.queue);
    stack.gateway_host = config.host;
    stack.gateway_port = config.port;
    stack.log_directory.clone_from(&config.log_directory);
    stack.enrich_concurrency = config.enrich_concurrency;
    stack.relay_interval = config.relay_interval;
    stack.timeouts.insert("enrich".to_owned(), config.timings.enrich_timeout);
    stack.function_environment = environments(config, database, queues, api_key_pepper);
    (config.adjust_stack)(&mut stack);
    Ok(stack)
}

fn environments(
    config: &SystemConfig,
    database: &Database,
    queues: &QueueUrls,
    api_key_pepper: &SecretString,
) -> Environments {
    let timings = &config.timings;
    let millis = |duration: Duration| duration.as_millis().to_string();
    let pepper = ("API_KEY_PEPPER".to_owned(), api_key_pepper.expose_secret().to_owned());

    let mut authorize = BTreeMap::from([pepper.clone()]);
    authorize.extend(config.authorize_environment.clone());
    let mut enrich = BTreeMap::from([
        ("LEASE_MS".to_owned(), millis(timings.lease)),
        ("STOP_BEFORE_DEADLINE_MS".to_owned(), millis(timings.stop_before_deadline)),
        ("REQUEUE_AFTER_MS".to_owned(), millis(timings.requeue_after)),
    ]);
    if let Some(latency) = &config.simulated_latency {
        enrich.insert("SIMULATED_LATENCY_MS".to_owned(), latency.clone());
    }
    let ingest = BTreeMap::from([("ANNOUNCE_AFTER_MS".to_owned(), millis(timings.announce_after))]);
    let relay = BTreeMap::from([("REQUEUE_AFTER_MS".to_owned(), millis(timings.requeue_after))]);
    let admin = BTreeMap::from([
        pepper.clone(),
        ("DEAD_LETTER_QUEUE_URL".to_owned(), queues.dead_letter_queue.clone()),
        // A direct connection: migrations hold a session lock, which PgBouncer does not support.
        ("DATABASE_URL".to_owned(), database.url().to_owned()),
    ]);
    let mut environments = Environments::from([
        ("authorize".to_owned(), authorize),
        ("keys".to_owned(), BTreeMap::from([pepper])),
        ("ingest".to_owned(), ingest),
        ("enrich".to_owned(), enrich),
        ("relay".to_owned(), relay),
        ("admin".to_owned(), admin),
    ]);
    add_database_roles(&mut environments);
    environments
}

/// Sets each function's `DATABASE_ROLE`, as the deployment template does.
fn add_database_roles(environments: &mut Environments) {
    for function in role::FUNCTIONS {
        let role = Role::of_function(function).map(|role| role.to_string());
        let environment = environments.entry(function.to_owned()).or_default();
        environment.extend(role.map(|role| ("DATABASE_ROLE".to_owned(), role)));
    }
}

#[cfg(test)]
mod tests {
    use tributary_lambda::functions::FUNCTIONS;

    use super::*;

    #[test]
    fn admin_connects_as_the_owner_and_pages_not_at_all() {
        let mut environments = Environments::new();
        add_database_roles(&mut environments);
        for function in FUNCTIONS {
            let name = function.name;
            let role = environments.get(name).and_then(|variables| variables.get("DATABASE_ROLE"));
            let expected =
                (!["admin", "pages"].contains(&name)).then(|| format!("tributary_{name}"));
            assert_eq!(role, expected.as_ref(), "{name}");
        }
    }
}
