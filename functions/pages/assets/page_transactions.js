// The transactions of an account: filters, a page of rows at a time, and the details of one.

import { get } from "./api.js";
import * as dates from "./dates.js";
import { announce, h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { formatAmount, isNegative } from "./money.js";
import * as router from "./router.js";
import { showTransaction } from "./transaction_details.js";
import { filterBar, FILTERS } from "./transaction_filters.js";
import { badge, card, empty, formatCount, heading, load, statusBadge } from "./ui.js";

const ROWS = 100; // A page replaces the one before, so that the document stays small however many rows there are.
const REQUESTS_MAX = 10; // Of a filtered page: each reads up to 5,000 rows of the account.
// The cursors of the pages before, so that "Newer" goes back one page. A reload begins a new list.
const trail = { filters: null, cursors: [] };

export function transactions(main, id, query, signal) {
  const route = ["accounts", id, "transactions"];
  const filters = Object.fromEntries(FILTERS.map((name) => [name, query[name] || null]));
  const open = (change) => router.go(route, { ...filters, ...change });
  const place = h("div");
  const top = h("div");
  main.append(
    heading("Transactions", {
      under: [
        h("a", { href: router.link(["accounts", id]) }, "Account"),
        " ",
        h("code", null, id),
      ],
    }),
    filterBar(filters, open),
    card("Newest first", { id: "rows", className: ".flush", aside: top }, place),
  );
  if (JSON.stringify(filters) !== trail.filters) {
    Object.assign(trail, { filters: JSON.stringify(filters), cursors: [] });
  }
  load(place, signal, async () => {
    const page = await rows(id, filters, query.after, place, signal);
    if (signal.aborted) return null;
    const show = (transaction, opener) => {
      router.note(route, { ...filters, after: query.after, open: transaction });
      showTransaction(id, transaction, signal, () => {
        if (signal.aborted) return;
        router.note(route, { ...filters, after: query.after });
        opener?.focus();
      });
    };
    if (query.open) show(query.open);
    const number = trail.cursors.indexOf(query.after ?? "") >= 0
      ? trail.cursors.indexOf(query.after ?? "")
      : trail.cursors.length;
    trail.cursors = [...trail.cursors.slice(0, number), query.after ?? ""];
    announce(`${formatCount(page.rows.length)} rows shown.`);
    const pages = (label) => pager(page, { label, filters, number, isFirst: !query.after, route });
    replace(top, pages("Pages, at the top"));
    return [list(page, show), pages("Pages, at the end")];
  }, 10);
}

// A page of a filtered list may be short or empty and still have a next one, so more than one may be read.
async function rows(id, filters, after, place, signal) {
  const found = [];
  let cursor = after;
  for (let requests = 1;; requests += 1) {
    const page = await get(`/api/accounts/${encodeURIComponent(id)}/transactions`, {
      status: filters.status,
      category: filters.category,
      start_date: filters.from,
      end_date: filters.to,
      q: filters.q,
      include: filters.removed ? "removed" : null,
      cursor,
      limit: ROWS - found.length,
    }, signal);
    found.push(...page.transactions);
    cursor = page.next_cursor;
    if (found.length >= ROWS || !page.has_more || requests >= REQUESTS_MAX) {
      return { rows: found, next: page.has_more ? cursor : null };
    }
    replace(
      place,
      h(
        "p.quiet-text",
        null,
        icon("search"),
        `Searching … ${formatCount(found.length)} found so far.`,
      ),
    );
  }
}

function pager(page, { label, filters, number, isFirst, route }) {
  const address = (after) => router.link(route, { ...filters, after });
  return h(
    "nav.pager",
    { "aria-label": label },
    page.rows.length
      ? h(
        "span.under",
        null,
        `Page ${formatCount(number + 1)}, ${formatCount(page.rows.length)} rows`,
      )
      : null,
    isFirst ? null : h("a.button.small", { href: address(null) }, "Newest"),
    number > 0 && trail.cursors[number - 1]
      ? h(
        "a.button.small",
        { href: address(trail.cursors[number - 1]) },
        icon("previous"),
        "Newer",
      )
      : null,
    page.next
      ? h(
        "a.button.small",
        { href: address(page.next), "data-test": "older" },
        "Older",
        icon("next"),
      )
      : null,
  );
}

function list(page, show) {
  if (!page.rows.length) {
    return empty(
      page.next ? "Nothing found so far." : "No transactions match.",
      h(
        "p",
        null,
        page.next ? "There are older transactions: go on with “Older”." : "Try fewer filters.",
      ),
    );
  }
  const body = h("tbody", null, page.rows.map((row) => tableRow(row, show)));
  body.addEventListener("keydown", moveBetweenRows);
  return h(
    "table.rows",
    null,
    h(
      "caption.hidden-visually",
      null,
      "Transactions, newest first. Up and down move between rows.",
    ),
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        ["Day", "Description", "Category", "Status"].map((title) =>
          h("th", { scope: "col" }, title)
        ),
        h("th.numeric", { scope: "col" }, "Amount"),
      ),
    ),
    body,
  );
}

function tableRow(row, show) {
  const title = row.merchant_name ?? row.name;
  const button = h("button.row-button", {
    type: "button",
    "aria-haspopup": "dialog",
    onclick: () => show(row.transaction_id, button),
  }, title);
  const code = row.iso_currency_code ?? row.unofficial_currency_code;
  return h(
    `tr${row.removed_at || row.replaced_by ? ".gone" : ""}`,
    null,
    h("td.row-day", null, h("time", { datetime: row.date }, dates.formatDay(row.date))),
    h(
      "td.row-name",
      null,
      button,
      row.merchant_name && row.merchant_name !== row.name
        ? h("span.row-under", null, row.name)
        : null,
    ),
    h("td.row-category", null, row.category ?? h("span.under", null, "–")),
    h(
      "td.row-status",
      null,
      row.removed_at
        ? badge("Removed")
        : row.replaced_by
        ? badge("Replaced")
        : statusBadge(row.status),
      row.pending && !row.replaced_by ? badge("Not posted") : null,
    ),
    h(
      `td.numeric.row-amount${isNegative(row.amount) ? "" : ".in-text"}`,
      null,
      formatAmount(row.amount, code, { unofficial: !row.iso_currency_code }),
    ),
  );
}

function moveBetweenRows(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches(".row-button")) return;
  const buttons = [...event.currentTarget.querySelectorAll(".row-button")];
  const next = buttons[buttons.indexOf(event.target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
