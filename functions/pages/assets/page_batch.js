// One batch: its progress, its counts and its first failures.

import { get } from "./api.js";
import { describeCounts, duration, retryButton } from "./batches.js";
import { formatInstant } from "./dates.js";
import { announce, h, replace } from "./dom.js";
import { count } from "./json.js";
import { poll } from "./poll.js";
import * as session from "./session.js";
import {
  card,
  errorBox,
  formatCount,
  heading,
  plural,
  progress,
  skeleton,
  table,
  tile,
} from "./ui.js";

const POLL_MS = 1_500;

export function batch(main, id, signal) {
  const place = h("div.stacked", null, skeleton(4));
  main.append(heading("Batch", { under: h("code", null, id) }), place);
  follow();

  function follow() {
    let wasOpen = false;
    poll(
      async () => {
        const found = await get(`/api/batches/${encodeURIComponent(id)}`, null, signal);
        replace(place, content(found, signal, follow));
        if (found.finished_at && wasOpen) announce("The batch is finished.");
        wasOpen = !found.finished_at;
        return found.finished_at ? Infinity : POLL_MS;
      },
      POLL_MS,
      signal,
      (error) => replace(place, errorBox(error, error.isTransient ? null : follow)),
    );
  }
}

function content(found, signal, follow) {
  const status = found.processing_status;
  const failed = count(status.failed);
  const done = count(status.completed) + failed;
  const total = done + count(status.pending) + count(status.processing);
  return [
    h(
      "dl.tiles",
      null,
      tile("Pending", formatCount(count(status.pending))),
      tile("Processing", formatCount(count(status.processing))),
      tile("Completed", formatCount(count(status.completed))),
      tile("Failed", formatCount(failed), { tone: failed ? "bad" : "" }),
    ),
    card(
      found.finished_at ? "Finished" : "Under way",
      { aside: failed && session.may("ingest") ? retryButton(found, signal, follow) : null },
      progress("Progress of the batch", done, total),
      h(
        "dl.facts",
        null,
        [
          ["Content", describeCounts(found)],
          ["Accepted", formatInstant(found.accepted_at)],
          ["Started", formatInstant(found.started_at)],
          ["Finished", formatInstant(found.finished_at)],
          ["Duration", duration(found)],
          count(found.erased) > 0 ? ["Erased", plural(count(found.erased), "transaction")] : null,
          ["Correlation id", h("code", null, found.correlation_id)],
        ].filter(Boolean).map(([term, value]) =>
          h("div", null, h("dt", null, term), h("dd", null, value))
        ),
      ),
    ),
    found.failures.length
      ? card(
        failed > found.failures.length ? `The first ${found.failures.length} failures` : "Failures",
        {},
        table(
          "Failures",
          [{ title: "Transaction" }, { title: "Reason", wide: true }, {
            title: "Attempts",
            numeric: true,
          }],
          found.failures.map((
            failure,
          ) => [
            h("code", null, failure.transaction_id),
            failure.reason,
            failure.attempts,
          ]),
          ".stack",
        ),
      )
      : null,
  ];
}
