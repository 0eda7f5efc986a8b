//! A database for one test, a copy of one that was migrated once for the test program.

#![expect(clippy::expect_used, reason = "a test that has no database cannot go on")]

use secrecy::SecretString;
use sqlx::{Connection, PgConnection};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use tributary_domain::TenantId;
use tributary_postgres::{Options, Postgres, Storage};
use tributary_store::{Store, database, tenants};
use url::Url;
use uuid::Uuid;

/// What every test of the program shares.
struct Shared {
    /// Any database of the server, to make others from.
    admin_url: String,
    template: String,
    /// Ends with the program: see `tributary_postgres`.
    _server: Option<Postgres>,
}

static SHARED: OnceCell<Shared> = OnceCell::const_new();

/// A migrated, empty database of a test's own.
pub struct TestDatabase {
    url: String,
}

impl TestDatabase {
    /// Makes one: on the server of `DATABASE_URL` if that is set, else on one that is started for the
    /// test program and ends with it.
    ///
    /// # Panics
    /// If there is no server, since the test could not go on.
    pub async fn create() -> Self {
        let shared = SHARED.get_or_init(start_shared).await;
        let name = unique_name("test");
        database::create(&shared.admin_url, &name, Some(&shared.template))
            .await
            .expect("a database for the test");
        Self { url: with_database(&shared.admin_url, &name) }
    }

    /// A store on it; each has a connection of its own, as each Lambda environment has.
    ///
    /// # Panics
    /// Never: the URL is one.
    #[must_use]
    pub fn store(&self) -> Store {
        Store::connect_lazily(&SecretString::from(self.url.as_str())).expect("a URL")
    }

    /// A bare connection, to look at rows past the store.
    ///
    /// # Panics
    /// If the server is gone.
    pub async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("a connection")
    }

    /// A new tenant of the given name.
    ///
    /// # Panics
    /// If the server is gone.
    pub async fn tenant(&self, name: &str) -> TenantId {
        let store = self.store();
        let mut tx = store.begin_for_all().await.expect("a transaction");
        let new_id = TenantId(Uuid::now_v7());
        let tenant = tenants::find_or_create(&mut tx, name, new_id).await.expect("a tenant");
        tx.commit().await.expect("a commit");
        tenant
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// Runs on a thread and a runtime of its own: each test has its own runtime, which ends with it, and
/// the server must not.
async fn start_shared() -> Shared {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = Runtime::new().expect("a runtime");
        let shared = runtime.block_on(async {
            let given = std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty());
            let (admin_url, server) = match given {
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
        // The runtime must live on: it minds the server's process.
        runtime.block_on(std::future::pending::<()>());
    });
    receiver.await.expect("the server's thread")
}

fn unique_name(kind: &str) -> String {
    format!("tributary_{kind}_{}", Uuid::now_v7().simple())
}

fn with_database(url: &str, name: &str) -> String {
    let mut url = Url::parse(url).expect("a database URL");
    url.set_path(name);
    url.into()
}
