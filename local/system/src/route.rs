//! Redirects the functions' database connections, for fault injection.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use url::Url;

use crate::database::DatabaseError;

/// PostgreSQL's default port.
const PORT_DEFAULT: u16 = 5432;

/// Maps `host:port` of the database (or its pooler) to the address that the functions connect to.
#[derive(Clone)]
pub struct DatabaseRoute(Arc<dyn Fn(String) -> SocketAddr + Send + Sync>);

impl DatabaseRoute {
    /// `redirect` is called once, before any function starts.
    pub fn new(redirect: impl Fn(String) -> SocketAddr + Send + Sync + 'static) -> Self {
        Self(Arc::new(redirect))
    }

    /// Replaces host and port of `database_url`.
    pub(crate) fn of(&self, database_url: &str) -> Result<String, DatabaseError> {
        let mut url = Url::parse(database_url)?;
        let host = url.host_str().unwrap_or("127.0.0.1");
        let address = (self.0)(format!("{host}:{}", url.port().unwrap_or(PORT_DEFAULT)));
        let routed =
            url.set_ip_host(address.ip()).and_then(|()| url.set_port(Some(address.port())));
        // Fails only if the URL has no host.
        routed.map_err(|()| url::ParseError::EmptyHost)?;
        Ok(url.into())
    }
}

impl fmt::Debug for DatabaseRoute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DatabaseRoute")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_host_and_port_change() {
        let route = DatabaseRoute::new(|target| {
            assert_eq!(target, "db.example:5432");
            SocketAddr::from(([127, 0, 0, 1], 7))
        });
        let routed = route.of("postgres://user:p%40ss@db.example/ledger?sslmode=prefer").unwrap();
        assert_eq!(routed, "postgres://user:p%40ss@127.0.0.1:7/ledger?sslmode=prefer");
    }
}
