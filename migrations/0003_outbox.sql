-- The outbox: messages of committed batches that are not yet sent to the queue. ingest writes an entry in the
-- batch's own database transaction; the function that sends its messages deletes it. After a crash in between, the
-- messages are sent again, which is harmless, but they are never lost. `entry_id` identifies the entry that was sent, so
-- that a sender never deletes a newer entry for the same batch.

create table outbox (
    tenant_id uuid not null,
    batch_id uuid not null,
    entry_id uuid not null,
    correlation_id text not null,
    trace_header text,
    message_count integer not null,
    created_at timestamptz not null default now(),
    constraint outbox_pkey primary key (tenant_id, batch_id),
    constraint outbox_batch_fkey foreign key (tenant_id, batch_id)
        references batches (tenant_id, batch_id),
    constraint outbox_message_count_positive check (message_count > 0)
);

create index outbox_created on outbox (created_at);
