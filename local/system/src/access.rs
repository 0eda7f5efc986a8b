//! A tenant and a key for it.

use rand::Rng;
use tributary_domain::TenantId;
use tributary_domain::api_key::ApiKeySecret;
use tributary_store::api_keys::{self, ApiKey, NewApiKey};
use tributary_store::{Store, StoreError};
use uuid::Uuid;

/// Makes a key with the given scopes for a tenant, and the tenant if there is none of that name. The
/// key is answered here and never again; one that had its name before is revoked.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn create_key(
    store: &Store,
    tenant_name: &str,
    key_name: &str,
    scopes: &[&str],
) -> Result<(TenantId, ApiKeySecret), StoreError> {
    let secret = ApiKeySecret::from_entropy(rand::rng().random());
    let mut transaction = store.begin_for_all().await?;
    let new_id = TenantId(Uuid::now_v7());
    let tenant = api_keys::find_or_create_tenant(&mut transaction, tenant_name, new_id).await?;
    api_keys::revoke_by_name(&mut transaction, tenant, key_name).await?;
    let key = ApiKey {
        tenant,
        api_key_id: Uuid::now_v7(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
    };
    let new = NewApiKey { key, name: key_name, prefix: secret.prefix(), key_hash: secret.hash() };
    api_keys::insert(&mut transaction, &new).await?;
    transaction.commit().await?;
    Ok((tenant, secret))
}
