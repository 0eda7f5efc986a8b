//! `migrate` and `check`.

use admin::check::Checked;
use admin::migrate::Migrated;
use admin::{AdminError, Operation};
use serde_json::json;
use tributary_store::MIGRATOR;
use tributary_testkit::TestDatabase;

use super::{admin_of, empty_database, handle};

#[tokio::test]
async fn migrate_applies_missing_migrations_and_is_idempotent() {
    let test = TestDatabase::create().await;
    let admin = admin_of(&empty_database(&test).await);
    let all: Vec<i64> = MIGRATOR.iter().map(|migration| migration.version).collect();
    for applied in [all.clone(), Vec::new()] {
        let output = handle(&admin, json!({"operation": "migrate"})).await.unwrap();
        let output: Migrated = serde_json::from_value(output).unwrap();
        assert_eq!(output, Migrated { migrations: all.len(), applied });
    }
}

/// On a rollback of a deployment, CloudFormation invokes the old code on the new schema.
#[tokio::test]
async fn newer_schema_is_kept() {
    let test = TestDatabase::create().await;
    let url = empty_database(&test).await;
    let admin = admin_of(&url);
    handle(&admin, json!({"operation": "migrate"})).await.unwrap();
    let store = tributary_store::Store::connect_lazily(&url.into()).unwrap();
    let mut tx = store.begin_for_all().await.unwrap();
    sqlx::query(
        r"
        insert into _sqlx_migrations (version, description, success, checksum, execution_time)
        values (9999, 'of newer code', true, '\x00', 0)
        ",
    )
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();

    let output = handle(&admin, json!({"operation": "migrate"})).await.unwrap();
    assert_eq!(output["applied"], json!([]));
}

#[tokio::test]
async fn check_rejects_database_without_all_migrations() {
    let test = TestDatabase::create().await;
    let url = empty_database(&test).await;
    let admin = admin_of(&url);
    let known = MIGRATOR.iter().count();
    let rejection = async || {
        let error = handle(&admin, json!({"operation": "check"})).await.unwrap_err();
        assert_eq!(error.error_type(), "Unmigrated");
        error.to_string()
    };
    assert_eq!(
        rejection().await,
        format!("the database lacks {known} of {known} migrations: \"migrate\" comes first")
    );

    handle(&admin, json!({"operation": "migrate"})).await.unwrap();
    handle(&admin, json!({"operation": "check"})).await.unwrap();
    let store = tributary_store::Store::connect_lazily(&url.into()).unwrap();
    let mut tx = store.begin_for_all().await.unwrap();
    delete_last_migration_row(&mut tx).await;
    tx.commit().await.unwrap();
    assert_eq!(
        rejection().await,
        format!("the database lacks 1 of {known} migrations: \"migrate\" comes first")
    );
}

async fn delete_last_migration_row(connection: &mut sqlx::PgConnection) {
    sqlx::query(
        "delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)",
    )
    .execute(connection)
    .await
    .unwrap();
}

#[tokio::test]
async fn check_names_the_broken_rule_and_rows() {
    let test = TestDatabase::create().await;
    let tenant = test.tenant("one").await;
    let admin = admin_of(test.url());
    let check = async |event| -> Checked {
        serde_json::from_value(handle(&admin, event).await.unwrap()).unwrap()
    };
    let clean = check(json!({"operation": "check", "settled": true, "grace_s": 0})).await;
    assert!(clean.checks.iter().all(admin::check::Verdict::holds));
    let unsettled = check(json!({"operation": "check"})).await;
    assert_eq!(unsettled.checks.len() + 3, clean.checks.len(), "three checks require settled work");

    sqlx::query(
        "insert into batches (tenant_id, batch_id, correlation_id, transaction_ids, inserted, \
         message_count, announce_at) \
         values ($1, gen_random_uuid(), 'c', array['tx_lost'], 1, 1, now())",
    )
    .bind(tenant.0)
    .execute(&mut test.connection().await)
    .await
    .unwrap();
    let broken = check(json!({"operation": "check", "settled": true})).await;
    let settled = broken.checks.iter().find(|it| it.name == "settled-batches").unwrap();
    assert_eq!((settled.broken, settled.findings.len()), (1, 1));
    assert_eq!(settled.findings[0].tenant, tenant);
    assert!(settled.findings[0].subject.starts_with("batch "));
}

#[tokio::test]
async fn operation_runs_in_process_and_as_event() {
    let test = TestDatabase::create().await;
    let admin = admin_of(test.url());
    let check = admin::check::Check { settled: true, grace_s: 7 };
    let event = check.to_event().unwrap();
    assert_eq!(event, json!({"operation": "check", "settled": true, "grace_s": 7}));
    let as_event: Checked = serde_json::from_value(handle(&admin, event).await.unwrap()).unwrap();
    assert_eq!(check.run(&admin).await.unwrap(), as_event);
}

#[tokio::test]
async fn unavailable_database_is_reported() {
    let admin = admin_of("postgres://admin:hunter2@127.0.0.1:1/nothing");
    let error = handle(&admin, json!({"operation": "migrate"})).await.unwrap_err();
    assert!(matches!(error, AdminError::Store(_)), "{error:?}");
    assert_eq!(error.error_type(), "Database");
    let message = tributary_lambda::error_chain::Chain(&error).to_string();
    assert!(message.starts_with("PostgreSQL is unavailable: "), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
}
