// Upload, step 4: sends the batches and follows them until every row is categorised.

import { get } from "./api.js";
import { describeCounts } from "./batches.js";
import { announce, h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { count } from "./json.js";
import { poll } from "./poll.js";
import * as router from "./router.js";
import { send } from "./send.js";
import * as session from "./session.js";
import { card, errorBox, formatCount, plural, progress } from "./ui.js";

const POLL_MS = 1_000;
const FOLLOWED_MAX = 6; // Batches asked for in one poll.

export function sendStep(work, go) {
  const sending = h("div");
  const following = h("div");
  const total = work.rows.filter((row) => !row.skipped).length;
  work.accepted ??= [];
  const run = () => {
    const progressed = () => {
      const sent = work.rows.filter((row) => row.sent).length;
      replace(
        sending,
        progress("Sending", sent, total),
        h("p.under", null, `${formatCount(sent)} of ${plural(total, "row")} sent`),
      );
    };
    progressed();
    sendAll(work, go, progressed).catch((error) => {
      work.accepted.push(...(error.accepted ?? []));
      if (work.signal.aborted) return;
      replace(
        sending,
        errorBox(error, run),
        h("p.under", null, "Trying again continues where it stopped."),
      );
    }).then((isDone) => isDone && follow(work, go, sending, following));
  };
  run();
  return [card("Sending", { id: "sending" }, sending), following];
}

async function sendAll(work, go, progressed) {
  const { accepted, faults, isRejected } = await send(work.rows, {
    accounts: accountsOf(work),
    removed: work.removed,
    signal: work.signal,
    progressed,
  });
  work.accepted.push(...accepted);
  if (!isRejected) return true;
  const others = faults.map(({ pointer, detail }) => `${pointer ?? ""}: ${detail}`);
  work.notice = others.length
    ? `The API rejects the batch. ${others.slice(0, 5).join(" ")}`
    : "The API rejects some rows. Nothing of their batch is stored.";
  if (faults.some(({ pointer }) => pointer?.startsWith("/accounts/")) && !work.isJson) {
    go.columns();
  }
  go.check();
  return false;
}

// Only a new account is described: to describe a known one would rename it.
function accountsOf({ accounts, settings }) {
  if (!settings.account?.isNew) return accounts ?? [];
  const { name, type, mask } = settings.account;
  return [{
    account_id: settings.accountId,
    name: name.trim(),
    type,
    ...(mask.trim() ? { mask: mask.trim() } : {}),
  }];
}

function follow(work, go, sending, following) {
  const { accepted } = work;
  work.notice = null;
  announce(`Accepted: ${plural(accepted.length, "batch", "batches")}.`);
  const sum = (name) => String(accepted.reduce((total, batch) => total + count(batch[name]), 0));
  const counts = Object.fromEntries(
    ["inserted", "updated", "unchanged", "removed", "removed_unknown"].map((
      name,
    ) => [name, sum(name)]),
  );
  replace(
    sending,
    h(
      "p.done-text",
      null,
      icon("check"),
      `Accepted in ${plural(accepted.length, "batch", "batches")}: ${describeCounts(counts)}.`,
    ),
    accepted.some((batch) => batch.isReplayed)
      ? h("p.under", null, "This content had been sent before; nothing is stored twice.")
      : null,
  );
  const again = h("button.button", {
    type: "button",
    onclick: () => {
      Object.assign(work, { accepted: null, rows: [] });
      go.file();
    },
  }, "Upload another file");
  if (!session.may("report")) {
    replace(
      following,
      h("p.under", null, "This key may not read the progress (scope report)."),
      again,
    );
    return;
  }
  const states = new Map();
  const draw = () => drawProgress(work, following, states, again);
  poll(
    async () => {
      const left = accepted.filter(({ batch_id: id }) => !states.get(id)?.finished_at).slice(
        0,
        FOLLOWED_MAX,
      );
      for (
        const found of await Promise.all(
          left.map(({ batch_id: id }) => get(`/api/batches/${id}`, null, work.signal)),
        )
      ) {
        states.set(found.batch_id, found);
      }
      draw();
      return accepted.every(({ batch_id: id }) => states.get(id)?.finished_at) ? Infinity : POLL_MS;
    },
    POLL_MS,
    work.signal,
    (error) => replace(following, errorBox(error)),
  );
}

function drawProgress({ accepted, rows }, place, states, again) {
  const all = accepted.reduce((total, batch) => total + count(batch.total_transactions), 0);
  let completed = 0;
  let failed = 0;
  for (const { processing_status: status } of states.values()) {
    completed += count(status.completed);
    failed += count(status.failed);
  }
  const isDone = accepted.every(({ batch_id: id }) => states.get(id)?.finished_at);
  if (isDone) {
    announce(
      `Done: ${plural(completed, "transaction")} categorised, ${formatCount(failed)} failed.`,
    );
  }
  const accounts = [
    ...new Set(rows.filter((row) => row.sent).map((row) => row.transaction.account_id)),
  ];
  replace(
    place,
    card(
      isDone ? "Done" : "Categorising",
      { id: "categorising" },
      progress("Categorising", completed + failed, all),
      h(
        "p.under",
        { "data-test": "categorised" },
        `${formatCount(completed)} of ${plural(all, "transaction")} categorised`,
        failed ? `, ${formatCount(failed)} failed` : "",
      ),
      h(
        "ul.batch-links",
        null,
        accepted.map(({ batch_id: id }) =>
          h(
            "li",
            null,
            h("a.mono", { href: router.link(["batches", id]) }, id.slice(0, 13)),
            count(states.get(id)?.processing_status.failed) > 0
              ? h(
                "span.bad-text",
                null,
                ` ${formatCount(count(states.get(id).processing_status.failed))} failed`,
              )
              : null,
          )
        ),
      ),
      isDone
        ? h(
          "div.form-foot",
          null,
          again,
          accounts.slice(0, 3).map((id) =>
            h(
              "a.button.primary",
              { href: router.link(["accounts", id]) },
              accounts.length > 1 ? `Account ${id}` : "Open the account",
            )
          ),
        )
        : null,
    ),
  );
}
