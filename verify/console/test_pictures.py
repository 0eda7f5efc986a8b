"""Pictures of every page, light and dark, at three widths, under target/console; two of them are the README's."""

import uuid

import data
from stage import PICTURES, ROOT, Stage
from test_security import fail_a_batch

WIDTHS = (360, 1024, 1920)
README = ROOT / "docs" / "images"
README_BYTES_MAX = 150_000
FILE = b"""Date,Amount,Description,Merchant
2026-11-02,-12.50,Coffee to go,Blue Bottle
2026-11-03,12.5x,Groceries,Whole Foods
2026-13-04,-31.00,Parking,
2026-11-05,2000.00,Salary,ACME Inc
2026-11-05,-4.00,,
"""


def columns_step(tab):
    tab.go("#/upload")
    tab.page.locator("#file").set_input_files({"name": "checking-november.csv", "mimeType": "text/csv", "buffer": FILE})
    tab.page.get_by_label("Account id").fill(data.SMALL)


def check_step(tab):
    tab.page.get_by_role("button", name="Check rows").click()
    tab.page.locator(".mend-list").wait_for()


def test_pictures_of_every_page(stage: Stage):
    PICTURES.mkdir(parents=True, exist_ok=True)
    for width in WIDTHS:
        for dark in (False, True):
            take_all(stage, width, dark)


def take_all(stage: Stage, width: int, dark: bool):
    tab = stage.tab(width=width, height=800 if width > 360 else 740, dark=dark, reduced_motion="reduce")
    batch = fail_a_batch(stage, tab)
    page = tab.open()

    def take(name: str, whole=True):
        too_wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not too_wide, f"{name} scrolls sideways at {width} pixels"
        page.screenshot(path=PICTURES / f"{name}-{width}-{'dark' if dark else 'light'}.png", full_page=whole)

    page.get_by_label("API key").wait_for()
    take("signin")
    tab.sign_in()
    page.get_by_role("heading", name="Failed", exact=True).wait_for()
    take("overview")
    for name, route in (("batch", f"#/batches/{batch}"), ("accounts", "#/accounts"), ("account-month", f"#/accounts/{data.SMALL}"),
                        ("account-year", f"#/accounts/{data.SMALL}?span=year"), ("upload", "#/upload"), ("keys", "#/keys")):
        tab.go(route)
        take(name)
    tab.go(f"#/accounts/{data.SMALL}/transactions")
    take("transactions", whole=False)
    tab.go(f"#/accounts/{data.SMALL}/transactions?open={data.SMALL}_000001")
    page.get_by_role("dialog").locator(".changes").first.wait_for()
    take("transaction", whole=False)
    columns_step(tab)
    take("upload-columns")
    check_step(tab)
    take("upload-check")
    tab.close()


def test_pictures_of_the_readme(stage: Stage):
    """Written to docs/images with --update-pictures only, since every run differs a little."""
    folder = README if getattr(stage, "update_pictures", False) else PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    data.send_picture(stage.api, stage.today)
    tab = stage.tab(width=1280, height=800, reduced_motion="reduce")
    page = tab.sign_in(route="#/upload")
    # New ids each time, so that there is work to show.
    rows = [data.transaction(f"acc_import_{uuid.uuid4()}", number, stage.today) for number in range(30_000)]
    for row in rows:
        row["account_id"] = rows[0]["account_id"]
    batches = [stage.api.send(rows[0]["account_id"], rows[at:at + 10_000], name="Import") for at in (0, 10_000, 20_000)]
    tab.go("#/overview")
    page.locator(".progress-list").wait_for()
    page.wait_for_timeout(2_500) # Two polls, for the throughput.
    page.screenshot(path=folder / "console-overview.png")
    data.wait(stage.api, batches)
    tab.go(f"#/accounts/{data.PICTURE}?span=year")
    page.screenshot(path=folder / "console-account.png")
    tab.close()
    for picture in ("console-overview.png", "console-account.png"):
        assert (folder / picture).stat().st_size <= README_BYTES_MAX, picture
