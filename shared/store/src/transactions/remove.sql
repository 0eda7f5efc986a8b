-- Marks rows as removed. They are already locked.
update transactions set removed_at = now()
where tenant_id = $1 and transaction_id = any($2) and removed_at is null
