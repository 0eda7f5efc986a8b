// Overview: the progress of open batches, and the numbers at the top.

import { sparkline } from "./charts.js";
import { formatAgo } from "./dates.js";
import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { count } from "./json.js";
import * as router from "./router.js";
import { formatCount, plural, progress, tile } from "./ui.js";

const RATES_MAX = 40;

const done = ({ processing_status: status }) => count(status.completed) + count(status.failed);
const all = ({ processing_status: status }) =>
  done({ processing_status: status }) + count(status.pending) + count(status.processing);

// Rows a second since the poll before, over the batches that both polls saw. A batch that has finished in between is
// in the second poll no more, and its last rows are left out.
export function measure(state, batches) {
  const now = performance.now();
  let rows = 0;
  for (const batch of batches) {
    rows += Math.max(0, done(batch) - (state.before.get(batch.batch_id) ?? done(batch)));
  }
  if (state.at && state.before.size) {
    state.rates = [...state.rates, (rows * 1000) / (now - state.at)].slice(-RATES_MAX);
  } else if (!batches.length) state.rates = [];
  state.at = now;
  state.before = new Map(batches.map((batch) => [batch.batch_id, done(batch)]));
}

export function drawOpen(place, { batches, total, more }) {
  if (!batches.length) {
    replace(place, h("p.quiet-text", null, icon("check"), "Nothing is under way."));
    return;
  }
  replace(
    place,
    h(
      "ul.progress-list",
      null,
      batches.map((batch) =>
        h(
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
            h("span.under", null, formatAgo(batch.accepted_at)),
            h(
              "span.progress-count",
              null,
              `${formatCount(done(batch))} of ${formatCount(all(batch))}`,
            ),
          ),
          progress(`Batch ${batch.batch_id.slice(0, 13)}`, done(batch), all(batch)),
        )
      ),
    ),
    total > batches.length || more
      ? h(
        "p.under",
        null,
        `and ${more ? "more than " : ""}${
          plural(total - batches.length, "other batch", "other batches")
        }`,
      )
      : null,
  );
}

export function drawTiles(place, state) {
  const rate = state.open && !state.open.batches.length ? 0 : state.rates.at(-1);
  const left = state.open?.batches.reduce((rows, batch) => rows + all(batch) - done(batch), 0);
  const finished = (state.recent ?? []).filter((batch) => batch.finished_at && batch.started_at);
  const seconds = finished.reduce(
    (sum, batch) => sum + (new Date(batch.finished_at) - new Date(batch.started_at)) / 1000,
    0,
  );
  const rows = finished.reduce(
    (sum, batch) => sum + count(batch.inserted) + count(batch.updated),
    0,
  );
  replace(
    place,
    tile(
      "Batches under way",
      state.open ? `${formatCount(state.open.total)}${state.open.more ? "+" : ""}` : "–",
      { note: left ? `${plural(left, "row")} left` : "no row is waiting" },
    ),
    tile(
      "Throughput now",
      rate === undefined ? "–" : [formatCount(Math.round(rate)), h("small", null, " rows/s")],
      { note: state.rates.length > 1 ? sparkline(state.rates) : "of the batches under way" },
    ),
    tile(
      "Recent throughput",
      seconds > 0 ? [formatCount(Math.round(rows / seconds)), h("small", null, " rows/s")] : "–",
      {
        note: finished.length
          ? `of ${plural(finished.length, "finished batch", "finished batches")}`
          : "of finished batches",
      },
    ),
    tile(
      "Failed batches",
      state.failed ? `${formatCount(state.failed.total)}${state.failed.more ? "+" : ""}` : "–",
      {
        tone: state.failed?.total ? "bad" : "",
        note: state.failed?.total ? "with failed rows, see below" : "no row has failed",
      },
    ),
  );
}
