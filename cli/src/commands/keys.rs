//! `tributary keys`: the API keys of a tenant.

use admin::Admin;
use admin::keys::{Create, Key, List, Revoke};
use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, Subcommand};
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use tributary_domain::Scope;
use tributary_lambda::aws::Aws;
use tributary_lambda::environment::Environment;
use tributary_lambda::peppers::PepperSources;

use crate::admin_target::{AdminTarget, Deployed, on_database_of_environment};

#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    deployed: Deployed,
}

#[derive(Subcommand)]
enum Action {
    /// Make a key, and the tenant if there is none of that name. The key is written to standard output,
    /// this once. Without --function it is hashed under API_KEY_PEPPER.
    Create {
        /// The tenant's name.
        #[arg(long)]
        tenant: String,
        /// What to call the key.
        #[arg(long)]
        name: String,
        /// What it is for: ingest, report, or admin, which covers both.
        #[arg(long, value_delimiter = ',', required = true)]
        scopes: Vec<Scope>,
    },
    /// Show a tenant's keys, the newest first.
    List {
        /// The tenant's name.
        #[arg(long)]
        tenant: String,
    },
    /// Take a key back: the next request with it is refused.
    Revoke {
        /// The tenant's name.
        #[arg(long)]
        tenant: String,
        /// The key's first characters, as `keys list` shows them: never the whole key.
        #[arg(long)]
        prefix: String,
    },
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let makes_one = matches!(options.action, Action::Create { .. });
    let target = match options.deployed.function {
        Some(_) => AdminTarget::of(options.deployed).await?,
        None => AdminTarget::Here(Box::new(here(makes_one).await?)),
    };
    match options.action {
        Action::Create { tenant, name, scopes } => {
            let created = target.perform(Create { tenant, name, scopes }).await?;
            // The key alone on standard output, so that it can go to where it is kept unseen.
            eprintln!("Key {}…, shown this once:", created.prefix);
            println!("{}", created.key);
        }
        Action::List { tenant } => {
            let listed = target.perform(List { tenant }).await?;
            println!("{}", table(&listed.keys));
        }
        Action::Revoke { tenant, prefix } => {
            let revoked = target.perform(Revoke { tenant, prefix }).await?;
            println!("{} is revoked since {}", revoked.prefix, time(revoked.revoked_at));
        }
    }
    target.close().await;
    Ok(())
}

async fn here(makes_one: bool) -> anyhow::Result<Admin> {
    let admin = on_database_of_environment()?;
    if !makes_one {
        return Ok(admin);
    }
    let sources =
        Environment::load(PepperSources::read).context("a key is hashed under a pepper")?;
    Ok(admin.with_peppers(sources.load(&Aws::default()).await?))
}

fn table(keys: &[Key]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(["PREFIX", "NAME", "SCOPES", "CREATED", "LAST USED", "REVOKED"]);
    for key in keys {
        let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.name()).collect();
        table.add_row([
            key.prefix.clone(),
            key.name.clone(),
            scopes.join(","),
            time(key.created_at),
            key.last_used_at.map_or_else(|| "never".to_owned(), time),
            key.revoked_at.map_or_else(|| "no".to_owned(), time),
        ]);
    }
    table
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_shows_what_may_be_shown() {
        let made = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let key = Key {
            prefix: "trb_0a0b0c0d".to_owned(),
            name: "bank feed".to_owned(),
            scopes: vec![Scope::Ingest, Scope::Report],
            created_at: made,
            last_used_at: None,
            revoked_at: Some(made),
        };
        let shown = table(&[key]).to_string();
        for part in ["trb_0a0b0c0d", "bank feed", "ingest,report", "never", "2026-09-21T14:13:20Z"]
        {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
}
