-- API keys are stored as HMAC-SHA-256 under a pepper that the database never holds, so that whoever reads
-- a dump can neither use a key nor check a guess of one. They are found by their prefix, and say when
-- they were last used.
--
-- What stands here so far are plain SHA-256 hashes. They cannot be made into keyed ones without the keys,
-- which nobody has, and are not to stay beside them: every key that was made before this has to be made
-- anew. `truncate`, since a policy that hides rows would hide them from `delete`.

truncate api_keys;

alter table api_keys drop constraint api_keys_key_hash_unique;
alter table api_keys rename constraint api_keys_key_hash_is_sha256 to api_keys_key_hash_is_hmac_sha256;
alter table api_keys
add column last_used_at timestamptz,
-- Over all tenants: a key is found before its tenant is known.
add constraint api_keys_prefix_unique unique (prefix),
add constraint api_keys_prefix_is_plain check (prefix ~ '^trb_[0-9a-f]{8}$'),
add constraint api_keys_name_fits check (char_length(name) between 1 and 100),
add constraint api_keys_scopes_not_empty check (cardinality(scopes) > 0);

-- authorize notes uses, and changes nothing else of a key.
grant update (last_used_at) on api_keys to tributary_authorize;
