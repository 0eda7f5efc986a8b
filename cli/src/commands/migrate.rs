//! `tributary migrate`

use clap::Args;
use secrecy::SecretString;
use tributary_store::{MIGRATOR, Store};

#[derive(Args)]
pub struct Options {
    /// The database.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: SecretString,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let store = Store::connect_lazily(&options.database_url)?;
    store.migrate().await?;
    store.close().await;
    println!("The database has all {} migrations.", MIGRATOR.iter().count());
    Ok(())
}
