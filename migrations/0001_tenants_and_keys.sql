-- Tenants and their API keys. Every primary key in this schema begins with the tenant: no statement can reach
-- another tenant's row by its id alone, and the row-level security policies use the same index.

-- A tenant with `erasing_at` is being erased: its keys are revoked and no batch of it is accepted.
create table tenants (
    tenant_id uuid not null,
    name text not null,
    created_at timestamptz not null default now(),
    erasing_at timestamptz,
    constraint tenants_pkey primary key (tenant_id),
    constraint tenants_name_unique unique (name)
);

-- `key_hash` is an HMAC-SHA-256 whose secret is not stored in the database. A database dump is therefore not
-- enough to use a key or to verify a guessed one. A request presents a key before its tenant is known, so the
-- prefix, by which a key is found, is unique across all tenants.
create table api_keys (
    tenant_id uuid not null,
    api_key_id uuid not null,
    name text not null,
    prefix text not null,
    key_hash bytea not null,
    scopes text[] not null,
    created_at timestamptz not null default now(),
    revoked_at timestamptz,
    last_used_at timestamptz,
    constraint api_keys_pkey primary key (tenant_id, api_key_id),
    constraint api_keys_prefix_unique unique (prefix),
    constraint api_keys_tenant_fkey foreign key (tenant_id) references tenants (tenant_id),
    constraint api_keys_key_hash_is_hmac_sha256 check (octet_length(key_hash) = 32),
    constraint api_keys_name_fits check (char_length(name) between 1 and 100),
    constraint api_keys_prefix_is_plain check (prefix ~ '^trb_[0-9a-f]{8}$'),
    constraint api_keys_scopes_known check (scopes <@ array['ingest', 'report', 'admin']),
    constraint api_keys_scopes_not_empty check (cardinality(scopes) > 0)
);
