//! `tributary keys`: creates, lists and revokes API keys.

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

use crate::admin_target::{AdminTarget, Deployed, local_admin};

#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    deployed: Deployed,
}

#[derive(Subcommand)]
enum Action {
    /// Create a key, and the tenant if it does not exist. Prints the key to standard output; it
    /// cannot be shown again. Without --function, requires API_KEY_PEPPER, under which keys are
    /// hashed.
    Create {
        /// The tenant's name.
        #[arg(long)]
        tenant: String,
        /// The name of the key.
        #[arg(long)]
        name: String,
        /// The scopes of the key: ingest, report, or admin, which includes both.
        #[arg(long, value_delimiter = ',', required = true)]
        scopes: Vec<Scope>,
    },
    /// List a tenant's keys, newest first.
    List {
        /// The tenant's name.
        #[arg(long)]
        tenant: String,
    },
    /// Revoke a key. Requests with it are rejected from then on.
    Revoke {
        /// The tenant's name.
        #[arg(long)]
        tenant: String,
        /// The prefix of the key, as `keys list` shows it. Never the whole key.
        #[arg(long)]
        prefix: String,
    },
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let is_create = matches!(options.action, Action::Create { .. });
    let target = match options.deployed.function {
        Some(function) => AdminTarget::deployed(function).await,
        None => AdminTarget::Local(Box::new(local(is_create).await?)),
    };
    match options.action {
        Action::Create { tenant, name, scopes } => {
            let created = target.perform(Create { tenant, name, scopes }).await?;
            // Only the key goes to standard output, so that it can be redirected without being
            // displayed.
            eprintln!("Key {}…, which cannot be shown again:", created.prefix);
            println!("{}", created.key);
        }
        Action::List { tenant } => {
            let listed = target.perform(List { tenant }).await?;
            println!("{}", table(&listed.keys));
        }
        Action::Revoke { tenant, prefix } => {
            let revoked = target.perform(Revoke { tenant, prefix }).await?;
            println!("{} was revoked at {}", revoked.prefix, time(revoked.revoked_at));
        }
    }
    target.close().await;
    Ok(())
}

async fn local(needs_peppers: bool) -> anyhow::Result<Admin> {
    let admin = local_admin()?;
    if !needs_peppers {
        return Ok(admin);
    }
    let sources =
        Environment::load(PepperSources::read).context("creating a key requires a pepper")?;
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
    fn list_shows_all_public_fields() {
        let created = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let key = Key {
            prefix: "trb_0a0b0c0d".to_owned(),
            name: "bank feed".to_owned(),
            scopes: vec![Scope::Ingest, Scope::Report],
            created_at: created,
            last_used_at: None,
            revoked_at: Some(created),
        };
        let shown = table(&[key]).to_string();
        for part in ["trb_0a0b0c0d", "bank feed", "ingest,report", "never", "2026-09-21T14:13:20Z"]
        {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
}
