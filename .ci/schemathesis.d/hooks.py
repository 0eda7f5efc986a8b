"""Repairs generated requests where the contract requires more than a schema can express.

Only requests that are meant to be valid are repaired, so a rejected one is a finding. The OpenAPI document states each
rule in words.
"""

import datetime
import decimal
import hashlib
import json
import unicodedata

import schemathesis
from schemathesis import GenerationMode

DAY = "2025-10-30"
FIRST_DAY = datetime.date(1970, 1, 1)
DAYS_AHEAD_MAX = 2
PERIOD_DAYS_MAX = 3653
KEY_HEADER = "Idempotency-Key"
# Leaves room for the hash of the content.
KEY_LENGTH_MAX = 100
# Enough currencies to test amounts; ISO 4217 defines the full list.
MINOR_UNITS = {"USD": 2, "EUR": 2, "JPY": 0, "BHD": 3, "DEM": 2}
UNOFFICIAL_DECIMALS_MAX = 18
DIGITS_MAX = 28
# Three letters may be a code of ISO 4217, in any case.
ISO_LENGTH = 3


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    if case.operation.definition.raw["operationId"] == "ingestTransactions":
        repair_batch(case.body)
        repair_key(case)
    elif case.query:
        repair_query(case.query)


def repair_batch(body):
    """Makes counts match, ids unique, accounts known, and amounts and days valid."""
    if not isinstance(body, dict):
        return
    accounts = {name_of(account["account_id"]): account for account in body["accounts"]}
    transactions = {name_of(it["transaction_id"]): it for it in body["transactions"]}
    for name, transaction in transactions.items():
        repair_transaction(name, transaction)
        account = {"account_id": transaction["account_id"], "name": "Checking", "type": "depository"}
        accounts.setdefault(name_of(transaction["account_id"]), account)
    body["accounts"] = list(accounts.values())
    body["transactions"] = list(transactions.values())
    body["total_transactions"] = len(transactions)


def repair_key(case):
    """Gives other content another key; equal content may repeat its key."""
    if not isinstance(case.body, dict):
        return
    content = hashlib.sha256(json.dumps(case.body, sort_keys=True).encode()).hexdigest()[:16]
    header = (case.headers or {}).get(KEY_HEADER)
    if header is not None:
        case.headers[KEY_HEADER] = header[:KEY_LENGTH_MAX] + content
    elif case.body.get("request_id") is not None:
        case.body["request_id"] = case.body["request_id"][:KEY_LENGTH_MAX] + content


def repair_transaction(name, transaction):
    if transaction.get("unofficial_currency_code") is not None:
        transaction["iso_currency_code"] = None
        if is_like_iso(transaction["unofficial_currency_code"]):
            transaction["unofficial_currency_code"] = "BTC"
        decimals_min, decimals_max = 0, UNOFFICIAL_DECIMALS_MAX
    else:
        if transaction.get("iso_currency_code") not in MINOR_UNITS:
            transaction["iso_currency_code"] = "USD"
        decimals_min = decimals_max = MINOR_UNITS[transaction["iso_currency_code"]]
    if not is_amount(str(transaction["amount"]), decimals_min, decimals_max):
        transaction["amount"] = -42
    for field in ("date", "authorized_date"):
        if transaction.get(field) is not None and not is_day(transaction[field]):
            transaction[field] = DAY
    replaced = transaction.get("pending_transaction_id")
    if replaced is not None and name_of(replaced) == name:
        transaction["pending_transaction_id"] = None


def repair_query(query):
    """Puts the two days in order and not too far apart, or removes both; removes the cursor."""
    query.pop("cursor", None)
    if query.get("currency") is not None and query["currency"] not in MINOR_UNITS:
        query["currency"] = "USD" if is_like_iso(query["currency"]) else query["currency"]
    days = [query.get("start_date"), query.get("end_date")]
    if None in days:
        query.pop("start_date", None)
        query.pop("end_date", None)
        return
    start, end = sorted(datetime.date.fromisoformat(day) for day in days)
    if (end - start).days >= PERIOD_DAYS_MAX:
        end = start
    query["start_date"], query["end_date"] = start.isoformat(), end.isoformat()


def name_of(text):
    """Ids with the same NFC form are equal."""
    return unicodedata.normalize("NFC", text)


def is_like_iso(code):
    return len(code) == ISO_LENGTH and code.isalpha()


def is_amount(text, decimals_min, decimals_max):
    try:
        amount = decimal.Decimal(text)
        rounded = amount.quantize(decimal.Decimal(1).scaleb(-decimals_max), context=decimal.Context(prec=80))
        if amount != rounded:
            return False
        decimals = max(decimals_min, -rounded.normalize(decimal.Context(prec=80)).as_tuple().exponent)
        return abs(amount) < decimal.Decimal(10) ** (DIGITS_MAX - decimals)
    except decimal.DecimalException:
        return False


def is_day(text):
    try:
        day = datetime.datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
        if day.tzinfo is not None:
            day = day.astimezone(datetime.timezone.utc)
    except (ValueError, OverflowError):
        return False
    last = datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(DAYS_AHEAD_MAX)
    return FIRST_DAY <= day.date() <= last
