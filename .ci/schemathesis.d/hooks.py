"""Repairs generated requests where the contract requires more than a schema can express.

Only requests that are meant to be valid are repaired, so a rejected one is a finding. The OpenAPI document states each
rule in words.
"""

import datetime
import decimal
import hashlib
import json
import re
import unicodedata

import schemathesis
from schemathesis import GenerationMode

DAY = "2025-10-30"
FIRST_DAY = datetime.date(1970, 1, 1)
DAYS_AHEAD_MAX = 400
PERIOD_DAYS_MAX = 3653
KEY_HEADER = "Idempotency-Key"
# Leaves room for the hash of the content.
KEY_LENGTH_MAX = 100
ID_BYTES_MAX = 512
# Two ids of this length, percent-encoded, fit into a path.
PATH_ID_BYTES_MAX = 200
HASH_LENGTH = 16
TEXT_LENGTHS_MAX = {"name": 512, "merchant_name": 512, "type": 64, "subtype": 64, "mask": 64, "payment_channel": 64}
# Enough currencies to test amounts; ISO 4217 defines the full list.
MINOR_UNITS = {"USD": 2, "EUR": 2, "JPY": 0, "BHD": 3, "DEM": 2}
UNOFFICIAL_DECIMALS_MAX = 18
DIGITS_MAX = 28
# Three letters may be a code of ISO 4217, in any case.
ISO_LENGTH = 3
BLANK = re.compile(
    "[\x00-\x20\x7f-\xa0\u061c\u1680\u2000-\u200b\u200e\u200f\u2028-\u202f\u205f\u2060\u2066-\u2069"
    "\u3000\ufeff]*"
)
# The account of every transaction that was sent.
sent_accounts = {}


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    for name in ("account_id", "transaction_id"):
        if name in (case.path_parameters or {}):
            case.path_parameters[name] = cut_id(case.path_parameters[name], PATH_ID_BYTES_MAX)
    operation_id = case.operation.definition.raw["operationId"]
    if operation_id == "ingestTransactions":
        repair_batch(case.body)
        repair_key(case, has_request_id=True)
    elif operation_id == "ingestPlaidTransactions":
        repair_plaid(case.body)
        repair_key(case, has_request_id=False)
    elif case.query:
        repair_query(case.query, operation_id == "getSummary")


def repair_batch(body):
    """Makes counts match, ids unique, accounts known, and amounts and days valid."""
    if not isinstance(body, dict):
        return
    body["transactions"] = repair_transactions(body["transactions"])
    body["accounts"] = accounts_of(body["accounts"], body["transactions"])
    body["removed"] = repair_removals(body.get("removed") or [], body["transactions"])
    if not body["transactions"] and not body["removed"]:
        body["removed"] = [{"transaction_id": "unknown"}]
    body["total_transactions"] = len(body["transactions"])


def repair_plaid(body):
    if not isinstance(body, dict):
        return
    transactions = []
    for name in ("transactions", "added", "modified"):
        if body.get(name) is not None:
            body[name] = repair_transactions(body[name])
            transactions += body[name]
    body["accounts"] = accounts_of(body.get("accounts") or [], transactions)
    if body.get("removed") is not None:
        body["removed"] = repair_removals(body["removed"], transactions)
    if body.get("removed_transactions") is not None:
        body["removed_transactions"] = [cut_id(it, ID_BYTES_MAX) for it in body["removed_transactions"]]


def repair_key(case, has_request_id):
    """Gives other content another key; equal content may repeat its key."""
    if not isinstance(case.body, dict):
        return
    content = hash_of(case.body)
    header = (case.headers or {}).get(KEY_HEADER)
    if header is not None:
        case.headers[KEY_HEADER] = header[:KEY_LENGTH_MAX] + content
    elif has_request_id and case.body.get("request_id") is not None:
        case.body["request_id"] = case.body["request_id"][:KEY_LENGTH_MAX] + content


def repair_transactions(transactions):
    """The repaired transactions, each id once."""
    for transaction in transactions:
        repair_transaction(transaction)
    return list({it["transaction_id"]: it for it in transactions}.values())


def repair_transaction(transaction):
    repair_texts(transaction)
    if is_set(transaction.get("unofficial_currency_code")):
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
    for field, valid in (("date", DAY), ("authorized_date", DAY), ("datetime", None), ("authorized_datetime", None)):
        if is_set(transaction.get(field)) and not is_day(transaction[field]):
            transaction[field] = valid
    if is_set(transaction.get("merchant_category_code")):
        transaction.pop("mcc", None)
    if isinstance(transaction.get("pending_transaction_id"), str):
        transaction["pending_transaction_id"] = cut_text(transaction["pending_transaction_id"], ID_BYTES_MAX)
    transaction["account_id"] = cut_id(transaction["account_id"], ID_BYTES_MAX)
    # A known id stays under its account, and is not reused for a transaction of another day with another amount.
    fixed = hash_of([transaction["account_id"], transaction["date"], str(transaction["amount"])])
    transaction["transaction_id"] = cut_text(transaction["transaction_id"], ID_BYTES_MAX - HASH_LENGTH) + fixed
    sent_accounts[transaction["transaction_id"]] = transaction["account_id"]


def repair_removals(removals, transactions):
    """The removals, each id once, none of a transaction of the batch, and the first of a known one, if there is any."""
    repaired = {cut_id(it["transaction_id"], ID_BYTES_MAX): it for it in removals}
    in_batch = {it["transaction_id"] for it in transactions}
    known = next((it for it in sent_accounts if it not in in_batch), None)
    if known is not None and repaired:
        repaired[known] = repaired.pop(next(iter(repaired)))
    for name, removal in repaired.items():
        removal["transaction_id"] = name
        if is_set(removal.get("account_id")):
            removal["account_id"] = cut_id(sent_accounts.get(name, removal["account_id"]), ID_BYTES_MAX)
    return [removal for name, removal in repaired.items() if name not in in_batch]


def accounts_of(accounts, transactions):
    """The accounts, each id once, and those of the transactions."""
    repaired = {}
    for account in accounts:
        repair_texts(account)
        account["account_id"] = cut_id(account["account_id"], ID_BYTES_MAX)
        repaired[account["account_id"]] = account
    for name in (it["account_id"] for it in transactions):
        repaired.setdefault(name, {"account_id": name, "name": "Checking", "type": "depository"})
    return list(repaired.values())


def repair_texts(fields):
    """A text may be longer in NFC."""
    for field, length_max in TEXT_LENGTHS_MAX.items():
        text = fields.get(field)
        if isinstance(text, str) and len(unicodedata.normalize("NFC", text)) > length_max:
            fields[field] = "x"


def repair_query(query, is_period):
    """Puts the two days in order, and those of a period not too far apart; removes the cursor."""
    query.pop("cursor", None)
    if query.get("currency") is not None and query["currency"] not in MINOR_UNITS:
        query["currency"] = "USD" if is_like_iso(query["currency"]) else query["currency"]
    days = [query.get("start_date"), query.get("end_date")]
    if None in days:
        return
    start, end = sorted(datetime.date.fromisoformat(day) for day in days)
    if is_period and (end - start).days >= PERIOD_DAYS_MAX:
        end = start
    query["start_date"], query["end_date"] = start.isoformat(), end.isoformat()


def hash_of(content):
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:HASH_LENGTH]


def cut_text(text, bytes_max):
    return text.encode()[:bytes_max].decode(errors="ignore")


def cut_id(text, bytes_max):
    text = cut_text(text, bytes_max)
    return text if text.strip() else "x"


def is_set(value):
    """Whether a value is a text that is not blank."""
    return isinstance(value, str) and not BLANK.fullmatch(value)


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
    """Whether the day, as written, is in the bounds."""
    try:
        day = datetime.datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    except ValueError:
        return False
    last = datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(DAYS_AHEAD_MAX)
    return FIRST_DAY <= day.date() <= last
