//! The system that all tests of this program use, and its tenants.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use tokio::sync::broadcast::error::RecvError;
use tributary_domain::api_key::{Pepper, Peppers};
use tributary_domain::{Scope, TenantId};
use tributary_stack::Lambda;
use tributary_store::{Store, api_keys};
use tributary_system::{SystemConfig, create_key};
use tributary_testkit::Issuer;

use crate::support::{self, Api};

/// The functions' log lines: the function's name and the line.
type Lines = Arc<Mutex<Vec<(String, String)>>>;

struct Shared {
    url: String,
    database_url: String,
    pepper: String,
    lines: Lines,
    lambda: Lambda,
    issuer: Issuer,
    log_directory: PathBuf,
    /// Every API key that the tests created.
    keys: Mutex<Vec<String>>,
}

static SHARED: OnceCell<Shared> = OnceCell::const_new();

/// A tenant, and a client with an API key that has every scope.
pub struct Tenant {
    pub id: TenantId,
    pub name: String,
    pub api: Api,
}

impl Tenant {
    /// Creates a tenant. Each test must use another name.
    pub async fn new(name: &str) -> Self {
        let (id, key) = create(name, &["ingest", "report", "admin"]).await;
        Self { id, name: name.to_owned(), api: Api::new(&shared().await.url, &key) }
    }

    /// A client with a new key of this tenant that has only these scopes.
    pub async fn api_for(&self, scopes: &[&str]) -> Api {
        self.api.with_key(Some(&self.key_for(scopes).await))
    }

    /// Creates a key of this tenant with these scopes.
    pub async fn key_for(&self, scopes: &[&str]) -> String {
        create(&self.name, scopes).await.1
    }

    /// Changes completed transactions to failed, as enrich does when it fails to categorise them.
    pub async fn fail(&self, transaction_ids: &[&str]) {
        let mut connection = support::connect(&shared().await.database_url).await;
        sqlx::query(
            "update transactions set \
                 status = 'failed', failure_reason = 'no model available', category = null, \
                 primary_code = null, detailed_code = null, confidence = null, rule = null, \
                 rules_version = null \
             where tenant_id = $1 and transaction_id = any($2)",
        )
        .bind(self.id.0)
        .bind(transaction_ids)
        .execute(&mut connection)
        .await
        .unwrap();
        sqlx::query(
            "update batches set failed = (\
                 select count(*) from transactions as own \
                 where own.tenant_id = $1 and own.batch_id = batches.batch_id \
                 and own.status = 'failed') \
             where tenant_id = $1 and finished_at is not null",
        )
        .bind(self.id.0)
        .execute(&mut connection)
        .await
        .unwrap();
    }

    /// A valid token for this tenant.
    pub async fn token(&self, scope: &str) -> String {
        issuer().await.rs256(&Issuer::claims(&self.id.to_string(), scope))
    }

    /// Revokes a key of this tenant.
    pub async fn revoke(&self, key: &str) {
        let mut connection = support::connect(&shared().await.database_url).await;
        let prefix = key.rsplit_once('_').unwrap().0;
        let revoked = api_keys::revoke_by_prefix(&mut connection, self.id, prefix).await;
        revoked.unwrap().unwrap();
    }

    /// Every stored row of the tenant, except its API keys, whose last use is updated, and its
    /// report sums, which relay folds. Tests compare report sums by the summary.
    pub async fn rows(&self) -> Vec<String> {
        let mut connection = support::connect(&shared().await.database_url).await;
        let mut rows = Vec::new();
        for table in support::tables(&mut connection).await {
            let query = format!(
                "select to_jsonb(t)::text from {table} as t where tenant_id = $1 order by 1"
            );
            let table_rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(query))
                .bind(self.id.0)
                .fetch_all(&mut connection)
                .await
                .unwrap();
            if !["api_keys", "report_days", "report_packs"].contains(&table.as_str()) {
                rows.extend(table_rows.into_iter().map(|row| format!("{table}: {row}")));
            }
        }
        rows
    }

    /// The number of rows of the tenant in each table that ingest writes.
    pub async fn row_counts(&self) -> Vec<(&'static str, i64)> {
        let mut connection = support::connect(&shared().await.database_url).await;
        let mut counts = Vec::new();
        for (table, query) in [
            ("batches", "select count(*) from batches where tenant_id = $1"),
            ("accounts", "select count(*) from accounts where tenant_id = $1"),
            ("transactions", "select count(*) from transactions where tenant_id = $1"),
            ("revisions", "select count(*) from transaction_revisions where tenant_id = $1"),
            ("slices", "select count(*) from slices where tenant_id = $1"),
            ("report_packs", "select count(*) from report_packs where tenant_id = $1"),
            ("report_days", "select count(*) from report_days where tenant_id = $1"),
        ] {
            let count: i64 =
                sqlx::query_scalar(query).bind(self.id.0).fetch_one(&mut connection).await.unwrap();
            counts.push((table, count));
        }
        counts
    }
}

/// Creates an API key, and the tenant if it does not exist. Returns the tenant's id and the key.
async fn create(tenant_name: &str, scopes: &[&str]) -> (TenantId, String) {
    let url = secrecy::SecretString::from(shared().await.database_url.as_str());
    let store = Store::connect_lazily(&url).unwrap();
    // A unique name, because `create_key` revokes an earlier key of the same name.
    let name = uuid::Uuid::now_v7().to_string();
    let current = Pepper::new(&shared().await.pepper).unwrap();
    let peppers = Peppers { current, previous: None };
    let scopes: Vec<Scope> = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
    let created = create_key(&store, &peppers, tenant_name, &name, &scopes).await.unwrap();
    store.close().await;
    shared().await.keys.lock().unwrap().push(created.key.clone());
    (created.tenant_id, created.key)
}

/// The log lines of a function with this correlation id, parsed as JSON.
pub async fn lines_about(function: &str, correlation_id: &str) -> Vec<Value> {
    let lines = shared().await.lines.lock().unwrap().clone();
    let function_lines = lines.iter().filter(|(name, _)| name == function);
    let parsed = function_lines.map(|(_, line)| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{function}: {error}: {line}"))
    });
    parsed.filter(|line: &Value| line["span"]["correlation_id"] == correlation_id).collect()
}

/// The issuer whose tokens the system accepts.
pub async fn issuer() -> &'static Issuer {
    &shared().await.issuer
}

/// The Lambda service, to invoke a function without the gateway.
pub async fn lambda() -> &'static Lambda {
    &shared().await.lambda
}

/// The database URL of the system.
pub async fn database_url() -> &'static str {
    &shared().await.database_url
}

/// The pepper, and the secret part of every API key that the tests have created.
pub async fn secrets() -> Vec<String> {
    let shared = shared().await;
    let keys = shared.keys.lock().unwrap().clone();
    let secret = |key: &String| key.rsplit_once('_').unwrap().1.to_owned();
    keys.iter().map(secret).chain([shared.pepper.clone()]).collect()
}

/// The name and the content of each log file.
pub async fn log_files() -> Vec<(String, String)> {
    let files = std::fs::read_dir(&shared().await.log_directory).unwrap();
    let read = files.map(|file| {
        let path = file.unwrap().path();
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        (path.file_name().unwrap().to_string_lossy().into_owned(), text)
    });
    read.collect()
}

async fn shared() -> &'static Shared {
    SHARED.get_or_init(start).await
}

/// Creates an empty folder for this test program. The next run deletes it.
fn new_folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("api");
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Starts the system on a separate thread and runtime, because a test's runtime ends with the test.
/// The system is never stopped; its processes end with this program.
async fn start() -> Shared {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        Runtime::new().unwrap().block_on(async {
            let (issuer, folder) = (Issuer::new(), new_folder());
            let jwks = folder.join("jwks.json");
            std::fs::write(&jwks, issuer.jwks().to_string()).unwrap();
            let mut config = SystemConfig::throw_away();
            config.authorize_environment = [
                ("JWT_ISSUER", Issuer::ISSUER),
                ("JWT_AUDIENCE", Issuer::AUDIENCE),
                ("JWT_JWKS_FILE", jwks.to_str().unwrap()),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
            // Logs each SQL statement, without its parameters, for tests that compare statements.
            config.adjust_stack = |stack| {
                for function in ["ingest", "report", "keys"] {
                    let environment = stack.function_environment.entry(function.to_owned());
                    let filter = "info,sqlx::query=debug".to_owned();
                    environment.or_default().insert("RUST_LOG".to_owned(), filter);
                }
            };
            let log_directory = folder.join("logs");
            config.log_directory = Some(log_directory.clone());
            // So that relay folds deltas while tests read sums.
            config.relay_interval = Some(Duration::from_secs(1));
            let system = support::start(config).await;
            let lines = Lines::default();
            let shared = Shared {
                url: system.url(),
                database_url: system.database_url().to_owned(),
                pepper: system.api_key_pepper().expose_secret().to_owned(),
                lines: Arc::clone(&lines),
                lambda: system.stack().lambda().clone(),
                issuer,
                log_directory,
                keys: Mutex::default(),
            };
            let mut log = system.stack().lambda().log_lines();
            drop(sender.send(shared));
            loop {
                match log.recv().await {
                    Ok(line) => {
                        let line = (line.function.to_string(), line.line.to_string());
                        lines.lock().unwrap().push(line);
                    }
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                }
            }
        });
    });
    receiver.await.unwrap()
}
