"""axe finds nothing on any page, light and dark, wide and narrow; nothing scrolls sideways at 360 pixels."""

from axe_playwright_python.sync_playwright import Axe

import data
from stage import Stage
from test_security import fail_a_batch
from test_pictures import check_step, columns_step

NARROW = 360


def examine(page, where: str):
    results = Axe().run(page)
    found = [f"{item['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
             for item in results.response["violations"] for node in item["nodes"]]
    assert not found, f"{where}:\n" + "\n".join(found)
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0, f"{where} is {width} pixels too wide"


def test_axe_finds_nothing_on_any_page(stage: Stage):
    for dark in (False, True):
        for width in (NARROW, 1280):
            examine_all(stage, dark, width)


def examine_all(stage: Stage, dark: bool, width: int):
    where = f"{'dark' if dark else 'light'}, {width} pixels"
    tab = stage.tab(dark=dark, width=width, reduced_motion="reduce", bypass_csp=True)
    tab.expected_statuses = {404}
    batch = fail_a_batch(stage, tab)
    page = tab.open()
    page.get_by_label("API key").wait_for()
    page.get_by_text("Where do I get a key?").click()
    examine(page, f"sign in, {where}")
    tab.sign_in(stage.api.create_key("axe", "admin"))
    page.get_by_role("heading", name="Failed", exact=True).wait_for()
    examine(page, f"overview, {where}")
    for route in (f"#/batches/{batch}", "#/accounts", f"#/accounts/{data.SMALL}", f"#/accounts/{data.SMALL}?span=year",
                  f"#/accounts/{data.SMALL}?month=1999-01", f"#/accounts/{data.SMALL}/transactions",
                  f"#/accounts/{data.SMALL}/transactions?q=nothing+has+this", "#/accounts/acc_unknown", "#/upload", "#/keys", "#/none"):
        tab.go(route)
        if page.get_by_text("Show as a table").count():
            page.get_by_text("Show as a table").click()
        examine(page, f"{route}, {where}")
    tab.go(f"#/accounts/{data.SMALL}/transactions?open={data.SMALL}_000001")
    page.get_by_role("dialog").locator(".changes").first.wait_for()
    examine(page, f"details, {where}")
    columns_step(tab)
    examine(page, f"columns, {where}")
    check_step(tab)
    examine(page, f"check, {where}")
    tab.go("#/keys")
    page.locator("tr", has_text="This key").get_by_role("button").click()
    page.get_by_role("dialog").wait_for()
    examine(page, f"revoking, {where}")
    tab.close()


def test_reduced_motion_stops_every_animation(stage: Stage):
    tab = stage.tab(reduced_motion="reduce")
    page = tab.sign_in(route=f"#/accounts/{data.SMALL}/transactions?open={data.SMALL}_000001")
    page.get_by_role("dialog").wait_for()
    assert page.evaluate("document.getAnimations().length") == 0
    tab.close()


def test_dark_mode_is_kept(stage: Stage):
    tab = stage.tab()
    page = tab.sign_in()
    assert page.evaluate("tributaryTheme.isDark()") is False
    page.get_by_role("button", name="Dark mode").click()
    page.reload()
    assert page.evaluate("tributaryTheme.isDark()") is True
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 17, 22)"
    tab.close()
