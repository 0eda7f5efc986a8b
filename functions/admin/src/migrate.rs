//! `migrate`: brings the schema to this version, and lets the functions log in. Done again, it does nothing.

use serde::{Deserialize, Serialize};
use tracing::info;
use tributary_store::{MIGRATOR, StoreError, migrations, role};

use crate::error::AdminError;
use crate::handler::Admin;
use crate::operation::Operation;

/// Apply the migrations that the database does not have yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Migrate {}

/// The database has every migration now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migrated {
    /// How many there are.
    pub migrations: usize,
    /// The versions that it did not have before.
    pub applied: Vec<i64>,
}

impl Operation for Migrate {
    const NAME: &'static str = "migrate";
    type Answer = Migrated;

    async fn run(self, admin: &Admin) -> Result<Migrated, AdminError> {
        let missing = missing(admin).await?;
        let store = admin.store()?;
        store.migrate().await?;
        if admin.roles_log_in() {
            let mut tx = store.begin_for_all().await?;
            role::grant_login(&mut tx).await?;
            tx.commit().await.map_err(StoreError::from)?;
        }
        info!(applied = missing.len(), "migrations applied");
        Ok(Migrated { migrations: MIGRATOR.iter().count(), applied: missing })
    }
}

/// That the database has every migration, for what cannot be done without.
pub(crate) async fn require_all(admin: &Admin) -> Result<(), AdminError> {
    match missing(admin).await?.len() {
        0 => Ok(()),
        missing => Err(AdminError::Unmigrated { missing, known: MIGRATOR.iter().count() }),
    }
}

/// The migrations that the database does not have.
pub(crate) async fn missing(admin: &Admin) -> Result<Vec<i64>, AdminError> {
    let mut tx = admin.store()?.begin_for_all().await?;
    let missing = migrations::missing(&mut tx).await?;
    tx.rollback().await.map_err(StoreError::from)?;
    Ok(missing)
}
