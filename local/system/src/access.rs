//! The pepper of a run, and a tenant with a key.

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

/// How many random bytes a pepper is made of.
const PEPPER_BYTES: usize = 32;

/// A new pepper.
#[must_use]
pub fn new_pepper() -> SecretString {
    let random: [u8; PEPPER_BYTES] = rand::rng().random();
    let mut text = String::with_capacity(2 * PEPPER_BYTES);
    for byte in random {
        // A String takes all that is written to it.
        let _ = write!(text, "{byte:02x}");
    }
    text.into()
}

/// The pepper that a file keeps, which only its owner may read; one is made if there is none. Data that
/// stays needs its pepper to stay: without it no key of that data is known any more.
///
/// # Errors
/// If the file can be neither read nor made.
pub fn kept_pepper(path: &Path) -> io::Result<SecretString> {
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

/// Makes a key with the given scopes for a tenant, and the tenant if there is none of that name. The
/// key is answered here and never again; one that had its name before is revoked.
///
/// # Errors
/// [`AdminError`] of the operation, and of what it stands on.
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
    fn a_kept_pepper_stays_the_same_and_is_for_its_owner_alone() {
        let folder = std::env::temp_dir().join(format!("tributary-pepper-{}", Uuid::now_v7()));
        fs::create_dir(&folder).unwrap();
        let path = folder.join("pepper");
        let first = kept_pepper(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(kept_pepper(&path).unwrap().expose_secret(), first.expose_secret());
        assert!(Pepper::new(first.expose_secret()).is_ok());
        assert_ne!(new_pepper().expose_secret(), first.expose_secret());
        fs::remove_dir_all(folder).unwrap();
    }
}
