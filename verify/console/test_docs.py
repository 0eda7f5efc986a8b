"""The page of the API's documentation: it shows the document, and a call can be tried from it."""

from stage import KEY, URL, Stage


def try_credential(page):
    """Signs in and tries `GET /api/credential`. Returns the text of the response."""
    page.locator("#operations-Keys-getCredential").wait_for()
    page.locator(".btn.authorize").click()
    page.locator(".modal-ux input").first.fill(KEY)
    page.locator(".modal-ux button.authorize").first.click()
    page.locator(".modal-ux .btn-done").first.click()
    call = page.locator("#operations-Keys-getCredential")
    call.locator(".opblock-summary").click()
    call.locator(".try-out__btn").click()
    call.locator(".execute").click()
    response = call.locator(".live-responses-table")
    response.wait_for()
    return response.inner_text()


def test_a_call_can_be_tried_from_the_documentation(stage: Stage):
    tab = stage.tab()
    response = tab.page.goto(f"{URL}/api/docs")
    assert "unsafe" not in response.headers["content-security-policy"]
    assert '"admin"' in try_credential(tab.page)
    document = stage.api.get("/api/openapi.json")
    calls = sum(len(path) for path in document["paths"].values())
    assert tab.page.locator(".opblock").count() == calls
    tab.close()


def test_the_documentation_stays_below_the_stage(stage: Stage):
    """On AWS, the path of the stage stands before /api/docs and before every call."""
    tab = stage.tab()
    tab.context.route(f"{URL}/prod/**", lambda route: route.fulfill(
        response=route.fetch(url=route.request.url.replace(f"{URL}/prod/", f"{URL}/"))))
    tab.page.goto(f"{URL}/prod/api/docs")
    assert '"admin"' in try_credential(tab.page)
    outside = [url for url in tab.requests if not url.startswith((f"{URL}/prod/", "data:"))]
    assert not outside, outside
    tab.close()
