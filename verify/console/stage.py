"""What every browser test stands on: the browser, tabs that record what must not happen, and the API for comparison."""

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from decimal import Decimal
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "target" / "console"
URL = os.environ["TRIBUTARY_URL"].rstrip("/")
KEY = os.environ["TRIBUTARY_API_KEY"]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
TIMEOUT_MS = 30_000

# A merchant that would run code if it were taken as HTML, and note that it had.
HOSTILE = "<img src=x onerror=\"document.title='hacked'\">"


class Api:
    """Calls the API as another client than the console."""

    def __init__(self, key: str = KEY):
        self.key = key

    def call(self, method: str, path: str, body=None):
        """Returns the status and the value of the body, amounts as exact decimals."""
        content = None if body is None else json.dumps(body, default=str).encode()
        request = urllib.request.Request(f"{URL}{path}", content, method=method)
        request.add_header("Authorization", f"Bearer {self.key}")
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                status, text = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        return status, json.loads(text, parse_float=Decimal) if text else None

    def get(self, path: str):
        status, value = self.call("GET", path)
        assert status == 200, f"GET {path}: {status} {value}"
        return value

    def create_key(self, name: str, *scopes: str) -> str:
        status, created = self.call("POST", "/api/keys", {"name": name, "scopes": scopes})
        assert status == 201, created
        return created["api_key"]

    def send(self, account: str, transactions: list, name: str = "Test") -> str:
        status, batch = self.call("POST", "/api/integrations/transactions", {
            "accounts": [{"account_id": account, "name": name, "type": "depository", "subtype": "checking"}],
            "transactions": transactions, "total_transactions": len(transactions)})
        assert status == 202, batch
        return batch["batch_id"]


class Tab:
    """A page of a fresh context. `close` asserts that nothing forbidden has happened in it."""

    def __init__(self, browser: Browser, *, width=1280, height=900, dark=False, **options):
        self.context: BrowserContext = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light",
            locale="en-US", timezone_id="Europe/Berlin", **options)
        self.context.set_default_timeout(TIMEOUT_MS)
        # Statuses that a test provokes: the browser writes each failed request to its console.
        self.expected_statuses: set[int] = set()
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.context.on("console", self._console)
        self.context.on("weberror", lambda error: self.errors.append(f"error: {error.error}"))
        self.context.add_init_script("""
            document.addEventListener("securitypolicyviolation", (event) =>
                console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
        """)
        self.page: Page = self.context.new_page()

    def _console(self, message):
        if message.type not in ("error", "warning"):
            return
        if any(f"status of {status}" in message.text for status in self.expected_statuses):
            return
        self.errors.append(f"{message.type}: {message.text}")

    def open(self, route: str = "") -> Page:
        """Opens the console at a route, such as #/accounts."""
        self.page.goto(f"{URL}/console{route}")
        return self.page

    def sign_in(self, key: str = KEY, route: str = "#/overview") -> Page:
        """Signs in by a link, then opens a route."""
        self.open(f"#key={key}")
        self.page.locator("main[data-page]").wait_for()
        self.go(route)
        return self.page

    def go(self, route: str):
        """Shows a route in the open console, and waits until nothing is loading."""
        self.page.evaluate("(route) => { location.hash = route; }", route)
        self.settle()

    def settle(self, route: str = ""):
        """Waits until the route contains a text and nothing is loading."""
        self.page.wait_for_function("(route) => location.hash.includes(route)", arg=route)
        # The page hears of another route in a task of its own.
        self.page.evaluate("() => new Promise((resolve) => setTimeout(() => requestAnimationFrame(resolve), 20))")
        self.page.locator("main h1").wait_for()
        self.page.wait_for_function("() => !document.querySelector('.skeleton, [aria-busy]')")

    def check(self):
        foreign = [url for url in self.requests if not url.startswith((f"{URL}/", "data:"))]
        assert not foreign, f"requests to other origins: {foreign}"
        assert not self.errors, f"errors in the browser: {self.errors}"

    def close(self):
        self.check()
        self.context.close()


class Stage:
    """The browser of a run, and the data that the tests share."""

    def __init__(self):
        self.api = Api()
        self._playwright = sync_playwright().start()
        # The sandbox of Chromium does not work as root, as in a container.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        self.browser = self._playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)

    def tab(self, **options) -> Tab:
        return Tab(self.browser, **options)

    def stop(self):
        self.browser.close()
        self._playwright.stop()


def quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="")
