//! Migrations: run concurrently, by an owner who is not a superuser, and by one who may not create
//! roles. Each test has its own server, since all databases of a server share the roles.

use std::time::Duration;

use futures::future::join_all;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use tributary_domain::TenantId;
use tributary_postgres::Postgres;
use tributary_store::check;
use tributary_store::role::FUNCTIONS;
use tributary_store::{Store, StoreError, database, role, tenants};
use tributary_testkit::ledger::{bookings, write};
use url::Url;
use uuid::Uuid;

use crate::server::{self, as_function, execute, store};

const RUNBOOK: &str = include_str!("../../../../docs/runbook.md");

/// Returns the first column of a query.
async fn texts(url: &str, query: &str) -> Vec<String> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let rows = connection.fetch_all(AssertSqlSafe(query.to_owned())).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The URL of a database for another user, with the password `secret`.
fn login_url(server: &Postgres, user: &str, database: &str) -> String {
    let mut url = Url::parse(&server.url(database)).unwrap();
    url.set_username(user).unwrap();
    url.set_password(Some("secret")).unwrap();
    url.into()
}

/// Creates a user with a password and a database. Returns its URL.
async fn create_database_owner(server: &Postgres, user: &str, attributes: &str) -> String {
    let admin = server.url("postgres");
    execute(&admin, &format!("create role {user} login password 'secret' {attributes}")).await;
    execute(&admin, &format!("create database {user} owner {user}")).await;
    login_url(server, user, user)
}

/// Asserts that `set role` works for every role.
async fn assert_can_set_every_role(url: &str) {
    for function in FUNCTIONS {
        let store = as_function(store(url), function);
        let mut tx = store.begin(TenantId(Uuid::now_v7())).await.unwrap();
        let row = tx.fetch_one("select current_user::text").await.unwrap();
        assert_eq!(row.get::<String, _>(0), format!("tributary_{function}"));
    }
}

#[tokio::test]
async fn databases_of_one_server_are_migrated_concurrently() {
    let server = server::start().await;
    let mut stores = Vec::new();
    for index in 0..8 {
        let name = format!("ledger_{index}");
        database::create(&server.url("postgres"), &name, None).await.unwrap();
        let store = store(&server.url(&name));
        // Connects now, so that all migrations start at the same time.
        store.begin_for_all().await.unwrap().rollback().await.unwrap();
        stores.push(store);
    }
    for outcome in join_all(stores.iter().map(Store::migrate)).await {
        outcome.unwrap();
    }
    for store in &stores {
        store.migrate().await.unwrap();
    }
    assert_can_set_every_role(&server.url("ledger_0")).await;
    assert_can_set_every_role(&server.url("ledger_7")).await;
}

#[tokio::test]
async fn owner_without_superuser_migrates_and_sees_every_tenant() {
    let server = server::start().await;
    // The attributes of the master user in RDS.
    let url = create_database_owner(&server, "master", "createrole createdb").await;
    let owner = store(&url);
    owner.migrate().await.unwrap();
    assert_can_set_every_role(&url).await;

    for name in ["first", "second"] {
        let mut tx = owner.begin_for_all().await.unwrap();
        let id = TenantId(Uuid::now_v7());
        let tenant = tenants::find_or_create(&mut tx, name, id).await.unwrap();
        tx.commit().await.unwrap();
        write(&owner, tenant, &bookings(2, "-1")).await.unwrap();
    }
    execute(&url, "update batches set finished_at = now(), announce_at = null").await;

    // `pg_dump` also sets `row_security = off`.
    let mut tx = owner.begin_for_all().await.unwrap();
    check::begin_snapshot(&mut tx).await.unwrap();
    let row = tx.fetch_one("select count(*) from transactions").await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 4);
    let options = check::Options { settled: false, grace: Duration::from_secs(600) };
    let checks = check::run(&mut tx, options).await.unwrap();
    let finished = checks.iter().find(|check| check.name == "batch-finished").unwrap();
    assert_eq!(finished.broken, 4, "the pending rows of both tenants: {finished:?}");
}

#[tokio::test]
async fn check_fails_if_row_level_security_hides_rows() {
    let server = server::start().await;
    database::create(&server.url("postgres"), "ledger", None).await.unwrap();
    let url = server.url("ledger");
    store(&url).migrate().await.unwrap();
    // May read all tables, but is subject to row-level security.
    execute(&url, "create role auditor nologin; grant pg_read_all_data to auditor").await;
    let auditor = store(&url).as_role("auditor".parse().unwrap());
    let mut tx = auditor.begin_for_all().await.unwrap();
    check::begin_snapshot(&mut tx).await.unwrap();
    let options = check::Options { settled: true, grace: Duration::ZERO };
    let error = check::run(&mut tx, options).await.unwrap_err();
    assert!(format!("{error:?}").contains("row-level security"), "{error:?}");
}

#[tokio::test]
async fn owner_without_createrole_gets_the_list_of_missing_roles() {
    let server = server::start().await;
    let url = create_database_owner(&server, "restricted", "").await;
    let error = store(&url).migrate().await.unwrap_err().to_string();
    assert!(error.contains("restricted may not create roles"), "{error}");
    for function in FUNCTIONS {
        assert!(error.contains(&format!("tributary_{function}")), "{error}");
    }
    let admin = server.url("postgres");
    for function in FUNCTIONS {
        let role = format!("tributary_{function}");
        execute(&admin, &format!("create role {role} nologin; grant {role} to restricted")).await;
    }
    store(&url).migrate().await.unwrap();
    assert_can_set_every_role(&url).await;

    // The roles exist, but this owner is not a member of them.
    let url = create_database_owner(&server, "nonmember", "").await;
    store(&url).migrate().await.unwrap();
    let ingest = as_function(store(&url), "ingest");
    let error = ingest.begin(TenantId(Uuid::now_v7())).await.unwrap_err();
    assert!(format!("{error:?}").contains("permission denied to set role"), "{error:?}");
}

#[tokio::test]
async fn roles_log_in_with_iam_tokens_and_the_owner_with_its_password() {
    let server = server::start().await;
    let admin = server.url("postgres");
    let url = create_database_owner(&server, "master", "createrole createdb").await;
    let grant_login = async || {
        let mut tx = store(&url).begin_for_all().await.unwrap();
        role::grant_login(&mut tx).await?;
        tx.commit().await.map_err(StoreError::from)
    };
    // Indirect members of `rds_iam` cannot log in with a password. The membership with the admin
    // option, which the creator of a role has since PostgreSQL 16, does not inherit.
    let memberships = "select r.rolname::text from pg_auth_members as m \
                       inner join pg_roles as r on r.oid = m.roleid \
                       where m.member = 'master'::regrole and not m.admin_option";
    let login_roles = "select rolname::text from pg_roles \
                       where rolname like 'tributary\\_%' and rolcanlogin \
                       and rolcreatedb is false and pg_has_role(rolname, 'rds_iam', 'member')";
    store(&url).migrate().await.unwrap();
    let error = grant_login().await.unwrap_err();
    assert!(format!("{error:?}").contains("does not support IAM tokens"), "{error:?}");
    execute(&admin, "create role rds_iam nologin; grant rds_iam to master with admin option").await;
    store(&url).migrate().await.unwrap();
    assert!(texts(&admin, login_roles).await.is_empty(), "migrations do not allow logins");
    assert_eq!(texts(&admin, memberships).await.len(), FUNCTIONS.len());
    for _ in 0..2 {
        grant_login().await.unwrap();
        assert_eq!(texts(&admin, login_roles).await.len(), FUNCTIONS.len());
        assert!(texts(&admin, memberships).await.is_empty());
        store(&url).migrate().await.unwrap();
    }
    // The runbook has the statements that undo it in a restored database.
    let mut blocks = RUNBOOK.split("```sql\n").filter_map(|text| Some(text.split_once("```")?.0));
    let statements = blocks.find(|statements| statements.contains("revoke rds_iam")).unwrap();
    execute(&url, statements).await;
    assert!(texts(&admin, login_roles).await.is_empty());
    assert_eq!(texts(&admin, memberships).await.len(), FUNCTIONS.len());
    assert_can_set_every_role(&url).await;
}
