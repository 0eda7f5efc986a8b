//! Runs a command with `DATABASE_URL` set to a temporary, migrated database:
//! `throwaway-postgres -- COMMAND [ARGUMENTS…]`. Its exit code is the command's.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::migrate::Migrator;
use sqlx::{Connection, PgConnection};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tributary_postgres::{Options, Postgres, Storage};

const DATABASE: &str = "tributary";

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let mut words = std::env::args_os().skip(1).peekable();
    words.next_if(|word| word == "--");
    let Some(program) = words.next() else {
        bail!("usage: throwaway-postgres -- COMMAND [ARGUMENTS…]");
    };
    // Installed before the start: a signal that ends this process would leave the command running.
    // The guard would stop the server in any case.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let starting = start();
    let postgres = tokio::select! {
        started = starting => started?,
        _ = interrupt.recv() => return Ok(ExitCode::from(130)),
        _ = terminate.recv() => return Ok(ExitCode::from(143)),
    };
    let child = Command::new(&program)
        .args(words)
        .env("DATABASE_URL", postgres.url(DATABASE))
        .kill_on_drop(true)
        .spawn();
    let ended = match child {
        Err(error) => Err(error),
        Ok(mut child) => loop {
            tokio::select! {
                ended = child.wait() => break ended,
                _ = interrupt.recv() => forward(&child, Signal::INT),
                _ = terminate.recv() => forward(&child, Signal::TERM),
            }
        },
    };
    postgres.stop().await?;
    let ended = ended.with_context(|| format!("cannot run {}", program.display()))?;
    let code = ended.code().or_else(|| Some(128 + ended.signal()?)).unwrap_or(1);
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

async fn start() -> anyhow::Result<Postgres> {
    let progress = |step: &str| eprintln!("throwaway-postgres: {step}");
    let postgres =
        Postgres::start(Options { storage: Storage::Temporary, progress: &progress }).await?;
    let mut connection = PgConnection::connect(&postgres.url("postgres")).await?;
    sqlx::query(sqlx::AssertSqlSafe(format!("create database {DATABASE}")))
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    let folder = migrations();
    let migrator = Migrator::new(folder.clone())
        .await
        .with_context(|| format!("cannot read {}", folder.display()))?;
    let mut connection = PgConnection::connect(&postgres.url(DATABASE)).await?;
    migrator.run(&mut connection).await?;
    connection.close().await?;
    Ok(postgres)
}

/// The migrations of the workspace under `cargo run`, or else of the current folder.
fn migrations() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let workspace = package.map(|package| package.join("../.."));
    workspace.unwrap_or_default().join("migrations")
}

/// A second signal is harmless if the terminal has already sent it to the command.
fn forward(child: &Child, signal: Signal) {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // Fails only if the command has already ended.
        let _ = kill_process(pid, signal);
    }
}
