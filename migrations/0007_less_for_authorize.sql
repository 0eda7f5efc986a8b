-- authorize finds a key by its prefix, and looks whether a token's tenant is there. What tenants and keys are
-- called, and when a key was made, it need not know.

revoke select on tenants, api_keys from tributary_authorize;
grant select (tenant_id) on tenants to tributary_authorize;
grant select (tenant_id, api_key_id, prefix, key_hash, scopes, last_used_at, revoked_at)
on api_keys to tributary_authorize;
