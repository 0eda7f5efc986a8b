// Overview: what is under way, how fast, what failed, whether the system is well, and the recent batches.

import { call, get } from "./api.js";
import { batchTable, retryButton } from "./batches.js";
import { sparkline } from "./charts.js";
import { formatAgo } from "./dates.js";
import { announce, h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { count } from "./json.js";
import { poll } from "./poll.js";
import * as router from "./router.js";
import * as session from "./session.js";
import { badge, card, empty, errorBox, formatCount, heading, load, plural, progress, segmented, skeleton, tile } from "./ui.js";

const POLL_MS = 2_000;
const IDLE_MS = 6_000;
const HEALTH_MS = 15_000;
const OPEN_MAX = 8; // Batches whose progress is shown; each costs a request a poll.
const FAILED_MAX = 3;
const RATES_MAX = 40;

export function overview(main, query, signal) {
  const places = {
    tiles: h("dl.tiles"), open: h("div", null, skeleton(2)), failed: h("div"), health: h("div.health", null, skeleton(1)),
  };
  const openCard = card("Under way", { id: "under-way" }, places.open);
  const list = h("div");
  main.append(
    heading("Overview", { under: "Batches of transactions, from acceptance to the report." }),
    places.tiles,
    h("div.columns", null,
      h("div.column", null, openCard, places.failed),
      h("div.column.narrow", null, card("Health", { id: "health" }, places.health))),
    card("Recent batches", {
      id: "recent",
      aside: segmented("State", [["", "All"], ["open", "Under way"], ["finished", "Finished"], ["failed", "Failed"]],
        query.status ?? "", (status) => router.go(["overview"], { status })),
    }, list));
  const state = { rates: [], recent: null, open: null, failed: null, before: new Map(), started: Date.now() };
  const recent = () => load(list, signal, () => recentBatches(query, signal, state), 5);
  drawTiles(places.tiles, state);
  recent();
  poll(() => pollHealth(places.health, signal), HEALTH_MS, signal, (error) => replace(places.health, errorBox(error)));
  pollOpen(places, state, signal, recent);
  showFailed(places.failed, state, places, signal);
}

async function recentBatches(query, signal, state) {
  const page = await get("/api/batches", { status: query.status, cursor: query.after, limit: 20 }, signal);
  if (!query.status && !query.after) {
    state.recent = page.batches;
    state.draw?.();
  }
  const after = page.has_more ? router.link(["overview"], { status: query.status, after: page.next_cursor }) : null;
  return [
    page.batches.length ? batchTable(page.batches)
      : query.status || query.after ? empty("No batch here.")
        : empty("No batches yet.", h("p", null, "Send some: ", h("code", null, "cargo tributary simulate"),
          " makes up a few hundred transactions",
          session.may("ingest") ? [", or ", h("a", { href: "#/upload" }, "upload a file")] : null, ".")),
    h("nav.pager", { "aria-label": "Pages of batches" },
      query.after && h("a.button", { href: router.link(["overview"], { status: query.status }) }, "Newest"),
      after && h("a.button", { href: after }, "Older", icon("next"))),
  ];
}

async function pollHealth(place, signal) {
  // 503 is an answer too: it says which dependency is unavailable.
  const health = await call("GET", "/api/health", { signal, accept: [503] });
  if (!health) throw new Error("The API gave no answer about its health.");
  const line = (name, verdict) => h("div.health-line", null, h("dt", null, name),
    h("dd", null, badge(verdict === "ok" ? "Reachable" : "Unavailable", verdict === "ok" ? "good" : "bad")));
  replace(place, h("dl", null, line("API", "ok"), line("PostgreSQL", health.database), line("Queue", health.queue)));
}

function pollOpen(places, state, signal, recent) {
  let ids = "";
  const work = async () => {
    const page = await get("/api/batches", { status: "open", limit: 50 }, signal);
    const shown = await Promise.all(page.batches.slice(0, OPEN_MAX).map(({ batch_id }) =>
      get(`/api/batches/${batch_id}`, null, signal)));
    state.open = { batches: shown, total: page.batches.length, more: page.has_more };
    measure(state, shown);
    drawOpen(places.open, state.open);
    drawTiles(places.tiles, state);
    const now = page.batches.map(({ batch_id }) => batch_id).join();
    if (now !== ids && ids) {
      recent();
      showFailed(places.failed, state, places, signal);
      if (!now) announce("All batches are finished.");
    }
    ids = now;
    return shown.length ? POLL_MS : IDLE_MS;
  };
  state.draw = () => drawTiles(places.tiles, state);
  poll(work, POLL_MS, signal, (error) => replace(places.open, errorBox(error)));
}

const done = ({ processing_status: status }) => count(status.completed) + count(status.failed);
const all = ({ processing_status: status }) => done({ processing_status: status }) + count(status.pending) + count(status.processing);

// Rows a second since the poll before, over the batches that both polls saw. A batch that has finished in between is
// in the second poll no more, and its last rows are left out.
function measure(state, batches) {
  const now = performance.now();
  let rows = 0;
  for (const batch of batches) rows += Math.max(0, done(batch) - (state.before.get(batch.batch_id) ?? done(batch)));
  if (state.at && state.before.size) state.rates = [...state.rates, (rows * 1000) / (now - state.at)].slice(-RATES_MAX);
  else if (!batches.length) state.rates = [];
  state.at = now;
  state.before = new Map(batches.map((batch) => [batch.batch_id, done(batch)]));
}

function drawOpen(place, { batches, total, more }) {
  if (!batches.length) {
    replace(place, h("p.quiet-text", null, icon("check"), "Nothing is under way."));
    return;
  }
  replace(place, h("ul.progress-list", null, batches.map((batch) => h("li", null,
    h("div.progress-head", null,
      h("a.mono", { href: router.link(["batches", batch.batch_id]) }, batch.batch_id.slice(0, 13)),
      h("span.under", null, formatAgo(batch.accepted_at)),
      h("span.progress-count", null, `${formatCount(done(batch))} of ${formatCount(all(batch))}`)),
    progress(`Batch ${batch.batch_id.slice(0, 13)}`, done(batch), all(batch))))),
  total > batches.length || more
    ? h("p.under", null, `and ${more ? "more than " : ""}${plural(total - batches.length, "other batch", "other batches")}`) : null);
}

function drawTiles(place, state) {
  const rate = state.rates.at(-1);
  const left = state.open?.batches.reduce((rows, batch) => rows + all(batch) - done(batch), 0);
  const finished = (state.recent ?? []).filter((batch) => batch.finished_at && batch.started_at);
  const seconds = finished.reduce((sum, batch) => sum + (new Date(batch.finished_at) - new Date(batch.started_at)) / 1000, 0);
  const rows = finished.reduce((sum, batch) => sum + count(batch.inserted) + count(batch.updated), 0);
  replace(place,
    tile("Batches under way", state.open ? `${formatCount(state.open.total)}${state.open.more ? "+" : ""}` : "–",
      { note: left ? `${plural(left, "row")} left` : "no row is waiting" }),
    tile("Throughput now", rate === undefined ? "–" : [formatCount(Math.round(rate)), h("small", null, " rows/s")],
      { note: state.rates.length > 1 ? sparkline(state.rates) : "from the last two polls" }),
    tile("Recent throughput", seconds > 0 ? [formatCount(Math.round(rows / seconds)), h("small", null, " rows/s")] : "–",
      { note: finished.length ? `of ${plural(finished.length, "finished batch", "finished batches")}` : "of finished batches" }),
    tile("Failed batches", state.failed ? `${formatCount(state.failed.total)}${state.failed.more ? "+" : ""}` : "–",
      { tone: state.failed?.total ? "bad" : "", note: state.failed?.total ? "with failed rows, see below" : "no row has failed" }));
}

// Failed batches with their first failures, and a button that has them categorised again.
async function showFailed(place, state, places, signal) {
  try {
    const page = await get("/api/batches", { status: "failed", limit: 50 }, signal);
    state.failed = { total: page.batches.length, more: page.has_more };
    drawTiles(places.tiles, state);
    const shown = await Promise.all(page.batches.slice(0, FAILED_MAX).map(({ batch_id }) =>
      get(`/api/batches/${batch_id}`, null, signal)));
    const stillFailed = shown.filter((batch) => count(batch.processing_status.failed) > 0);
    if (signal.aborted) return;
    replace(place, stillFailed.length ? card("Failed", { id: "failed", aside: page.batches.length > FAILED_MAX &&
      h("a", { href: router.link(["overview"], { status: "failed" }) }, "All failed batches") },
    h("ul.failures", null, stillFailed.map((batch) => failedBatch(batch, signal,
      () => showFailed(place, state, places, signal))))) : null);
  } catch (error) {
    if (!signal.aborted) replace(place, card("Failed", { id: "failed" }, errorBox(error)));
  }
}

function failedBatch(batch, signal, retried) {
  return h("li", null,
    h("div.progress-head", null,
      h("a.mono", { href: router.link(["batches", batch.batch_id]) }, batch.batch_id.slice(0, 13)),
      badge(`${formatCount(count(batch.processing_status.failed))} failed`, "bad"),
      h("span.under", null, formatAgo(batch.accepted_at)),
      session.may("ingest") && retryButton(batch, signal, retried)),
    h("ul.reasons", null, reasons(batch.failures).map(([reason, number]) =>
      h("li", null, reason, number > 1 ? h("span.under", null, ` × ${formatCount(number)} of the first ten`) : null))));
}

function reasons(failures) {
  const numbers = new Map();
  for (const { reason } of failures) numbers.set(reason, (numbers.get(reason) ?? 0) + 1);
  return [...numbers].slice(0, 3);
}
