#!/usr/bin/env python3
"""Browser tests of the console, against a running system.

usage: TRIBUTARY_URL=… TRIBUTARY_API_KEY=… run.py [--update-pictures] [WORD…]

Runs every `test_…` function of the modules below, or those whose names contain one of the words. The key needs every
scope. CHROMIUM names the browser, /usr/bin/chromium by default.
"""

import argparse
import sys
import time
import traceback
from datetime import date

import data
import test_access
import test_docs
import test_journey
import test_keyboard
import test_large
import test_pictures
import test_polls
import test_security
import test_units
from stage import Stage

MODULES = [test_units, test_security, test_docs, test_journey, test_keyboard, test_polls, test_access, test_pictures, test_large]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--update-pictures", action="store_true", help="write the pictures of the README")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    tests = [(f"{module.__name__}.{name}", function) for module in MODULES for name, function in vars(module).items()
             if name.startswith("test_") and callable(function)]
    chosen = [test for test in tests if not options.words or any(word in test[0] for word in options.words)]
    if not chosen:
        sys.exit("No test has such a name.")
    stage = Stage()
    stage.update_pictures = options.update_pictures
    stage.today = date.today()
    failed = []
    try:
        data.send_small(stage.api, stage.today)
        for name, function in chosen:
            began = time.monotonic()
            try:
                function(stage)
            except Exception:  # noqa: BLE001 # every failure is reported, and the others run
                failed.append(name)
                traceback.print_exc()
            verdict = "FAILED" if name in failed else "ok"
            print(f"{verdict:6} {name} ({time.monotonic() - began:.1f} s)", flush=True)
    finally:
        stage.stop()
    print(f"{len(chosen) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
