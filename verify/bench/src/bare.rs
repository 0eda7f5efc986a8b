//! The reference: bare SQL that writes the same rows to a table of the same definition.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use crate::error::BenchError;
use crate::workload::Batch;

/// The rows of one update, as many as a worker finishes at once.
const UPDATE_ROWS: usize = 500;

/// `like` copies columns, checks and indexes, but neither triggers, nor foreign keys, nor
/// row-level security, nor the fill factor.
const CREATE: &str = "create table bench_transactions (like transactions including all)";

const FILL_FACTOR: &str = "select option from pg_class cross join unnest(reloptions) as option \
     where oid = 'transactions'::regclass and option like 'fillfactor=%'";

const INSERT: &str = "insert into bench_transactions (
        tenant_id, batch_id, batch_position, transaction_id, account_id, amount, currency,
        booked_on, booked_at, description, merchant_name, payment_channel, is_pending
    )
    select
        $1, $2, position, id, $3, amount, 'USD', (booked_at at time zone 'UTC')::date, booked_at,
        description, merchant, 'online', false
    from unnest($4::integer[], $5::text[], $6::numeric[], $7::timestamptz[], $8::text[], $9::text[])
        as row (position, id, amount, booked_at, description, merchant)";

const UPDATE: &str = "update bench_transactions as row
    set
        status = 'completed', attempts = 1, category = 'Shopping',
        primary_code = 'GENERAL_MERCHANDISE', detailed_code = 'GENERAL_MERCHANDISE_OTHER',
        confidence = 'HIGH', rule = 'merchant', rules_version = '1', enriched_at = now()
    from unnest($2::text[]) as result (id)
    where row.tenant_id = $1 and row.transaction_id = result.id";

const RECOMPUTE: &str = "select currency, status, category, count(*), sum(amount)
    from bench_transactions
    where tenant_id = $1 and account_id = $2
    group by currency, status, category";

/// The reference table and connections to it.
#[derive(Debug)]
pub struct Bare {
    pool: PgPool,
    tenant: Uuid,
}

impl Bare {
    /// Creates the table. `connections` are opened at once.
    pub async fn create(database_url: &str, connections: u32) -> Result<Self, sqlx::Error> {
        let options: PgConnectOptions = database_url.parse()?;
        // The arrays of a batch are known when it is planned.
        let options = options.options([("plan_cache_mode", "force_custom_plan"), ("jit", "off")]);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .min_connections(connections)
            .connect_with(options)
            .await?;
        sqlx::query(CREATE).execute(&pool).await?;
        let fill_factor: Option<String> =
            sqlx::query_scalar(FILL_FACTOR).fetch_optional(&pool).await?;
        if let Some(option) = fill_factor {
            let statement = format!("alter table bench_transactions set ({option})");
            // Safe: the option is from the catalog.
            sqlx::query(AssertSqlSafe(statement)).execute(&pool).await?;
        }
        Ok(Self { pool, tenant: Uuid::now_v7() })
    }

    /// Inserts a batch in one statement.
    pub async fn insert(&self, batch: &Batch) -> Result<(), BenchError> {
        let positions: Vec<i32> = (0..).take(batch.len()).collect();
        sqlx::query(INSERT)
            .bind(self.tenant)
            .bind(Uuid::now_v7())
            .bind(&batch.account_id)
            .bind(positions)
            .bind(&batch.transaction_ids)
            .bind(&batch.amounts)
            .bind(&batch.booked_at)
            .bind(&batch.descriptions)
            .bind(&batch.merchants)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Updates the statistics of the table, so that plans do not depend on when autovacuum runs.
    pub async fn analyze(&self) -> Result<(), sqlx::Error> {
        sqlx::query("analyze bench_transactions").execute(&self.pool).await?;
        Ok(())
    }

    /// Writes results to a batch, 500 rows in a statement.
    pub async fn update(&self, batch: &Batch) -> Result<(), BenchError> {
        for ids in batch.transaction_ids.chunks(UPDATE_ROWS) {
            sqlx::query(UPDATE).bind(self.tenant).bind(ids).execute(&self.pool).await?;
        }
        Ok(())
    }

    /// Sums the rows of an account.
    pub async fn recompute(&self, account_id: &str) -> Result<(), BenchError> {
        let query = sqlx::query(RECOMPUTE).bind(self.tenant).bind(account_id);
        query.fetch_all(&self.pool).await?;
        Ok(())
    }
}
