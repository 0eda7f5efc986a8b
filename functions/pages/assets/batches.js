// The table of batches, the counts that describe one, and the button that retries one.

import { call } from "./api.js";
import { formatAgo, formatInstant } from "./dates.js";
import { announce, h } from "./dom.js";
import { icon } from "./icons.js";
import { count } from "./json.js";
import * as router from "./router.js";
import { errorBox, formatCount, plural, statusBadge, table } from "./ui.js";

export function batchTable(batches) {
  return table(
    "Batches",
    [
      { title: "Batch" },
      { title: "State" },
      { title: "Accepted" },
      { title: "Transactions", numeric: true },
      { title: "New", numeric: true, minor: true },
      { title: "Changed", numeric: true, minor: true },
      { title: "Failed", numeric: true },
      { title: "Duration", numeric: true },
    ],
    batches.map((batch) => [
      h(
        "a.mono",
        { href: router.link(["batches", batch.batch_id]) },
        batch.batch_id.slice(0, 13),
      ),
      statusBadge(batch.status),
      h(
        "time",
        { datetime: batch.accepted_at, title: formatInstant(batch.accepted_at) },
        formatAgo(batch.accepted_at),
      ),
      formatCount(count(batch.total_transactions)),
      formatCount(count(batch.inserted)),
      formatCount(count(batch.updated)),
      count(batch.failed) > 0 ? h("strong.bad-text", null, formatCount(count(batch.failed))) : "0",
      duration(batch),
    ]),
    ".stack",
  );
}

export function duration({ started_at: started, finished_at: finished }) {
  if (!started || !finished) return "–";
  const seconds = (new Date(finished) - new Date(started)) / 1000;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds >= 90) return `${formatCount(Math.round(seconds / 60))} min`;
  return `${seconds.toLocaleString(undefined, { maximumFractionDigits: 1 })} s`;
}

// "11 new, 2 unchanged": the counts that are not zero.
export function describeCounts(batch) {
  const parts = [["inserted", "new"], ["updated", "changed"], ["unchanged", "unchanged"], [
    "removed",
    "removed",
  ], ["removed_unknown", "removals of unknown ones"]]
    .filter(([name]) => count(batch[name]) > 0)
    .map(([name, text]) => `${formatCount(count(batch[name]))} ${text}`);
  return parts.join(", ") || plural(0, "transaction");
}

// Has the failed transactions of a batch categorised again. Needs the scope `ingest`.
export function retryButton(batch, signal, retried) {
  const button = h(
    "button.button.small",
    {
      type: "button",
      "aria-label": `Retry batch ${batch.batch_id.slice(0, 13)}`,
      onclick: async () => {
        button.disabled = true;
        try {
          const { retried: number } = await call(
            "POST",
            `/api/batches/${batch.batch_id}/retry`,
            { signal },
          );
          announce(`${plural(count(number), "transaction")} will be categorised again.`);
          retried();
        } catch (error) {
          button.disabled = false;
          if (!signal.aborted) button.closest("li, section").append(errorBox(error));
        }
      },
    },
    icon("retry"),
    "Retry",
  );
  return button;
}
