"""A whole run without a pointer: Tab, Shift+Tab, Enter, Space, Escape and the arrow keys."""

import uuid

import data
from stage import KEY, Stage
from test_security import fail_a_batch

TABS_MAX = 60


def focus(page, description: str, back=False):
    """Presses Tab until the focused element's name or text begins with the description."""
    for _ in range(TABS_MAX):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        name = page.evaluate("""() => {
            const element = document.activeElement;
            if (element === document.body) return "";
            const label = element.labels?.[0]?.textContent;
            return (element.getAttribute("aria-label") ?? label ?? element.textContent ?? "").trim();
        }""")
        if name.startswith(description):
            return
    raise AssertionError(f"{description!r} cannot be reached by Tab")


def heading_has_focus(page, text: str):
    page.wait_for_function("(text) => document.activeElement?.matches('h1, h2') && document.activeElement.textContent.includes(text)", arg=text)


def test_a_whole_run_by_keyboard(stage: Stage):
    tab = stage.tab()
    batch = fail_a_batch(stage, tab)
    page = tab.open()
    page.wait_for_function("() => document.activeElement?.id === 'api-key'")
    page.keyboard.type(KEY)
    page.keyboard.press("Enter")
    heading_has_focus(page, "Overview")

    # Retry a failed batch.
    page.get_by_role("button", name="Retry batch").wait_for()
    with page.expect_response(lambda response: response.url.endswith(f"/api/batches/{batch}/retry")) as answer:
        focus(page, "Retry batch")
        page.keyboard.press("Enter")
    assert answer.value.status == 202
    page.wait_for_function("() => document.getElementById('news').textContent.includes('categorised again')")

    # The link that skips the navigation.
    page.keyboard.press("Home")
    page.reload()
    tab.settle()
    page.evaluate("document.activeElement.blur()")
    focus(page, "Skip to content")
    page.keyboard.press("Enter")
    heading_has_focus(page, "Overview")

    upload(tab, page, f"acc_keyboard_{uuid.uuid4()}")
    transactions(tab, page)
    create_key(tab, page)
    focus(page, "Sign out", back=True)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Sign in to the console").wait_for()
    tab.close()


def upload(tab, page, account: str):
    focus(page, "Upload", back=True)
    page.keyboard.press("Enter")
    heading_has_focus(page, "Upload")
    with page.expect_file_chooser() as chooser:
        for _ in range(TABS_MAX):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "file":
                break
        page.keyboard.press("Enter")
    chooser.value.set_files({"name": "k.csv", "mimeType": "text/csv",
                             "buffer": b"Date,Amount,Description\n2026-11-02,-5.00,Coffee\n2026-11-03,oops,Tea\n"})
    heading_has_focus(page, "k.csv")
    focus(page, "Account id")
    page.keyboard.type(account)
    focus(page, "The account is new")
    page.keyboard.press("Space")
    focus(page, "Account name")
    page.keyboard.type("Keyboard")
    focus(page, "Check rows")
    page.keyboard.press("Enter")
    heading_has_focus(page, "1 row to mend")
    focus(page, "Amount")
    page.keyboard.press("Control+A")
    page.keyboard.type("-3.00")
    page.keyboard.press("Enter")
    heading_has_focus(page, "2 rows ready")
    focus(page, "Send 2 rows")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Done").wait_for()
    focus(page, "Open the account")
    page.keyboard.press("Enter")
    heading_has_focus(page, "Keyboard")


def transactions(tab, page):
    # The bars of the chart are one stop; the arrow keys move between them.
    tab.go(f"#/accounts/{data.SMALL}")
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.bar')"):
            break
    first = page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") != first
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    heading_has_focus(page, "Transactions")
    tab.settle()

    tab.go(f"#/accounts/{data.SMALL}/transactions")
    focus(page, "Status")
    page.keyboard.type("Completed")
    page.keyboard.press("Enter")
    page.wait_for_function("() => location.hash.includes('status=completed')")
    tab.settle()
    page.locator(".row-button").first.wait_for()
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.row-button')"):
            break
    page.keyboard.press("ArrowDown")
    assert page.evaluate("[...document.querySelectorAll('.row-button')].indexOf(document.activeElement)") == 1
    page.keyboard.press("Enter")
    heading_has_focus(page, "Transaction")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement?.matches('.row-button')")


def create_key(tab, page):
    focus(page, "Keys", back=True)
    page.keyboard.press("Enter")
    heading_has_focus(page, "API keys")
    focus(page, "Name")
    page.keyboard.type("by keyboard")
    focus(page, "ingest")
    page.keyboard.press("Space")
    focus(page, "Create key")
    page.keyboard.press("Enter")
    heading_has_focus(page, "Key created")
    focus(page, "I have copied it")
    page.keyboard.press("Enter")
    tab.settle()
    focus(page, "Revoke by keyboard")
    page.keyboard.press("Enter")
    heading_has_focus(page, "Revoke this key?")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement?.textContent === 'Revoke'")
