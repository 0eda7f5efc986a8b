// One account: its money of a month or a year, in one currency at a time.

import { categories, merchantList } from "./account_lists.js";
import { get } from "./api.js";
import { cashFlowChart } from "./charts.js";
import * as dates from "./dates.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { count } from "./json.js";
import { formatAmount, isZero, sum } from "./money.js";
import * as router from "./router.js";
import * as session from "./session.js";
import { card, empty, formatCount, heading, load, plural, segmented, select, tile } from "./ui.js";

export function account(main, id, query, signal) {
  const head = h("div");
  const place = h("div.stacked");
  head.append(heading("Account", { under: h("code", null, id) }));
  main.append(head, place);
  load(place, signal, async () => {
    const found = await get(`/api/accounts/${encodeURIComponent(id)}`, null, signal);
    if (signal.aborted) return null;
    fillHead(head, found);
    if (!found.last_date) return newcomer(found);
    return report(found, view(found, query), signal);
  }, 8);
}

// What the address asks for, else the last month with transactions and the currency that is used most.
function view(found, query) {
  const month = /^\d{4}-(0[1-9]|1[0-2])$/.test(query.month ?? "")
    ? query.month
    : found.last_date.slice(0, 7);
  const isYear = query.span === "year";
  const first = isYear ? dates.addMonths(month, -11) : month;
  return {
    month,
    isYear,
    start: dates.firstDay(first),
    end: dates.lastDay(month),
    currency: query.currency ?? found.currencies[0] ?? null,
    query: { month, span: isYear ? "year" : null, currency: query.currency },
  };
}

// The heading keeps the focus that it got when the page appeared: its text changes, not the element.
function fillHead(head, found) {
  const title = head.querySelector("h1");
  title.textContent = found.name;
  document.title = `${found.name} · Tributary`;
  head.querySelector(".under").replaceChildren(
    [found.type, found.subtype, found.mask && `·· ${found.mask}`].filter(Boolean).join(" · "),
    " · ",
    h("code", null, found.account_id),
  );
  head.firstElementChild.append(
    h(
      "div.actions",
      null,
      h(
        "a.button",
        { href: router.link(["accounts", found.account_id, "transactions"]) },
        "Transactions",
      ),
    ),
  );
}

function newcomer(found) {
  return [
    balances(found),
    empty(
      "No transactions yet.",
      h(
        "p",
        null,
        "They appear here as soon as a batch with transactions of this account is accepted",
        session.may("ingest") ? [": ", h("a", { href: "#/upload" }, "upload a file")] : null,
        ".",
      ),
    ),
  ];
}

async function report(found, shown, signal) {
  const path = `/api/reports/account/${encodeURIComponent(found.account_id)}`;
  const range = { start_date: shown.start, end_date: shown.end, currency: shown.currency };
  const [flow, merchants] = await Promise.all([
    get(`${path}/cashflow`, { ...range, interval: shown.isYear ? "month" : "day" }, signal),
    get(`${path}/merchants`, { ...range, limit: 10 }, signal),
  ]);
  const currency = flow.currency ?? shown.currency;
  return [
    controls(found, shown),
    totals(flow, currency),
    balances(found),
    flow.currencies.length > 1 ||
      (flow.currencies.length === 1 && flow.currencies[0] !== currency)
      ? h(
        "p.notice",
        null,
        "These days also have amounts in ",
        flow.currencies.filter((code) => code !== currency).map((
          code,
          index,
        ) => [
          index ? ", " : "",
          h("a", {
            href: router.link(["accounts", found.account_id], {
              ...shown.query,
              currency: code,
            }),
          }, code),
        ]),
        ". Amounts of different currencies are never added.",
      )
      : null,
    card("Cash flow", { id: "cash-flow" }, cashFlow(found, shown, flow, currency)),
    h(
      "div.columns.even",
      null,
      card(
        "Spend by category",
        { id: "categories" },
        categories(found, shown, flow, currency),
      ),
      card(
        "Top merchants",
        { id: "merchants" },
        merchantList(found, shown, merchants, currency),
      ),
    ),
  ];
}

function controls(found, shown) {
  const open = (change) => router.go(["accounts", found.account_id], { ...shown.query, ...change });
  const step = shown.isYear ? 12 : 1;
  // Also the month that is shown, which may lie outside of the account's days.
  const last = [dates.thisMonth(), found.last_date.slice(0, 7), shown.month].sort().at(-1);
  const first = [found.first_date.slice(0, 7), shown.month].sort()[0];
  const move = (name, months) =>
    h("a.icon-button", {
      href: router.link(["accounts", found.account_id], {
        ...shown.query,
        month: dates.addMonths(shown.month, months),
      }),
      "aria-label": `${months < 0 ? "Previous" : "Next"} ${shown.isYear ? "year" : "month"}`,
    }, icon(name));
  return h(
    "div.toolbar",
    null,
    h(
      "div.month-picker",
      null,
      move("previous", -step),
      select(
        dates.monthsBetween(first, last).map((
          month,
        ) => [month, (shown.isYear ? "Year to " : "") + dates.formatMonth(month)]),
        shown.month,
        {
          "aria-label": shown.isYear ? "Last month" : "Month",
          onchange: ({ target }) => open({ month: target.value }),
        },
      ),
      move("next", step),
    ),
    segmented(
      "Range",
      [["month", "Month"], ["year", "12 months"]],
      shown.isYear ? "year" : "month",
      (span) => open({ span: span === "year" ? "year" : null }),
    ),
    found.currencies.length > 1
      ? select(found.currencies.map((code) => [code, code]), shown.currency, {
        "aria-label": "Currency",
        onchange: ({ target }) => open({ currency: target.value }),
      })
      : null,
  );
}

function totals(flow, currency) {
  const { metrics } = flow;
  const transfers = sum(flow.series.map(({ total_transfers: amount }) => amount ?? "0"));
  return h(
    "dl.tiles",
    { "data-test": "totals" },
    tile("Spend", formatAmount(metrics.total_spend, currency), { tone: "out" }),
    tile("Income", formatAmount(metrics.total_income, currency), { tone: "in" }),
    tile("Net", formatAmount(metrics.net, currency, { plus: true })),
    isZero(transfers)
      ? null
      : tile("Transfers", formatAmount(transfers, currency), { note: "between accounts" }),
    tile("Transactions", formatCount(count(metrics.total_transactions))),
  );
}

function balances(found) {
  const known = found.balances;
  if (!known) return null;
  const code = known.iso_currency_code ?? known.unofficial_currency_code;
  const shown = [["Current", known.current], ["Available", known.available], [
    "Limit",
    known.limit,
  ]].filter(([, amount]) => amount !== null && amount !== undefined);
  if (!shown.length) return null;
  return h(
    "p.balances",
    null,
    h("span.under", null, "Balance"),
    shown.map(([name, amount]) =>
      h(
        "span",
        null,
        h("span.under", null, `${name} `),
        h(
          "strong",
          null,
          formatAmount(amount, code, { unofficial: !known.iso_currency_code }),
        ),
      )
    ),
    h("span.under", null, `as of ${dates.formatInstant(known.updated_at)}`),
  );
}

function cashFlow(found, shown, flow, currency) {
  if (!count(flow.metrics.total_transactions)) {
    return empty(
      `No transactions in ${
        shown.isYear ? "these twelve months" : dates.formatMonth(shown.month)
      }.`,
      h(
        "a.button",
        { href: router.link(["accounts", found.account_id]) },
        "Show the latest month",
      ),
    );
  }
  const intervals = flow.series.map((interval) => ({
    title: shown.isYear
      ? dates.formatMonth(interval.start.slice(0, 7))
      : dates.formatDay(interval.start),
    label: shown.isYear
      ? dates.formatShortMonth(interval.start.slice(0, 7))
      : String(Number(interval.start.slice(8))),
    income: interval.total_income,
    spend: interval.total_spend,
    net: interval.net,
    transfers: interval.total_transfers,
    count: count(interval.total_transactions),
    href: shown.isYear
      ? router.link(["accounts", found.account_id], {
        month: interval.start.slice(0, 7),
        currency: shown.query.currency,
      })
      : router.link(["accounts", found.account_id, "transactions"], {
        from: interval.start,
        to: interval.end,
      }),
  }));
  return cashFlowChart(
    intervals,
    currency,
    ({ income, spend, net, transfers, count: number }) =>
      [
        `in ${formatAmount(income, currency)}`,
        `out ${formatAmount(spend, currency)}`,
        `net ${formatAmount(net, currency, { plus: true })}`,
        transfers && !isZero(transfers) ? `transfers ${formatAmount(transfers, currency)}` : null,
        plural(number, "transaction"),
      ].filter(Boolean),
  );
}
