// Overview: the batches with failed transactions.

import { get } from "./api.js";
import { retryButton } from "./batches.js";
import { formatAgo } from "./dates.js";
import { h, replace } from "./dom.js";
import { count } from "./json.js";
import { drawTiles } from "./overview_open.js";
import * as router from "./router.js";
import * as session from "./session.js";
import { badge, card, errorBox, formatCount } from "./ui.js";

const FAILED_MAX = 3;

// Failed batches with their first failures, and a button that has them categorised again.
export async function showFailed(place, state, places, signal) {
  try {
    const page = await get("/api/batches", { status: "failed", limit: 50 }, signal);
    state.failed = { total: page.batches.length, more: page.has_more };
    drawTiles(places.tiles, state);
    const shown = await Promise.all(
      page.batches.slice(0, FAILED_MAX).map(({ batch_id }) =>
        get(`/api/batches/${batch_id}`, null, signal)
      ),
    );
    const stillFailed = shown.filter((batch) => count(batch.processing_status.failed) > 0);
    if (signal.aborted) return;
    replace(
      place,
      stillFailed.length
        ? card(
          "Failed",
          {
            id: "failed",
            aside: page.batches.length > FAILED_MAX &&
              h(
                "a",
                { href: router.link(["overview"], { status: "failed" }) },
                "All failed batches",
              ),
          },
          h(
            "ul.failures",
            null,
            stillFailed.map((batch) =>
              failedBatch(
                batch,
                signal,
                () => showFailed(place, state, places, signal),
              )
            ),
          ),
        )
        : null,
    );
  } catch (error) {
    if (!signal.aborted) replace(place, card("Failed", { id: "failed" }, errorBox(error)));
  }
}

function failedBatch(batch, signal, retried) {
  return h(
    "li",
    null,
    h(
      "div.progress-head",
      null,
      h(
        "a.mono",
        { href: router.link(["batches", batch.batch_id]) },
        batch.batch_id.slice(0, 13),
      ),
      badge(`${formatCount(count(batch.processing_status.failed))} failed`, "bad"),
      h("span.under", null, formatAgo(batch.accepted_at)),
      session.may("ingest") && retryButton(batch, signal, retried),
    ),
    h(
      "ul.reasons",
      null,
      reasons(batch.failures).map(([reason, number]) =>
        h(
          "li",
          null,
          reason,
          number > 1 ? h("span.under", null, ` × ${formatCount(number)} of the first ten`) : null,
        )
      ),
    ),
  );
}

function reasons(failures) {
  const numbers = new Map();
  for (const { reason } of failures) numbers.set(reason, (numbers.get(reason) ?? 0) + 1);
  return [...numbers].slice(0, 3);
}
