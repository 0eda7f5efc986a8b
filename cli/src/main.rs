//! The `tributary` command: runs the whole system on this machine, and talks to a running one.

mod admin_target;
mod api_key;
mod batch_maker;
mod client;
mod commands;
mod terminal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Takes in batches of bank transactions, categorises them in the background, reports on them.
#[derive(Parser)]
#[command(name = "tributary", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything, send a batch, watch it being enriched, print the report, stop everything.
    Demo(commands::demo::Options),
    /// Start everything on this machine and keep it running until Ctrl-C.
    Up(commands::up::Options),
    /// Send batches of made-up transactions to a running system, here or deployed.
    Simulate(commands::simulate::Options),
    /// Apply the migrations to the database of DATABASE_URL, or of a deployed stack.
    Migrate(commands::migrate::Options),
    /// Prove on the database of DATABASE_URL, or of a deployed stack, that nothing is lost, doubled or miscounted.
    Check(commands::check::Options),
    /// Harm a system that is thrown away, again and again, and prove that it loses and doubles nothing.
    Chaos(commands::chaos::Options),
    /// Look at the messages that were given up, or send them back.
    Dlq(commands::dlq::Options),
    /// Make, list and revoke the API keys of a tenant.
    Keys(commands::keys::Options),
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
        Command::Dlq(options) => commands::dlq::run(options).await,
        Command::Keys(options) => commands::keys::run(options).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The causes in one line; a backtrace would bury them.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory};

    /// The long names of every option of a command and those below it.
    fn options(command: &Command) -> Vec<String> {
        let own = command.get_arguments().filter_map(|option| option.get_long());
        let below = command.get_subcommands().flat_map(options);
        own.map(str::to_owned).chain(below).collect()
    }

    #[test]
    fn no_option_takes_a_key_since_every_user_may_list_processes() {
        let options = options(&super::Arguments::command());
        assert!(options.contains(&"api-key-file".to_owned()), "{options:?}");
        for secret in ["api-key", "key", "pepper", "token", "secret", "password", "database-url"] {
            assert!(!options.contains(&secret.to_owned()), "--{secret}");
        }
    }
}
