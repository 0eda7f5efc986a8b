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
