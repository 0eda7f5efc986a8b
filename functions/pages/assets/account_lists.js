// Account: where the money went, by category and by merchant. Each bar leads to its rows.

import { barList } from "./charts.js";
import { h } from "./dom.js";
import { count } from "./json.js";
import { approximate, formatAmount, isZero } from "./money.js";
import * as router from "./router.js";
import { empty, formatCount, formatPercent, plural } from "./ui.js";

export function categories(found, shown, flow, currency) {
  const spent = flow.categories.filter(({ total_spend: spend }) => !isZero(spend));
  if (!spent.length) {
    return empty(
      "No spend in these days.",
      h("p", null, "Transactions appear here once they are categorised."),
    );
  }
  const top = Math.max(...spent.map(({ total_spend: spend }) => approximate(spend)));
  const all = approximate(flow.metrics.total_spend) || 1;
  return barList(
    "Spend by category",
    spent.map(({ category, total_spend: spend, transaction_count: number }) => ({
      name: category,
      value: formatAmount(spend, currency),
      share: approximate(spend) / top,
      note: `${formatPercent(approximate(spend) / all)} · ${plural(count(number), "transaction")}`,
      href: router.link(["accounts", found.account_id, "transactions"], {
        category,
        from: shown.start,
        to: shown.end,
      }),
    })),
  );
}

export function merchantList(
  found,
  shown,
  { merchants, is_complete: isComplete, scanned_transactions: scanned },
  currency,
) {
  if (!merchants.length) return empty("No merchants in these days.");
  const top = Math.max(...merchants.map(({ total_spend: spend }) => approximate(spend)), 1e-9);
  return [
    barList(
      "Top merchants",
      merchants.map((
        { merchant, total_spend: spend, total_income: income, transaction_count: number },
      ) => ({
        name: merchant,
        value: formatAmount(spend, currency),
        share: approximate(spend) / top,
        note: `${plural(count(number), "transaction")}${
          isZero(income) ? "" : ` · ${formatAmount(income, currency)} back`
        }`,
        href: router.link(["accounts", found.account_id, "transactions"], {
          q: merchant.slice(0, 100),
          from: shown.start,
          to: shown.end,
        }),
      })),
    ),
    isComplete ? null : h(
      "p.under",
      null,
      `Of the ${formatCount(count(scanned))} newest transactions of these days.`,
    ),
  ];
}
