// Overview: what is under way, how fast, what failed, whether the system is well, and the recent batches.

import { call, get } from "./api.js";
import { batchTable } from "./batches.js";
import { announce, h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { showFailed } from "./overview_failed.js";
import { drawOpen, drawTiles, measure } from "./overview_open.js";
import { poll } from "./poll.js";
import * as router from "./router.js";
import * as session from "./session.js";
import { badge, card, empty, errorBox, heading, load, segmented, skeleton } from "./ui.js";

const POLL_MS = 2_000;
const IDLE_MS = 6_000;
const HEALTH_MS = 15_000;
const OPEN_MAX = 8; // Batches whose progress is shown; each costs a request a poll.

export function overview(main, query, signal) {
  const places = {
    tiles: h("dl.tiles"),
    open: h("div", null, skeleton(2)),
    failed: h("div"),
    health: h("div.health", null, skeleton(1)),
  };
  const openCard = card("Under way", { id: "under-way" }, places.open);
  const list = h("div");
  main.append(
    heading("Overview", { under: "Batches of transactions, from acceptance to the report." }),
    places.tiles,
    h(
      "div.columns",
      null,
      h("div.column", null, openCard, places.failed),
      h("div.column.narrow", null, card("Health", { id: "health" }, places.health)),
    ),
    card("Recent batches", {
      id: "recent",
      aside: segmented(
        "State",
        [["", "All"], ["open", "Under way"], ["finished", "Finished"], [
          "failed",
          "Failed",
        ]],
        query.status ?? "",
        (status) => router.go(["overview"], { status }),
      ),
    }, list),
  );
  const state = {
    rates: [],
    recent: null,
    open: null,
    failed: null,
    before: new Map(),
    started: Date.now(),
  };
  const recent = () => load(list, signal, () => recentBatches(query, signal, state), 5);
  drawTiles(places.tiles, state);
  recent();
  poll(
    () => pollHealth(places.health, signal),
    HEALTH_MS,
    signal,
    (error) => replace(places.health, errorBox(error)),
  );
  pollOpen(places, state, signal, recent);
  showFailed(places.failed, state, places, signal);
}

async function recentBatches(query, signal, state) {
  const page = await get(
    "/api/batches",
    { status: query.status, cursor: query.after, limit: 20 },
    signal,
  );
  if (!query.status && !query.after) {
    state.recent = page.batches;
    state.draw?.();
  }
  const after = page.has_more
    ? router.link(["overview"], { status: query.status, after: page.next_cursor })
    : null;
  return [
    page.batches.length
      ? batchTable(page.batches)
      : query.status || query.after
      ? empty("No batch here.")
      : empty(
        "No batches yet.",
        h(
          "p",
          null,
          "Send some: ",
          h("code", null, "cargo tributary simulate"),
          " makes up a few hundred transactions",
          session.may("ingest") ? [", or ", h("a", { href: "#/upload" }, "upload a file")] : null,
          ".",
        ),
      ),
    h(
      "nav.pager",
      { "aria-label": "Pages of batches" },
      query.after &&
        h(
          "a.button",
          { href: router.link(["overview"], { status: query.status }) },
          "Newest",
        ),
      after && h("a.button", { href: after }, "Older", icon("next")),
    ),
  ];
}

async function pollHealth(place, signal) {
  // 503 is an answer too: it says which dependency is unavailable.
  const health = await call("GET", "/api/health", { signal, accept: [503] });
  if (!health) throw new Error("The API gave no answer about its health.");
  const line = (name, verdict) =>
    h(
      "div.health-line",
      null,
      h("dt", null, name),
      h(
        "dd",
        null,
        badge(
          verdict === "ok" ? "Reachable" : "Unavailable",
          verdict === "ok" ? "good" : "bad",
        ),
      ),
    );
  replace(
    place,
    h(
      "dl",
      null,
      line("API", "ok"),
      line("PostgreSQL", health.database),
      line("Queue", health.queue),
    ),
  );
}

function pollOpen(places, state, signal, recent) {
  let ids = "";
  const work = async () => {
    const page = await get("/api/batches", { status: "open", limit: 50 }, signal);
    const shown = await Promise.all(
      page.batches.slice(0, OPEN_MAX).map(({ batch_id }) =>
        get(`/api/batches/${batch_id}`, null, signal)
      ),
    );
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
