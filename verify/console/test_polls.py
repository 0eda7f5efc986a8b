"""Polls of the overview: none while the tab is hidden, fewer while they fail."""

from stage import URL, Stage


def test_a_hidden_tab_sends_nothing(stage: Stage):
    tab = stage.tab()
    page = tab.sign_in()
    page.wait_for_timeout(500)
    hide(page, True)
    page.wait_for_timeout(500)
    before = len(tab.requests)
    page.wait_for_timeout(8_000)
    assert len(tab.requests) == before
    with page.expect_response(lambda response: "/api/batches" in response.url):
        hide(page, False)
    tab.close()


def test_failing_polls_become_rare(stage: Stage):
    tab = stage.tab()
    tab.expected_statuses = {503}
    answers = []

    def fail(route):
        answers.append(route.request.url)
        route.fulfill(status=503, content_type="application/problem+json",
                      json={"title": "Service Unavailable", "status": 503, "detail": "Try again later.", "correlation_id": "test-503"})

    tab.context.route(f"{URL}/api/batches?status=open**", fail)
    page = tab.sign_in()
    page.locator(".error-box", has_text="Try again later.").wait_for()
    assert page.locator(".error-box code").text_content() == "test-503"
    page.wait_for_timeout(9_000)
    # After 0, 4 and 12 seconds; without a backoff there were five.
    assert len(answers) <= 3, answers
    tab.close()


def hide(page, is_hidden: bool):
    page.evaluate("""(hidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event("visibilitychange"));
    }""", is_hidden)
