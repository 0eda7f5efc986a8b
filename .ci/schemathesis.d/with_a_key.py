"""The hooks of the run with a key, which is good for every call: hooks.py, and that it is.

A 401 is documented for nearly every call, so no other check would mind one. Those that are asked for, where
schemathesis leaves the key out or sends a credential of its own beside it, are as they should be.
"""

import os

import hooks  # noqa: F401 (registers its own)
import schemathesis

KEY = os.environ["TRIBUTARY_API_KEY"]


@schemathesis.check
class the_key_is_good:
    """No request with the key and no other credential is answered 401, and each call succeeds at least once."""

    def __init__(self):
        self.asked = set()
        self.succeeded = set()

    def after_response(self, ctx, response, case):
        self.asked.add(case.operation.label)
        if 200 <= response.status_code < 300:
            self.succeeded.add(case.operation.label)
        sent = response.request.headers
        has_the_key_alone = sent.get("X-API-Key") == KEY and "Authorization" not in sent
        assert response.status_code != 401 or not has_the_key_alone, "a good key was refused"

    def after_run(self, ctx):
        assert self.asked, "no call was made"
        never = self.asked - self.succeeded
        assert not never, f"with a good key these calls never succeeded: {', '.join(sorted(never))}"
