"""Uses the generated Python client against a running system: posts a batch, waits until it is finished, reads.

Amounts of requests are strings, which are exact. The generated models have floats for the amounts of responses: OpenAPI
has no other type for a JSON number. The test reads those that matter from the response itself, as `Decimal`.
"""

import datetime
import json
import os
import time
from decimal import Decimal

import tributary_client
from tributary_client import models

ACCOUNT = "acc_python"
DAY = datetime.date(2025, 10, 30)
DEADLINE_SECONDS = 60
# A float would have -12345678901234567.0 in place of the first one.
AMOUNTS = {"tx_python_1": "-12345678901234567.89", "tx_python_2": "-42.50", "tx_python_3": "2500.00"}


def batch():
    def transaction(transaction_id, amount):
        return models.Transaction(
            transaction_id=transaction_id,
            account_id=ACCOUNT,
            amount=models.RequestAmount(amount),
            iso_currency_code=models.RequestIsoCurrencyCode("USD"),
            date=f"{DAY}T08:00:00Z",
            authorized_date=models.OptionalDate(DAY),
            name="AMZN Mktp US*2K4",
            merchant_name="Amazon",
        )

    return models.IngestRequest(
        accounts=[models.Account(account_id=ACCOUNT, name="Business Checking", type="depository")],
        transactions=[transaction(*item) for item in AMOUNTS.items()],
        total_transactions=len(AMOUNTS),
    )


def finished(report, batch_id):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        read = report.get_batch(batch_id)
        if read.finished_at is not None:
            return read
        time.sleep(0.1)
    raise AssertionError(f"batch {batch_id} is not finished after {DEADLINE_SECONDS} s")


def exact(response):
    """The body of a response, with decimals in place of floats."""
    assert response.status == 200, response.status
    return json.loads(response.read(), parse_float=Decimal, parse_int=Decimal)


def main():
    configuration = tributary_client.Configuration(
        host=os.environ["TRIBUTARY_URL"], access_token=os.environ["TRIBUTARY_API_KEY"]
    )
    with tributary_client.ApiClient(configuration) as client:
        ingest = tributary_client.IngestApi(client)
        report = tributary_client.ReportApi(client)

        accepted = ingest.ingest_transactions(batch(), idempotency_key="python/1")
        assert (accepted.inserted, accepted.total_transactions) == (3, 3), accepted
        again = ingest.ingest_transactions_with_http_info(batch(), idempotency_key="python/1")
        assert {name.lower(): value for name, value in again.headers.items()}["idempotency-replayed"] == "true"
        assert again.data == accepted, again.data
        assert finished(report, accepted.batch_id).processing_status.completed == 3

        summary = report.get_summary(ACCOUNT, DAY, DAY)
        assert summary.currency == "USD" and summary.metrics.total_transactions == 3, summary
        assert summary.top_categories[0].category == models.Category.SHOPPING, summary
        metrics = exact(report.get_summary_without_preload_content(ACCOUNT, DAY, DAY))["metrics"]
        assert metrics["total_spend"] == Decimal("12345678901234610.39"), metrics
        assert metrics["total_income"] == Decimal("2500.00"), metrics

        accounts = report.list_accounts().accounts
        assert [account.account_id for account in accounts] == [ACCOUNT], accounts
        assert (accounts[0].first_date, accounts[0].last_date) == (DAY, DAY), accounts
        assert report.get_account(ACCOUNT).transaction_counts.completed == 3

        page = report.list_transactions(ACCOUNT, limit=2, status=models.TransactionStatus.COMPLETED)
        assert page.has_more and len(page.transactions) == 2, page
        assert page.transactions[0].date_time == datetime.datetime(2025, 10, 30, 8, tzinfo=datetime.timezone.utc)
        rows = exact(report.list_transactions_without_preload_content(ACCOUNT))["transactions"]
        read = {row["transaction_id"]: row["amount"] for row in rows}
        assert read == {name: Decimal(amount) for name, amount in AMOUNTS.items()}, read

        # An error of the API is a problem with the place of each error.
        wrong = batch()
        wrong.total_transactions = 2
        try:
            ingest.ingest_transactions(wrong)
        except tributary_client.exceptions.UnprocessableEntityException as error:
            problem = models.Problem.from_json(error.body)
            assert problem.errors[0].pointer == "/total_transactions", problem
        else:
            raise AssertionError("a wrong count was accepted")
    print("the generated client works")


main()
