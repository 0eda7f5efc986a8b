-- Unknown currencies, and amounts that their currency does not allow. The caller passes the rules of the domain for
-- the stored currencies.
select
    booked.tenant_id,
    'transaction ' || booked.transaction_id as "subject!",
    format('is of %s %s', booked.amount, booked.currency) as "detail!",
    count(*) over () as "broken!"
from transactions as booked
left join unnest($3::text[], $4::integer[], $5::integer[])
    as currency (code, decimals_min, decimals_max)
    on booked.currency = currency.code
where
    booked.tenant_id = $2
    and (
        currency.code is null
        or booked.amount in ('NaN', 'Infinity', '-Infinity')
        or scale(trim_scale(booked.amount)) > currency.decimals_max
        or abs(trunc(booked.amount)) >= 10::numeric ^ (
            $6::integer - greatest(currency.decimals_min, scale(trim_scale(booked.amount)))
        )
    )
order by booked.tenant_id, booked.transaction_id
limit $1
