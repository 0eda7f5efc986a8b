//! `tributary migrate`: applies the migrations.

use admin::migrate::Migrate;
use clap::Args;

use crate::admin_target::{AdminTarget, Deployed};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    deployed: Deployed,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let target = AdminTarget::of(options.deployed).await?;
    let migrated = target.perform(Migrate {}).await?;
    target.close().await;
    println!("The database has all {} migrations.", migrated.migrations);
    Ok(())
}
