"""The hooks of the run with a key, which is good for every call: hooks.py, and that it is.

A 401 is documented for nearly every call, so no other check would mind one. Those that are asked for, where
schemathesis leaves the key out or sends a credential of its own beside it, are as they should be.
"""

import os
import zlib

import hooks  # noqa: F401 (registers its own)
import schemathesis
from schemathesis import GenerationMode

KEY = os.environ["TRIBUTARY_API_KEY"]
# The batches that were taken, and the calls that were made and that succeeded.
batch_ids = []
asked = set()
succeeded = set()


@schemathesis.hook
def before_call(context, case, kwargs):
    """Valid requests for a batch are for one that exists, until one succeeded and half of the time after that.

    A made-up id is never one.
    """
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE or not batch_ids:
        return
    made_up = (case.path_parameters or {}).get("batch_id")
    # By its text, so that the same request is treated the same when it comes again.
    if made_up is not None and (case.operation.label not in succeeded or zlib.crc32(made_up.encode()) % 2 == 0):
        case.path_parameters["batch_id"] = batch_ids[0]


@schemathesis.check
class the_key_is_good:
    """No request with the key and no other credential is answered 401, and each call succeeds at least once."""

    def after_response(self, ctx, response, case):
        asked.add(case.operation.label)
        if 200 <= response.status_code < 300:
            succeeded.add(case.operation.label)
        if case.operation.definition.raw["operationId"] == "ingestTransactions" and response.status_code == 202:
            batch_ids.append(response.json()["batch_id"])
        sent = response.request.headers
        has_the_key_alone = sent.get("X-API-Key") == KEY and "Authorization" not in sent
        assert response.status_code != 401 or not has_the_key_alone, "a good key was refused"

    def after_run(self, ctx):
        assert asked, "no call was made"
        never = asked - succeeded
        assert not never, f"with a good key these calls never succeeded: {', '.join(sorted(never))}"
