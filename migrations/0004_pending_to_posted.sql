-- A posted transaction that names the pending one it came from replaces it: the pending row stays, with
-- its history and its enrichment, but counts in no total any more.

alter table transactions add column replaced_by text;

-- Who names a row as the pending one it came from: asked for each pending row that comes in.
create index transactions_pending_transaction
on transactions (tenant_id, pending_transaction_id)
where pending_transaction_id is not null;
