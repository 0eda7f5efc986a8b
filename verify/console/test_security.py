"""Nothing leaves the origin, no data becomes markup, and a key sees only what it may do."""

import data
from stage import HOSTILE, KEY, URL, Api, Stage

ROUTES = ["#/overview", "#/accounts", f"#/accounts/{data.SMALL}", f"#/accounts/{data.SMALL}/transactions", "#/upload", "#/keys", "#/none"]


def test_the_policy_is_strict(stage: Stage):
    tab = stage.tab()
    response = tab.page.goto(f"{URL}/console")
    policy = response.headers["content-security-policy"]
    for directive in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'",
                      "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"):
        assert directive in policy, policy
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    tab.close()


def test_first_paint_needs_no_call_of_the_api(stage: Stage):
    tab = stage.tab()
    page = tab.open()
    page.get_by_role("heading", name="Sign in to the console").wait_for()
    assert not [url for url in tab.requests if "/api/" in url]
    tab.close()


def test_everything_stays_below_the_stage(stage: Stage):
    """On AWS, the path of the stage stands before /console: no request may leave it."""
    tab = stage.tab()
    tab.context.route(f"{URL}/prod/**", lambda route: route.fulfill(
        response=route.fetch(url=route.request.url.replace(f"{URL}/prod/", f"{URL}/"))))
    page = tab.page
    page.goto(f"{URL}/prod/console#key={KEY}")
    page.locator("main[data-page]").wait_for()
    for route in ROUTES:
        tab.go(route)
    assert page.get_by_role("link", name="API").get_attribute("href") == "/prod/api/docs"
    outside = [url for url in tab.requests if not url.startswith(f"{URL}/prod/")]
    assert not outside, outside
    tab.close()


def test_every_page_keeps_to_the_origin(stage: Stage):
    tab = stage.tab()
    page = tab.sign_in()
    for route in ROUTES:
        tab.go(route)
        page.wait_for_timeout(200)
    tab.close()


def test_hostile_text_stays_text(stage: Stage):
    tab = stage.tab()
    page = tab.sign_in(route=f"#/accounts/{data.SMALL}")
    page.locator(".bar-name", has_text="<img").wait_for()
    tab.go(f"#/accounts/{data.SMALL}/transactions?q=%3Cimg")
    assert page.locator(".row-button").first.text_content() == HOSTILE
    page.locator(".row-button").first.click()
    page.get_by_role("dialog").locator(".drawer-name", has_text="<img").wait_for()
    tab.go("#/upload")
    page.locator("#file").set_input_files({"name": f"{HOSTILE}.csv", "mimeType": "text/csv",
                                           "buffer": f'Date,Amount,Description\n2026-11-01,x,"{HOSTILE}"\n'.replace('\\"', "").encode()})
    page.get_by_label("Account id").fill(HOSTILE)
    page.get_by_role("button", name="Check rows").click()
    page.locator(".mend-list").wait_for()
    assert page.locator("img").count() == 0
    assert "hacked" not in page.title()
    tab.close()


def test_a_report_key_sees_only_what_it_may_do(stage: Stage):
    key = stage.api.create_key("report only", "report")
    tab = stage.tab()
    tab.expected_statuses = {403}
    fail_a_batch(stage, tab)
    page = tab.sign_in(key)
    page.get_by_role("heading", name="Failed", exact=True).wait_for()
    assert page.get_by_role("button", name="Retry").count() == 0
    assert page.locator("nav[aria-label=Console] a").all_inner_texts()[:2] == ["Overview", "Accounts"]
    assert page.locator("nav[aria-label=Console]").get_by_text("Upload").count() == 0
    assert page.locator("nav[aria-label=Console]").get_by_text("Keys").count() == 0
    for route in ("#/upload", "#/keys"):
        tab.go(route)
        page.get_by_text("This key may not do this.").wait_for()
    status = page.evaluate("""async (key) => {
        const answer = await fetch("api/keys", { headers: { Authorization: `Bearer ${key}` } });
        return answer.status;
    }""", key)
    assert status == 403
    assert Api(key).call("POST", "/api/integrations/transactions", {})[0] == 403
    tab.close()


def test_a_new_tab_has_no_key(stage: Stage):
    tab = stage.tab()
    tab.sign_in()
    tab.page.close()
    page = tab.context.new_page()
    page.goto(f"{URL}/console#/accounts")
    page.get_by_role("heading", name="Sign in to the console").wait_for()
    assert page.evaluate("sessionStorage.length") == 0
    assert KEY not in page.evaluate("JSON.stringify(localStorage)")
    tab.close()


def test_a_link_of_the_console_gives_no_key_to_a_new_tab(stage: Stage):
    tab = stage.tab()
    page = tab.sign_in()
    with tab.context.expect_page() as opened:
        page.get_by_role("link", name="API").click()
    other = opened.value
    other.wait_for_load_state()
    assert "/api/docs" in other.url
    assert KEY not in other.evaluate("JSON.stringify(sessionStorage)")
    tab.context.close() # The documents page is not the console's: its messages do not count.


def fail_a_batch(stage: Stage, tab):
    """Shows a finished batch as a failed one in this tab. Nothing that a client sends makes the categoriser fail."""
    batch = stage.api.send(data.SMALL, [data.transaction(data.SMALL, 2, stage.today)], name="Business Checking")
    data.wait(stage.api, [batch])
    found = stage.api.get(f"/api/batches/{batch}")
    counts = {"pending": 0, "processing": 0, "completed": 0, "failed": 1}
    failure = {"transaction_id": f"{data.SMALL}_000002", "reason": f"the maximum number of attempts was reached {HOSTILE}", "attempts": 5}
    failed = {**found, "processing_status": counts, "failures": [failure]}
    item = {name: found[name] for name in ("batch_id", "total_transactions", "inserted", "updated", "unchanged", "removed", "removed_unknown",
                                           "erased", "accepted_at", "started_at", "finished_at", "correlation_id")}
    page = {"batches": [{**item, "status": "failed", "failed": 1}], "has_more": False, "next_cursor": None, "correlation_id": "test"}
    tab.context.route(f"{URL}/api/batches?status=failed**", lambda route: route.fulfill(json=page))
    tab.context.route(f"{URL}/api/batches/{batch}", lambda route: route.fulfill(json=failed))
    return batch
