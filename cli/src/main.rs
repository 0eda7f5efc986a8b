//! The `tributary` command: runs the whole system on this machine, or operates a running one.

mod admin_target;
mod api_key;
mod batch_maker;
mod commands;
mod plaid_maker;
mod signal;
mod start;
mod terminal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Ingests batches of bank transactions, categorises them in the background and reports on them.
#[derive(Parser)]
#[command(name = "tributary", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start a temporary system, send a batch, watch its progress, print the report, stop the
    /// system.
    Demo(commands::demo::Options),
    /// Start the system on this machine and run it until Ctrl-C.
    Up(commands::up::Options),
    /// Send batches of generated transactions to a running system, local or deployed.
    Simulate(commands::simulate::Options),
    /// Apply the migrations to the database at DATABASE_URL, or of a deployed stack.
    Migrate(commands::migrate::Options),
    /// Check the database at DATABASE_URL, or of a deployed stack, for lost, duplicated or
    /// miscounted data.
    Check(commands::check::Options),
    /// Inject faults into a temporary system, and check that it loses and duplicates nothing.
    Chaos(commands::chaos::Options),
    /// Measure a temporary system beside bare SQL. Needs a release build.
    Bench(commands::bench::Options),
    /// List the messages in the dead-letter queue, or redrive them.
    Dlq(commands::dlq::Options),
    /// Create, list and revoke the API keys of a tenant.
    Keys(commands::keys::Options),
    /// Erase a tenant, or one of its accounts, from the database.
    Erase(commands::erase::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Demo(options) => commands::demo::run(options).await,
        Command::Up(options) => commands::up::run(options).await,
        Command::Simulate(options) => commands::simulate::run(options).await,
        Command::Migrate(options) => commands::migrate::run(options).await,
        Command::Check(options) => commands::check::run(options).await,
        Command::Chaos(options) => commands::chaos::run(options).await,
        Command::Bench(options) => commands::bench::run(options).await,
        Command::Dlq(options) => commands::dlq::run(options).await,
        Command::Keys(options) => commands::keys::run(options).await,
        Command::Erase(options) => commands::erase::run(options).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // All causes in one line, without a backtrace.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory};

    /// The long option names of a command and its subcommands.
    fn options(command: &Command) -> Vec<String> {
        let own = command.get_arguments().filter_map(|option| option.get_long());
        let nested = command.get_subcommands().flat_map(options);
        own.map(str::to_owned).chain(nested).collect()
    }

    #[test]
    fn no_option_takes_a_secret_since_process_lists_are_public() {
        let options = options(&super::Arguments::command());
        assert!(options.contains(&"api-key-file".to_owned()), "{options:?}");
        for secret in ["api-key", "key", "pepper", "token", "secret", "password", "database-url"] {
            assert!(!options.contains(&secret.to_owned()), "--{secret}");
        }
    }
}
