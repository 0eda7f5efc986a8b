-- The outbox: messages that a committed batch still owes to the queue. The row is written in the
-- batch's own commit and deleted once the messages are sent, so that a crash between the two sends
-- them twice (which is harmless) and never not at all. Each debt has an id of its own: who has sent one
-- strikes out that one, and not another that was written for the same batch meanwhile.

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
