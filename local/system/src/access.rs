//! API keys for a local run, and the pepper that they are hashed with.

use std::fmt::Write;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use admin::keys::{Create, Created};
use admin::{Admin, AdminError, Operation};
use rand::Rng;
use secrecy::{ExposeSecret, SecretString};
use tributary_domain::Scope;
use tributary_domain::api_key::Peppers;
use tributary_store::{Store, StoreError, api_keys, tenants};

/// The number of random bytes in a generated pepper.
const PEPPER_BYTES: usize = 32;

/// Generates a pepper.
#[must_use]
pub fn new_pepper() -> SecretString {
    let random: [u8; PEPPER_BYTES] = rand::rng().random();
    let mut text = String::with_capacity(2 * PEPPER_BYTES);
    for byte in random {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.into()
}

/// Reads the pepper from a file, or generates one and writes it there with mode 0600. Without its
/// pepper, the API keys of a kept database are no longer valid.
///
/// # Errors
/// If the file can be neither read nor created.
pub fn load_or_create_pepper(path: &Path) -> io::Result<SecretString> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.trim().into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let pepper = new_pepper();
            let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
            writeln!(file, "{}", pepper.expose_secret())?;
            file.sync_all()?;
            Ok(pepper)
        }
        Err(error) => Err(error),
    }
}

/// Creates an API key with the given scopes, and the tenant if it does not exist. The key itself is
/// not stored. An earlier key of the same name is revoked.
///
/// # Errors
/// [`AdminError`] if the operation or the database fails.
pub async fn create_key(
    store: &Store,
    peppers: &Peppers,
    tenant_name: &str,
    key_name: &str,
    scopes: &[Scope],
) -> Result<Created, AdminError> {
    let mut tx = store.begin_for_all().await?;
    if let Some(tenant) = tenants::find(&mut tx, tenant_name).await? {
        api_keys::revoke_by_name(&mut tx, tenant, key_name).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    let admin = Admin::default().with_store(store.clone()).with_peppers(peppers.clone());
    let (tenant, name) = (tenant_name.to_owned(), key_name.to_owned());
    Create { tenant, name, scopes: scopes.to_vec() }.run(&admin).await
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tributary_domain::api_key::Pepper;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn loaded_pepper_stays_the_same_and_only_its_owner_can_read_it() {
        let folder = std::env::temp_dir().join(format!("tributary-pepper-{}", Uuid::now_v7()));
        fs::create_dir(&folder).unwrap();
        let path = folder.join("pepper");
        let first = load_or_create_pepper(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(load_or_create_pepper(&path).unwrap().expose_secret(), first.expose_secret());
        assert!(Pepper::new(first.expose_secret()).is_ok());
        assert_ne!(new_pepper().expose_secret(), first.expose_secret());
        fs::remove_dir_all(folder).unwrap();
    }
}
