//! `tributary check`: checks a live database for lost, duplicated or miscounted data.

use admin::check::{Check, GRACE_S_DEFAULT, Verdict};
use anyhow::bail;
use clap::Args;

use crate::admin_target::{AdminTarget, Deployed};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    deployed: Deployed,
    /// Also require that no work remains: no pending or processing transactions, no slices.
    #[arg(long)]
    settled: bool,
    /// How long, in seconds, a lease may be expired or a batch due to be announced before it is an
    /// error. Longer than relay takes to process it.
    #[arg(long, default_value_t = GRACE_S_DEFAULT)]
    grace: u64,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let target = AdminTarget::of(options.deployed).await?;
    let check = Check { settled: options.settled, grace_s: options.grace };
    let checks = target.perform(check).await?.checks;
    target.close().await;
    for check in &checks {
        print(check);
    }
    let failed = checks.iter().filter(|check| !check.holds()).count();
    if failed > 0 {
        bail!("{failed} of {} checks failed", checks.len());
    }
    println!("All {} checks passed.", checks.len());
    Ok(())
}

fn print(check: &Verdict) {
    let verdict = if check.holds() { "ok    " } else { "FAILED" };
    println!("{verdict} {}: {}", check.name, check.rule);
    for finding in &check.findings {
        println!("         {}: {} (tenant {})", finding.subject, finding.detail, finding.tenant);
    }
    let listed = i64::try_from(check.findings.len()).unwrap_or(i64::MAX);
    if check.broken > listed {
        println!("         and {} more", check.broken - listed);
    }
}
