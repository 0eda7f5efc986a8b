// The accounts of the tenant, in pages.

import { get } from "./api.js";
import { formatMonths } from "./dates.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { count } from "./json.js";
import { formatAmount } from "./money.js";
import * as router from "./router.js";
import * as session from "./session.js";
import { badge, card, empty, formatCount, heading, load, table } from "./ui.js";

export function accounts(main, query, signal) {
  const place = h("div");
  main.append(
    heading("Accounts", { under: "Every account that a batch has named." }),
    card("All accounts", {}, place),
  );
  load(place, signal, async () => {
    const page = await get("/api/accounts", { cursor: query.after, limit: 50 }, signal);
    if (!page.accounts.length && !query.after) return newcomer();
    return [
      table(
        "Accounts",
        [
          { title: "Account" },
          { title: "Type", minor: true },
          { title: "Transactions", numeric: true },
          { title: "State" },
          { title: "Currencies" },
          { title: "Months" },
          { title: "Balance", numeric: true },
        ],
        page.accounts.map(row),
        ".stack",
      ),
      h(
        "nav.pager",
        { "aria-label": "Pages of accounts" },
        query.after && h("a.button", { href: router.link(["accounts"]) }, "First page"),
        page.has_more &&
          h(
            "a.button",
            { href: router.link(["accounts"], { after: page.next_cursor }) },
            "Next",
            icon("next"),
          ),
      ),
    ];
  }, 6);
}

function newcomer() {
  return empty(
    "No accounts yet.",
    h(
      "p",
      null,
      "An account appears with the first batch that names it. ",
      h("code", null, "cargo tributary simulate"),
      " sends one",
      session.may("ingest")
        ? [", or ", h("a", { href: "#/upload" }, "upload a file of your bank")]
        : null,
      ".",
    ),
  );
}

function row(account) {
  const counts = account.transaction_counts;
  const balances = account.balances;
  return [
    h(
      "a.cell-link",
      { href: router.link(["accounts", account.account_id]) },
      h(
        "span.cell-title",
        null,
        account.name,
        account.mask ? h("span.under", null, ` ·· ${account.mask}`) : null,
      ),
      h("span.under.mono", null, account.account_id),
    ),
    [account.type, account.subtype].filter(Boolean).join(" · "),
    formatCount(count(account.total_transactions)),
    count(counts.failed) > 0
      ? badge(`${formatCount(count(counts.failed))} failed`, "bad")
      : count(counts.open) > 0
      ? badge(`${formatCount(count(counts.open))} under way`, "busy")
      : count(counts.completed) > 0
      ? badge("Completed", "good")
      : "–",
    account.currencies.join(", ") || "–",
    account.first_date ? formatMonths(account.first_date, account.last_date) : "–",
    balances?.current
      ? formatAmount(
        balances.current,
        balances.iso_currency_code ?? balances.unofficial_currency_code,
        { unofficial: !balances.iso_currency_code },
      )
      : "–",
  ];
}
