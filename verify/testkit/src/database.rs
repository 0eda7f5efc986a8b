//! A database per test, copied from a template that is migrated once per test program.

#![expect(clippy::expect_used, reason = "a test cannot continue without a database")]

use secrecy::SecretString;
use sqlx::{Connection, PgConnection};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use tributary_domain::TenantId;
use tributary_postgres::{Options, Postgres, Storage};
use tributary_store::{Store, database, tenants};
use url::Url;
use uuid::Uuid;

/// Shared by all tests of the program.
struct Shared {
    /// A database of the server, to create others from.
    admin_url: String,
    template: String,
    /// Stops with the program: see `tributary_postgres`.
    _server: Option<Postgres>,
}

static SHARED: OnceCell<Shared> = OnceCell::const_new();

/// A migrated, empty database for one test.
pub struct TestDatabase {
    url: String,
}

impl TestDatabase {
    /// Creates one on the server of `DATABASE_URL` if that is set, else on a server that is started
    /// for the test program.
    ///
    /// # Panics
    /// If there is no server.
    pub async fn create() -> Self {
        let shared = SHARED.get_or_init(start_shared).await;
        let name = unique_name("test");
        database::create(&shared.admin_url, &name, Some(&shared.template))
            .await
            .expect("a database for the test");
        Self { url: with_database(&shared.admin_url, &name) }
    }

    /// A store on it. Each has its own connection, as each Lambda environment has.
    ///
    /// # Panics
    /// Never, since the URL is valid.
    #[must_use]
    pub fn store(&self) -> Store {
        Store::connect_lazily(&SecretString::from(self.url.as_str())).expect("a URL")
    }

    /// A connection that bypasses the store.
    ///
    /// # Panics
    /// If the server is unavailable.
    pub async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("a connection")
    }

    /// The tenant of the given name, created if it does not exist.
    ///
    /// # Panics
    /// If the server is unavailable.
    pub async fn tenant(&self, name: &str) -> TenantId {
        let store = self.store();
        let mut tx = store.begin_for_all().await.expect("a transaction");
        let new_id = TenantId(Uuid::now_v7());
        let tenant = tenants::find_or_create(&mut tx, name, new_id).await.expect("a tenant");
        tx.commit().await.expect("a commit");
        tenant
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// Runs on its own thread and runtime, since each test's runtime ends with the test and the server
/// must not.
async fn start_shared() -> Shared {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = Runtime::new().expect("a runtime");
        let shared = runtime.block_on(async {
            let configured = std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty());
            let (admin_url, server) = match configured {
                Some(url) => (url, None),
                None => {
                    let progress = &|step: &str| eprintln!("{step}");
                    let options = Options { storage: Storage::Temporary, progress };
                    let server = Postgres::start(options).await.expect("a PostgreSQL server");
                    (server.url("postgres"), Some(server))
                }
            };
            let template = unique_name("template");
            database::create(&admin_url, &template, None).await.expect("a template database");
            let template_url = SecretString::from(with_database(&admin_url, &template));
            let store = Store::connect_lazily(&template_url).expect("a URL");
            store.migrate().await.expect("the migrations");
            store.close().await;
            Shared { admin_url, template, _server: server }
        });
        drop(sender.send(shared));
        // The runtime must continue to run, since it owns the server process.
        runtime.block_on(std::future::pending::<()>());
    });
    receiver.await.expect("the server's thread")
}

fn unique_name(purpose: &str) -> String {
    format!("tributary_{purpose}_{}", Uuid::now_v7().simple())
}

fn with_database(url: &str, name: &str) -> String {
    let mut url = Url::parse(url).expect("a database URL");
    url.set_path(name);
    url.into()
}
