//! Creates and drops databases, for tests and demonstrations.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::error::StoreError;

/// Whether a name needs no quoting in SQL: lower case letters, digits and underscores.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !name.is_empty() && name.len() <= 63 && name.bytes().all(plain)
}

async fn execute_on(url: &str, name: &str, statement: String) -> Result<(), StoreError> {
    if !is_plain(name) {
        return Err(StoreError::Unexpected(sqlx::Error::Protocol("not a plain name".into())));
    }
    let mut connection = PgConnection::connect(url).await?;
    connection.execute(AssertSqlSafe(statement)).await?;
    Ok(connection.close().await?)
}

/// Creates a database, as a copy of `template` if given. `url` is that of another database of the
/// server.
///
/// # Errors
/// [`StoreError`] of the statement, or if the name needs quoting.
pub async fn create(url: &str, name: &str, template: Option<&str>) -> Result<(), StoreError> {
    let template = template.filter(|template| is_plain(template)).unwrap_or("template1");
    execute_on(url, name, format!("create database {name} template {template}")).await
}

/// Creates a database if it does not exist.
///
/// # Errors
/// [`StoreError`] of the statement, or if the name needs quoting.
pub async fn create_if_missing(url: &str, name: &str) -> Result<(), StoreError> {
    let mut connection = PgConnection::connect(url).await?;
    let exists = sqlx::query_scalar!(
        r#"select exists (select from pg_database where datname = $1) as "exists!""#,
        name
    )
    .fetch_one(&mut connection)
    .await?;
    connection.close().await?;
    if exists { Ok(()) } else { create(url, name, None).await }
}

/// Drops a database and closes the connections to it.
///
/// # Errors
/// [`StoreError`] of the statement, or if the name needs quoting.
pub async fn drop(url: &str, name: &str) -> Result<(), StoreError> {
    execute_on(url, name, format!("drop database if exists {name} with (force)")).await
}
