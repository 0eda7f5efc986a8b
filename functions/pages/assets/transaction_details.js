// The details of one transaction: what it is, what decided its category, and what changed in it.

import { get } from "./api.js";
import * as dates from "./dates.js";
import { h } from "./dom.js";
import * as router from "./router.js";
import { formatAmount } from "./money.js";
import { badge, dialog, load, statusBadge } from "./ui.js";

const CONFIDENCE = { LOW: "low", MEDIUM: "medium", HIGH: "high", VERY_HIGH: "very high" };

// The fields of a content, in the order in which a change of them is told.
const CONTENT = [
  ["amount", "Amount"],
  ["currency", "Currency"],
  ["date", "Day"],
  ["datetime", "Time"],
  ["authorized_date", "Authorised"],
  ["name", "Description"],
  ["merchant_name", "Merchant"],
  ["payment_channel", "Channel"],
  ["merchant_category_code", "Merchant category code"],
  ["bank_category", "Category of the bank"],
  ["pending", "Pending"],
  ["pending_transaction_id", "Replaces"],
  ["removed_at", "Removed"],
];

export function showTransaction(account, id, signal, closed) {
  const place = h("div.stacked");
  dialog("Transaction", place, { className: ".drawer", closed });
  load(place, signal, async () =>
    content(
      await get(
        `/api/accounts/${encodeURIComponent(account)}/transactions/${encodeURIComponent(id)}`,
        null,
        signal,
      ),
    ), 6);
}

const amountOf = (row) =>
  formatAmount(row.amount, row.iso_currency_code ?? row.unofficial_currency_code, {
    unofficial: !row.iso_currency_code,
  });

function content(row) {
  return [
    h(
      "div.drawer-lead",
      null,
      h("p.drawer-amount", null, amountOf(row)),
      h("p.drawer-name", null, row.merchant_name ?? row.name),
      h(
        "p",
        null,
        statusBadge(row.status),
        row.pending ? badge("Not posted") : null,
        row.removed_at ? badge("Removed", "bad") : null,
        row.replaced_by ? badge("Replaced") : null,
      ),
    ),
    section("Category", category(row)),
    section(
      "Facts",
      facts([
        ["Day", dates.formatDay(row.date)],
        ["Time", row.datetime && dates.formatInstant(row.datetime)],
        ["Authorised", row.authorized_date && dates.formatDay(row.authorized_date)],
        ["Description", row.name],
        ["Merchant", row.merchant_name],
        ["Channel", row.payment_channel],
        ["Merchant category code", row.merchant_category_code],
        ["Category of the bank", row.bank_category],
        ["Replaces", row.pending_transaction_id && code(row.pending_transaction_id)],
        ["Replaced by", row.replaced_by && code(row.replaced_by)],
        ["Removed", row.removed_at && dates.formatInstant(row.removed_at)],
        ["Transaction", code(row.transaction_id)],
        [
          "Batch",
          h("a.mono", { href: router.link(["batches", row.batch_id]) }, row.batch_id),
        ],
      ]),
    ),
    section("Changes", changes(row)),
  ];
}

const code = (text) => h("code", null, text);
const section = (title, ...children) => h("section", null, h("h3", null, title), ...children);

function facts(pairs) {
  return h(
    "dl.facts",
    null,
    pairs.filter(([, value]) => value).map(([term, value]) =>
      h("div", null, h("dt", null, term), h("dd", null, value))
    ),
  );
}

// What decided, in this order: the category, the sentence that explains it, then the details.
function category(row) {
  if (row.status === "failed") {
    return h("p.bad-text", null, row.failure_reason ?? "It could not be categorised.");
  }
  if (!row.category) return h("p.under", null, "Not categorised yet.");
  const finance = row.personal_finance_category;
  return h(
    "div.decision",
    null,
    h(
      "p",
      null,
      h("strong", null, row.category),
      finance &&
        h(
          "span.under",
          null,
          ` with ${CONFIDENCE[finance.confidence_level] ?? finance.confidence_level} confidence`,
        ),
    ),
    row.explanation && h("p", null, row.explanation.text),
    facts([["Rule", row.rule && code(row.rule)], [
      "Rules",
      row.explanation && `version ${row.explanation.rules_version}`,
    ], ["Detailed", finance && code(finance.detailed)]]),
  );
}

// Each content against the one before it, the latest change first.
function changes(row) {
  if (!row.revisions.length) {
    return h("p.under", null, "Nothing has changed since the first batch that sent it.");
  }
  const contents = [row, ...row.revisions];
  return h(
    "ol.changes",
    null,
    row.revisions.map((older, index) =>
      h(
        "li",
        null,
        h("p.under", null, dates.formatInstant(older.replaced_at)),
        h(
          "ul",
          null,
          differences(older, contents[index]).map(([name, before, after]) =>
            h(
              "li",
              null,
              `${name}: `,
              h("del", null, before),
              " → ",
              h("ins", null, after),
            )
          ),
        ),
      )
    ),
  );
}

function differences(older, newer) {
  const found = CONTENT
    .map(([key, name]) => [name, text(older, key), text(newer, key)])
    .filter(([, before, after]) => before !== after);
  return found.length ? found : [["Content", "as before", "sent again"]];
}

function text(row, key) {
  if (key === "amount") return amountOf(row);
  if (key === "currency") return row.iso_currency_code ?? row.unofficial_currency_code;
  const value = row[key];
  if (value === null || value === undefined) return "none";
  if (key === "pending") return value ? "yes" : "no";
  if (key === "date" || key === "authorized_date") return dates.formatDay(value);
  if (key === "datetime" || key === "removed_at") return dates.formatInstant(value);
  return value;
}
