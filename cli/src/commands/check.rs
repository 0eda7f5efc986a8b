//! `tributary check`: proves on a live database that nothing is lost, doubled or miscounted.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use secrecy::SecretString;
use tributary_store::Store;
use tributary_store::check::{self, Check};

#[derive(Args)]
pub struct Options {
    /// The database.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: SecretString,
    /// Hold it also to having no work left: nothing pending, processing or owed.
    #[arg(long)]
    settled: bool,
    /// How long, in seconds, a lease may have run out or a message be owed before that is wrong: longer
    /// than relay takes to mind it.
    #[arg(long, default_value_t = 1_200)]
    grace: u64,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let store = Store::connect_lazily(&options.database_url)?;
    let mut transaction = store.begin_for_all().await?;
    check::freeze(&mut transaction).await?;
    let held_to =
        check::Options { settled: options.settled, grace: Duration::from_secs(options.grace) };
    let checks = check::run(&mut transaction, held_to)
        .await
        .context("the database cannot be checked: has it every migration?")?;
    transaction.rollback().await?;
    store.close().await;
    for check in &checks {
        print(check);
    }
    let broken = checks.iter().filter(|check| !check.holds()).count();
    if broken > 0 {
        bail!("{broken} of {} checks found something wrong", checks.len());
    }
    println!("All {} checks hold.", checks.len());
    Ok(())
}

fn print(check: &Check) {
    let verdict = if check.holds() { "ok    " } else { "BROKEN" };
    println!("{verdict} {}: {}", check.name, check.rule);
    for finding in &check.findings {
        println!("         {}: {} (tenant {})", finding.subject, finding.detail, finding.tenant);
    }
    let named = i64::try_from(check.findings.len()).unwrap_or(i64::MAX);
    if check.broken > named {
        println!("         and {} more", check.broken - named);
    }
}
