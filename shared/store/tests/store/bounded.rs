//! Lists and chores read a bounded number of rows, however many are stored.

use std::time::Duration;

use sqlx::Executor;
use tributary_domain::{BatchId, BatchStatus, TransactionStatus};
use tributary_store::batches::{self, BatchQuery, TenantLimits};
use tributary_store::report::{MERCHANTS_SCAN_MAX, MerchantQuery};
use tributary_store::transactions::{self, PageQuery};
use tributary_store::{accounts, announcements, backlog, report};
use tributary_testkit::ledger::{booking, content_hash, insert_batch};
use uuid::Uuid;

use crate::ledger::{Ledger, account_page};
use crate::plans::{Notices, explained};
use crate::sums::year;

/// Rows of every table, several times more than any step may process. The transactions of the account
/// `big` are newer than the others.
const ROWS: &[&str] = &[
    "insert into accounts (tenant_id, account_id, name, account_type)
     select tenant_id, id, id, 'depository' from tenants, unnest(array['big', 'other']) as id
     union all
     select tenant_id, 'small ' || n, 'small', 'depository'
     from tenants, generate_series(1, 20000) as n",
    "insert into batches (tenant_id, batch_id, correlation_id, transaction_ids, inserted,
         message_count, announce_at, finished_at)
     select tenant_id, gen_random_uuid(), 'c', array['t' || n], 1, 1,
         case when n <= 2000 then now() - n * interval '1 second' end,
         case when n > 2000 then now() end
     from tenants, generate_series(1, 30000) as n",
    "insert into slices (tenant_id, batch_id, first_position, last_position)
     select tenant_id, batch_id, 0, 0 from batches where finished_at is null",
    "alter table transactions disable trigger user",
    "insert into transactions (tenant_id, transaction_id, account_id, batch_id, batch_position,
         amount, currency, booked_on, booked_at, description, is_pending)
     select batches.tenant_id, 't' || n, case when n <= 40000 then 'big' else 'other' end, batch_id,
         n, -1, 'USD', date '2025-10-30' - n / 1440,
         timestamptz '2025-10-30' - n * interval '1 minute', 'd', false
     from generate_series(1, 50000) as n, (select * from batches limit 1) as batches",
    "alter table transactions enable trigger user",
    "insert into report_packs (tenant_id, account_id, batch_id, days, currencies, states, kinds,
         categories, counts, amounts)
     select tenant_id, case when n <= 10000 then 'big' else 'other' end, batch_id,
         array[date '2025-10-30'], array['USD'], array['open'], array['spend'], array[''],
         array[1], array[1]
     from generate_series(1, 20000) as n, (select * from batches limit 1) as batches",
    "insert into report_days (tenant_id, account_id, day, currency, state, kind, category,
         transaction_count, amount)
     select tenant_id, 'other', date '1990-01-01' + n, 'USD', 'completed', 'spend', 'Food',
         case when n <= 5000 then 0 else 1 end, case when n <= 5000 then 0 else 1 end
     from tenants, generate_series(1, 20000) as n",
    "analyze",
];

async fn fill(ledger: &Ledger) {
    let mut connection = ledger.database.connection().await;
    for statement in ROWS {
        connection.execute(*statement).await.unwrap();
    }
}

struct Bounds<'n>(&'n Notices);

impl Bounds<'_> {
    /// Checks how many rows the statements since the last call have processed, each counted once in
    /// every node of a plan.
    fn check(&self, step: &str, rows_max: u64) {
        let rows = self.0.take_rows();
        eprintln!("{step}: {rows} of at most {rows_max}");
        assert!(rows > 0, "{step}: no plan");
        assert!(rows <= rows_max, "{step}: {rows} rows, more than {rows_max}");
    }
}

#[tokio::test]
async fn lists_read_a_bounded_number_of_rows() {
    let Some((ledger, notices)) = explained().await else { return };
    fill(&ledger).await;
    let bounds = Bounds(&notices);
    let mut tx = ledger.begin().await;
    notices.take_rows();

    let all = account_page("big");
    let failed = PageQuery { status: Some(TransactionStatus::Failed), ..all };
    let shopping = PageQuery { category: Some("Shopping"), ..all };
    let text = PageQuery { text: Some("no such text"), ..all };
    for (step, query, rows_max) in [
        ("page", all, 600),
        ("page of a status", failed, 30_000),
        ("page of a category", shopping, 30_000),
        ("page of a text", text, 30_000),
    ] {
        transactions::page(&mut tx, ledger.tenant, &query).await.unwrap();
        bounds.check(step, rows_max);
    }
    let batch =
        sqlx::query_scalar("select batch_id from batches where finished_at is not null limit 1")
            .persistent(false)
            .fetch_one(&mut *tx)
            .await
            .map(BatchId)
            .unwrap();
    notices.take_rows();
    batches::progress(&mut tx, ledger.tenant, batch).await.unwrap();
    batches::failures(&mut tx, ledger.tenant, batch).await.unwrap();
    bounds.check("a batch of one transaction", 20);
    report::summary(&mut tx, ledger.tenant, "none", year()).await.unwrap();
    assert!(notices.take_rows() < 10, "summary of an unknown account");
    report::cashflow(&mut tx, ledger.tenant, "none", year(), &[year()], None).await.unwrap();
    assert!(notices.take_rows() < 10, "cash flow of an unknown account");
    let newest = BatchQuery { status: None, after: None, limit: 100 };
    batches::list(&mut tx, ledger.tenant, newest).await.unwrap();
    bounds.check("batches", 600);
    let failed = BatchQuery { status: Some(BatchStatus::Failed), ..newest };
    assert!(batches::list(&mut tx, ledger.tenant, failed).await.unwrap().next.is_some());
    bounds.check("batches of a status", 30_000);
    let page = accounts::list(&mut tx, ledger.tenant, Some("small"), 100).await.unwrap();
    assert_eq!(page.accounts.len(), 100);
    bounds.check("accounts", 1_500);
}

/// Those that an account has beyond the limit are not read.
#[tokio::test]
async fn merchants_read_a_bounded_number_of_rows() {
    let Some((ledger, notices)) = explained().await else { return };
    fill(&ledger).await;
    let more = "alter table transactions disable trigger user;
        insert into transactions (tenant_id, transaction_id, account_id, batch_id, batch_position,
            amount, currency, booked_on, description, merchant_name, is_pending)
        select tenant_id, 'm' || n, 'big', batch_id, n, -1, 'USD', date '2025-12-30' - n / 1000,
            'd', 'm' || n % 100, false
        from generate_series(1, 200000) as n, (select * from batches limit 1) as batches;
        analyze transactions";
    ledger.execute(more).await;
    let mut tx = ledger.begin().await;
    notices.take_rows();
    let currency = Some("USD");
    let query = MerchantQuery { account_id: "big", period: year(), currency, limit: 10 };
    let found = report::merchants(&mut tx, ledger.tenant, query).await.unwrap().unwrap();
    assert_eq!((found.scanned, found.is_complete), (MERCHANTS_SCAN_MAX, false));
    let read: i64 = found.merchants.iter().map(|merchant| merchant.transaction_count).sum();
    assert!((4_990..5_010).contains(&read), "ten of a hundred merchants have {read}");
    Bounds(&notices).check("merchants", 500_000);
}

#[tokio::test]
async fn chores_read_a_bounded_number_of_rows() {
    let Some((ledger, notices)) = explained().await else { return };
    fill(&ledger).await;
    let bounds = Bounds(&notices);
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    notices.take_rows();

    let due = announcements::take_due(&mut tx, 20, Duration::from_secs(60)).await.unwrap();
    assert_eq!(due.len(), 20);
    bounds.check("take due announcements", 300);
    announcements::mark_sent(&mut tx, &due, Duration::from_secs(60)).await.unwrap();
    bounds.check("mark announcements as sent", 100);
    assert_eq!(report::fold(&mut tx, 200).await.unwrap(), 200);
    bounds.check("fold", 3_000);
    assert_eq!(report::delete_empty_days(&mut tx, 100).await.unwrap(), 100);
    bounds.check("delete empty days", 600);
    backlog::measure(&mut tx).await.unwrap();
    bounds.check("backlog of 2,000 unfinished batches", 2_500);
}

/// The check of the tenant's backlog counts at most as far as its limit.
#[tokio::test]
async fn insert_of_a_batch_reads_a_bounded_number_of_rows() {
    let Some((ledger, notices)) = explained().await else { return };
    fill(&ledger).await;
    let more = "insert into slices (tenant_id, batch_id, first_position, last_position)
                select tenant_id, batch_id, n, n from slices, generate_series(1, 20) as n";
    ledger.execute(more).await;
    ledger.execute("analyze").await;
    let mut tx = ledger.begin().await;
    notices.take_rows();
    let batch = BatchId(Uuid::now_v7());
    let key = Some(("key", &content_hash()));
    let sent = [booking("new", "-1")];
    insert_batch(&mut tx, ledger.tenant, batch, &sent, key).await.unwrap();
    let backlog = u64::from(TenantLimits::default().backlog);
    Bounds(&notices).check("insert a batch", backlog + 100);
    batches::of_key(&mut tx, ledger.tenant, "key").await.unwrap();
    Bounds(&notices).check("batch of a key", 2);
}
