//! `tributary check`: proves on a live database that nothing is lost, doubled or miscounted.

use admin::check::{Check, GRACE_S_DEFAULT, Verdict};
use anyhow::bail;
use clap::Args;

use crate::admin_target::{AdminTarget, Deployed};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    deployed: Deployed,
    /// Hold it also to having no work left: nothing pending, processing or owed.
    #[arg(long)]
    settled: bool,
    /// How long, in seconds, a lease may have run out or a message be owed before that is wrong: longer
    /// than relay takes to mind it.
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
    let broken = checks.iter().filter(|check| !check.holds()).count();
    if broken > 0 {
        bail!("{broken} of {} checks found something wrong", checks.len());
    }
    println!("All {} checks hold.", checks.len());
    Ok(())
}

fn print(check: &Verdict) {
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
