//! Databases on a server: made for a test or a demonstration, dropped after it.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::error::StoreError;

/// A name that is safe to stand in SQL as it is: lower case letters, digits and underscores.
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

/// Makes a database, a copy of `template` if one is given; `url` is of any other database of the server.
///
/// # Errors
/// [`StoreError`] if the server refuses, or the name is not plain.
pub async fn create(url: &str, name: &str, template: Option<&str>) -> Result<(), StoreError> {
    let template = template.filter(|template| is_plain(template)).unwrap_or("template1");
    execute_on(url, name, format!("create database {name} template {template}")).await
}

/// Makes a database if there is none of that name.
///
/// # Errors
/// [`StoreError`] if the server refuses, or the name is not plain.
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

/// Drops a database, and whoever is connected to it.
///
/// # Errors
/// [`StoreError`] if the server refuses, or the name is not plain.
pub async fn drop(url: &str, name: &str) -> Result<(), StoreError> {
    execute_on(url, name, format!("drop database if exists {name} with (force)")).await
}
