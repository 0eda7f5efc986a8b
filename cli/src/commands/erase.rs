//! `tributary erase`: erases a tenant, or one of its accounts.

use std::io::{self, IsTerminal, Write};

use admin::erase::Erase;
use anyhow::{Context, bail};
use clap::Args;

use crate::admin_target::{AdminTarget, Deployed};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    deployed: Deployed,
    /// The tenant's name.
    #[arg(long)]
    tenant: String,
    /// Erase only this account. The tenant goes on working.
    #[arg(long)]
    account: Option<String>,
    /// Do not ask for confirmation.
    #[arg(long)]
    yes: bool,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let Options { deployed, tenant, account, yes } = options;
    if !yes {
        confirm(&tenant, account.as_deref())?;
    }
    let target = AdminTarget::of(deployed).await?;
    let mut rows = 0;
    let mut is_continued = false;
    loop {
        let erase = Erase { tenant: tenant.clone(), account: account.clone(), is_continued };
        let erased = target.perform(erase).await?;
        rows += erased.rows;
        if erased.is_done {
            break;
        }
        is_continued = true;
        eprintln!("{rows} rows so far");
    }
    target.close().await;
    match account {
        Some(account) => println!("Account {account} of tenant {tenant} is erased: {rows} rows."),
        None => println!("Tenant {tenant} is erased: {rows} rows."),
    }
    Ok(())
}

/// Fails unless the operator types the name of the tenant.
fn confirm(tenant: &str, account: Option<&str>) -> anyhow::Result<()> {
    if !io::stdin().is_terminal() {
        bail!("erasing cannot be undone: use --yes where nobody can confirm it");
    }
    let what = account.map_or_else(
        || format!("all data and keys of tenant {tenant}"),
        |account| format!("all data of account {account} of tenant {tenant}"),
    );
    eprint!("This erases {what}, and cannot be undone. Type the tenant's name to continue: ");
    io::stderr().flush()?;
    let mut typed = String::new();
    io::stdin().read_line(&mut typed).context("no confirmation")?;
    if typed.trim_end_matches(['\r', '\n']) != tenant {
        bail!("not confirmed, nothing is erased");
    }
    Ok(())
}
