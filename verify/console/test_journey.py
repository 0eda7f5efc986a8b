"""One working day in the console: sign in, mend and send a file, read the report, make a key, sign out."""

import json
import re
import uuid
from decimal import Decimal

import data
from stage import KEY, URL, Api, Stage, quoted

# Lines 3, 4 and 6 cannot be sent as they are.
FILE = """\ufeffBooking date;Amount;Text;Payee
02.11.2026;-12,50;Coffee "to go";Blue Bottle
03.11.2026;12,5x;Groceries;Whole Foods
31.11.2026;-1,00;Parking;City Parking
04.11.2026;2.000,00;Salary;ACME
05.11.2026;-4,00;;
05.11.2026;-3,20;"Tea; green";
05.11.2026;-3,20;"Tea; green";
"""


def test_signing_in_by_pasting_and_by_link(stage: Stage):
    tab = stage.tab()
    tab.expected_statuses = {401}
    page = tab.open()
    page.get_by_label("API key").fill("trb_wrong")
    page.get_by_role("button", name="Sign in").click()
    page.locator(".signin .error-box").wait_for()
    assert page.evaluate("sessionStorage.length") == 0
    page.get_by_label("API key").fill(f"  {KEY} ")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Overview", level=1).wait_for()
    page.reload()
    page.get_by_role("heading", name="Overview", level=1).wait_for()
    tab.close()

    tab = stage.tab()
    page = tab.open(f"#key={KEY}")
    page.get_by_role("heading", name="Overview", level=1).wait_for()
    assert KEY not in page.url
    # Into a tab that is open already.
    page.evaluate("(key) => { location.hash = `#key=${key}`; }", KEY)
    page.wait_for_function("() => !location.hash.includes('key')")
    for _ in range(3):
        assert KEY not in page.evaluate("JSON.stringify(history.state) + location.href")
        page.go_back()
    tab.close()


def test_a_file_with_faults_is_mended_sent_and_counted(stage: Stage):
    account = f"acc_journey_{uuid.uuid4()}"
    tab = stage.tab()
    page = tab.sign_in(route="#/upload")
    drop(page, "bank.csv", FILE)
    page.get_by_role("heading", name="Columns").wait_for()
    assert page.get_by_label("Delimiter").input_value() == ";"
    assert page.get_by_label("Order of the date").input_value() == "dmy"
    assert page.get_by_label("1.234,50").is_checked()
    page.get_by_label("Account id").fill(account)
    page.get_by_label("The account is new").check()
    page.get_by_label("Account name").fill("Journey & <b>Co</b>")
    page.get_by_role("button", name="Check rows").click()

    page.get_by_role("heading", name="3 rows to mend").wait_for()
    assert [re.sub(r"\D", "", text) for text in page.locator(".mend-row strong").all_text_contents()] == ["3", "4", "6"]
    assert page.locator(".form-foot .primary").is_disabled()
    page.locator(".mend-list > li").nth(0).get_by_label("Amount").fill("-12,50")
    page.get_by_role("button", name="Use the mended row 3").click()
    page.get_by_role("heading", name="2 rows to mend").wait_for()
    page.locator(".mend-list > li").nth(0).get_by_label("Date").fill("30.11.2026")
    page.get_by_role("button", name="Use the mended row 4").click()
    page.get_by_role("button", name="Skip row 6").click()
    page.get_by_role("button", name="Send 6 rows").click()
    page.get_by_role("heading", name="Done").wait_for()
    assert page.locator("[data-test=categorised]").text_content() == "6 of 6 transactions categorised"

    page.get_by_role("link", name="Open the account").click()
    page.get_by_role("heading", name="Journey & <b>Co</b>", level=1).wait_for()
    tab.settle()
    compare_totals(stage, page, account, "2026-11-01", "2026-11-30")
    assert "$1,967.60" in page.locator("[data-test=totals]").text_content()

    # The same file again: the ids are derived from its content, so nothing is counted twice.
    tab.go("#/upload")
    drop(page, "bank.csv", FILE)
    page.get_by_label("Account id").fill(account)
    page.get_by_role("button", name="Check rows").click()
    page.get_by_role("button", name="Skip all of them").click()
    page.get_by_role("button", name="Send 4 rows").click()
    page.get_by_role("heading", name="Done").wait_for()
    assert "4 unchanged" in page.locator(".done-text").text_content()
    tab.close()


def test_a_long_file_is_sent_in_batches(stage: Stage):
    account = f"acc_long_{uuid.uuid4()}"
    lines = [f"2026-11-{number % 28 + 1:02},-{number % 90 + 1}.25,Shop {number}" for number in range(5_001)]
    tab = stage.tab()
    page = tab.sign_in(route="#/upload")
    drop(page, "long.csv", "Date,Amount,Description\n" + "\n".join(lines))
    page.get_by_label("Account id").fill(account)
    page.get_by_label("The account is new").check()
    page.get_by_label("Account name").fill("Long")
    page.get_by_role("button", name="Check rows").click()
    page.get_by_role("button", name="Send 5,001 rows").click()
    page.get_by_role("heading", name="Done").wait_for()
    assert "2 batches: 5,001 new" in page.locator(".done-text").text_content()
    summary = stage.api.get(f"/api/reports/account/{account}/summary?start_date=2026-11-01&end_date=2026-11-30")
    cents = sum(number % 90 + 1 for number in range(5_001)) * 100 + 25 * 5_001
    assert Decimal(summary["metrics"]["total_spend"]) * 100 == cents
    tab.close()


def test_faults_of_the_api_come_back_to_their_rows(stage: Stage):
    tab = stage.tab()
    tab.expected_statuses = {422}
    page = tab.sign_in(route="#/upload")
    rows = [data.transaction(data.SMALL, 5_000 + number, stage.today) for number in range(3)]
    rows[1]["amount"] = Decimal("-1.005")
    rows[2]["iso_currency_code"] = "usd"
    drop(page, "rows.json", json.dumps(rows, default=float))
    page.get_by_role("button", name="Send 3 rows").click()
    page.get_by_role("heading", name="2 rows to mend").wait_for()
    assert "decimals" in page.locator(".mend-list > li").nth(0).text_content()
    page.locator(".mend-list > li").nth(0).get_by_label("Amount").fill("-1.00")
    page.get_by_role("button", name="Use the mended row 2").click()
    page.get_by_role("heading", name="1 row to mend").wait_for()
    page.get_by_label("Currency").fill("USD")
    page.get_by_role("button", name="Use the mended row 3").click()
    page.get_by_role("button", name="Send 3 rows").click()
    page.get_by_role("heading", name="Done").wait_for()
    tab.close()


def test_totals_of_an_account_are_those_of_the_api(stage: Stage):
    tab = stage.tab()
    page = tab.sign_in(route=f"#/accounts/{data.SMALL}")
    month = stage.today.strftime("%Y-%m")
    end = page.evaluate("async (month) => (await import(`${location.pathname}/dates.js`)).lastDay(month)", month)
    compare_totals(stage, page, data.SMALL, f"{month}-01", end)
    assert page.locator(".bar").count() == int(end[-2:])
    page.get_by_text("12 months").click()
    tab.settle("span=year")
    assert page.locator(".bar").count() == 12
    start = page.evaluate("async (month) => `${(await import(`${location.pathname}/dates.js`)).addMonths(month, -11)}-01`", month)
    compare_totals(stage, page, data.SMALL, start, end)
    page.get_by_label("Currency").select_option("EUR")
    tab.settle("currency=EUR")
    compare_totals(stage, page, data.SMALL, start, end, "EUR")
    page.get_by_text("Show as a table").click()
    page.locator(".chart-table tbody tr").nth(11).wait_for()
    page.reload()
    tab.settle()
    compare_totals(stage, page, data.SMALL, start, end, "EUR")
    # A bar leads to its rows.
    page.locator(".bar-list a").first.click()
    page.get_by_role("heading", name="Transactions", level=1).wait_for()
    tab.settle()
    assert page.get_by_label("Category").input_value() != ""
    tab.close()


def test_transactions_are_filtered_and_explained(stage: Stage):
    tab = stage.tab()
    page = tab.sign_in(route=f"#/accounts/{data.SMALL}/transactions")
    page.get_by_label("Search", exact=True).fill("changed")
    page.get_by_label("Search", exact=True).press("Enter")
    page.wait_for_function("() => document.querySelectorAll('.rows tbody tr').length === 1")
    page.locator(".row-button").click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_text("AMZN Mktp US*CHANGED").first.wait_for()
    details = stage.api.get(f"/api/accounts/{data.SMALL}/transactions/{data.SMALL}_000001")
    assert details["explanation"]["text"] in drawer.text_content()
    assert details["category"] in drawer.text_content()
    assert "Amount:" in drawer.locator(".changes").first.text_content() and "−$77.70" in drawer.locator(".changes").first.text_content()
    page.reload()
    page.get_by_role("dialog").get_by_text("AMZN Mktp US*CHANGED").first.wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function("() => !location.hash.includes('?')")
    tab.settle()
    page.get_by_label("Status").select_option("completed")
    tab.settle("status=completed")
    page.get_by_label("Category").select_option("Travel")
    tab.settle("category=Travel")
    assert set(page.locator(".rows .row-category").all_text_contents()) == {"Travel"}
    tab.close()


def test_a_removed_transaction_is_shown_on_demand(stage: Stage):
    row = data.transaction(data.SMALL, 9_000, stage.today) | {"name": "Removed later", "merchant_name": "Gone Ltd"}
    data.wait(stage.api, [stage.api.send(data.SMALL, [row], name="Business Checking")])
    status, _ = stage.api.call("DELETE", f"/api/accounts/{data.SMALL}/transactions/{row['transaction_id']}")
    assert status == 204
    tab = stage.tab()
    page = tab.sign_in(route=f"#/accounts/{data.SMALL}/transactions?q=Gone")
    assert page.locator(".rows").count() == 0
    page.get_by_text("With removed").click()
    tab.settle("removed=1")
    assert page.locator(".rows .badge").all_text_contents() == ["Removed"]
    tab.close()


def test_a_key_is_created_shown_once_and_revoked(stage: Stage):
    tab = stage.tab()
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = tab.sign_in(route="#/keys")
    name = f"journey {uuid.uuid4()}"
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create key").click()
    dialog = page.get_by_role("dialog")
    secret = dialog.locator(".secret").text_content()
    dialog.get_by_role("button", name="Copy", exact=True).click()
    dialog.get_by_text("Copied", exact=True).wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    dialog.get_by_role("button", name="I have copied it").click()
    tab.settle()
    assert secret not in page.content()
    assert Api(secret).call("GET", "/api/credential")[1]["scopes"] == ["report"]
    page.get_by_role("button", name=re.compile(f"Revoke {name}")).click()
    page.get_by_role("button", name="Revoke key").click()
    page.locator("tr", has_text=name).get_by_text("Revoked").wait_for()
    assert Api(secret).call("GET", "/api/credential")[0] == 401
    tab.close()


def test_revoking_the_own_key_warns_and_signs_out(stage: Stage):
    key = stage.api.create_key("own", "admin")
    tab = stage.tab()
    page = tab.sign_in(key, "#/keys")
    page.locator("tr", has_text="This key").get_by_role("button").click()
    page.get_by_text("You are signed in with this key").wait_for()
    page.get_by_role("button", name="Revoke key").click()
    page.get_by_role("heading", name="Sign in to the console").wait_for()
    assert page.evaluate("sessionStorage.length") == 0
    tab.close()


def test_a_revoked_key_leads_back_to_sign_in(stage: Stage):
    key = stage.api.create_key("short-lived", "report")
    tab = stage.tab()
    tab.expected_statuses = {401}
    page = tab.sign_in(key)
    stage.api.call("DELETE", f"/api/keys/{key[:12]}")
    page.get_by_role("link", name="Accounts").click()
    page.get_by_role("heading", name="Sign in to the console").wait_for()
    assert "signed out" in page.locator(".error-box").text_content()
    tab.close()


def test_signing_out_leaves_nothing(stage: Stage):
    tab = stage.tab()
    page = tab.sign_in(route=f"#/accounts/{data.SMALL}")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in to the console").wait_for()
    assert page.evaluate("sessionStorage.length") == 0
    assert KEY not in page.evaluate("JSON.stringify(localStorage) + document.documentElement.outerHTML")
    for _ in range(4):
        page.go_back()
        assert KEY not in page.url
        if page.url.startswith(URL):
            page.locator(".signin").wait_for()
    tab.close()


def drop(page, name: str, content: str):
    """Drops a file on the page, as from a file manager."""
    page.locator(".drop").wait_for()
    page.evaluate("""([name, content]) => {
        const files = new DataTransfer();
        files.items.add(new File([content], name));
        const zone = document.querySelector(".drop");
        zone.dispatchEvent(new DragEvent("dragover", { dataTransfer: files, bubbles: true, cancelable: true }));
        zone.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
    }""", [name, content])


def compare_totals(stage: Stage, page, account: str, start: str, end: str, currency: str = "USD"):
    """The tiles of the page against the API's summary, digit by digit."""
    summary = stage.api.get(f"/api/reports/account/{quoted(account)}/summary?start_date={start}&end_date={end}&currency={currency}")
    metrics = summary["metrics"]
    shown = page.locator("[data-test=totals]").text_content()
    sign = {"USD": "$", "EUR": "€"}[currency]
    for name in ("total_spend", "total_income", "net"):
        amount = metrics[name]
        text = f"{sign}{abs(Decimal(amount)):,.2f}"
        assert text in shown, f"{name} of {account} is {text}, shown is {shown}"
    assert f"{metrics['total_transactions']:,}" in shown
