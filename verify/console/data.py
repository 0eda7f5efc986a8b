"""The transactions that the tests look at, sent over HTTP."""

import time
from datetime import date, timedelta

from stage import HOSTILE, Api

LARGE = "acc_console_large"
SMALL = "acc_console_small"
PICTURE = "acc_operating"
BATCHES = 10
ROWS_A_BATCH = 10_000
DEADLINE_SECONDS = 900

MERCHANTS = [
    ("Amazon", "AMZN Mktp US*2K4", "5942"), ("Starbucks", "STARBUCKS STORE 05521", "5814"), ("Uber", "UBER TRIP", "4121"),
    ("Microsoft Azure", "Microsoft Azure Subscription", "5734"), ("Shell", "SHELL OIL 574241", "5541"),
    ("Netflix", "NETFLIX.COM", "4899"), ("Delta Air Lines", "DELTA AIR 0062341", "3058"),
    ("Whole Foods", "WHOLEFDS MKT 10234", "5411"), ("Con Edison", "CON EDISON UTILITY", "4900"), ("CVS", "CVS PHARMACY 2231", "5912"),
]


def transaction(account: str, number: int, day: date, *, currency="USD") -> dict:
    """A transaction that depends on its number only: mostly spend, a salary now and then."""
    merchant, name, code = MERCHANTS[(number * 7 + number // 11) % len(MERCHANTS)]
    cents = (number * 7919) % 24_000 + 150
    row = {
        "transaction_id": f"{account}_{number:06}", "account_id": account, "amount": f"-{cents // 100}.{cents % 100:02}",
        "iso_currency_code": currency, "date": day.isoformat(), "name": name, "merchant_name": merchant,
        "merchant_category_code": code,
    }
    if number % 60 == 0:
        row |= {"amount": f"{3_000 + number % 900}.40", "name": "PAYROLL ACME INC", "merchant_name": None, "merchant_category_code": None}
    return row


def send_small(api: Api, today: date):
    """A few hundred rows of the last year, with a second currency, an unofficial one, a hostile merchant and a change."""
    rows = [transaction(SMALL, number, today - timedelta(days=number % 360)) for number in range(420)]
    rows += [transaction(SMALL, 1_000 + number, today - timedelta(days=number), currency="EUR") for number in range(12)]
    rows.append({"transaction_id": f"{SMALL}_btc", "account_id": SMALL, "amount": "-0.00012345", "unofficial_currency_code": "BTC",
                 "date": today.isoformat(), "name": "Cold storage"})
    rows.append({"transaction_id": f"{SMALL}_hostile", "account_id": SMALL, "amount": "-999.99", "iso_currency_code": "USD",
                 "date": today.isoformat(), "name": HOSTILE, "merchant_name": HOSTILE})
    batches = [api.send(SMALL, rows, name="Business Checking")]
    changed = transaction(SMALL, 1, today) | {"amount": "-77.70", "name": "AMZN Mktp US*CHANGED"}
    batches.append(api.send(SMALL, [changed], name="Business Checking"))
    wait(api, batches)


def send_picture(api: Api, today: date):
    """A year of a small company, for the pictures of the README."""
    rows = []
    for back in range(365):
        day = today - timedelta(days=back)
        for number in range(1 + (back * 5) % 3):
            row = transaction(PICTURE, back * 3 + number + 61, day)
            rows.append(row | {"transaction_id": f"{PICTURE}_{back}_{number}"})
        if day.day in (3, 12, 24):
            cents = 910_000 + (back * 48_611) % 520_000
            rows.append({"transaction_id": f"{PICTURE}_in_{back}", "account_id": PICTURE, "amount": f"{cents // 100}.{cents % 100:02}",
                         "iso_currency_code": "USD", "date": day.isoformat(), "name": "STRIPE TRANSFER ST-J4", "merchant_name": "Stripe"})
        if day.day == 28:
            rows.append({"transaction_id": f"{PICTURE}_pay_{back}", "account_id": PICTURE, "amount": "-14250.00", "iso_currency_code": "USD",
                         "date": day.isoformat(), "name": "GUSTO PAYROLL", "merchant_name": "Gusto"})
    wait(api, [api.send(PICTURE, rows, name="Operating account")])


def send_large(api: Api, today: date):
    """100,000 rows over three years, unless they are there."""
    status, _ = api.call("GET", f"/api/accounts/{LARGE}/transactions/{LARGE}_{BATCHES * ROWS_A_BATCH - 1:06}")
    if status == 200:
        return
    batches = []
    for batch in range(BATCHES):
        numbers = range(batch * ROWS_A_BATCH, (batch + 1) * ROWS_A_BATCH)
        rows = [transaction(LARGE, number, today - timedelta(days=number % 1_095)) for number in numbers]
        batches.append(api.send(LARGE, rows, name="Treasury"))
    wait(api, batches)


def wait(api: Api, batches: list[str]):
    deadline = time.monotonic() + DEADLINE_SECONDS
    for batch in batches:
        while api.get(f"/api/batches/{batch}")["finished_at"] is None:
            assert time.monotonic() < deadline, f"batch {batch} is not finished in time"
            time.sleep(0.5)
