//! `migrate`: applies the missing migrations and lets the functions log in. It is idempotent.

use serde::{Deserialize, Serialize};
use tracing::info;
use tributary_store::{MIGRATOR, StoreError, migrations, role};

use crate::context::Admin;
use crate::error::AdminError;
use crate::operation::Operation;

/// Apply the missing migrations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Migrate {}

/// The database has every migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migrated {
    /// The number of migrations.
    pub migrations: usize,
    /// The versions that were applied.
    pub applied: Vec<i64>,
}

impl Operation for Migrate {
    const NAME: &'static str = "migrate";
    type Output = Migrated;

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

/// Returns an error unless the database has every migration.
pub(crate) async fn require_all(admin: &Admin) -> Result<(), AdminError> {
    match missing(admin).await?.len() {
        0 => Ok(()),
        missing => Err(AdminError::Unmigrated { missing, known: MIGRATOR.iter().count() }),
    }
}

/// The versions of the missing migrations.
pub(crate) async fn missing(admin: &Admin) -> Result<Vec<i64>, AdminError> {
    let mut tx = admin.store()?.begin_for_all().await?;
    let missing = migrations::missing(&mut tx).await?;
    tx.rollback().await.map_err(StoreError::from)?;
    Ok(missing)
}
