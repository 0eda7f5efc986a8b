// Transactions: the filters above the rows. Each is a part of the address.

import { h } from "./dom.js";
import { field, select } from "./ui.js";

const CATEGORIES = [
  "Education",
  "Entertainment",
  "Fees",
  "Food",
  "Government",
  "Health",
  "Home",
  "Housing",
  "Income",
  "Loans",
  "Nonprofit",
  "Other",
  "Personal",
  "Services",
  "Shopping",
  "Software",
  "Transfers",
  "Transport",
  "Travel",
  "Utilities",
];
const STATUSES = [["", "Any status"], ["pending", "Pending"], ["processing", "Processing"], [
  "completed",
  "Completed",
], ["failed", "Failed"]];
export const FILTERS = ["status", "category", "from", "to", "q", "removed"];

export function filterBar(filters, open) {
  const search = h("input", {
    type: "search",
    id: "search",
    maxlength: "100",
    placeholder: "Name or merchant",
    value: filters.q ?? "",
  });
  const day = (name) =>
    h("input", {
      type: "date",
      value: filters[name] ?? "",
      min: "1970-01-01",
      onchange: ({ target }) =>
        target.value !== (filters[name] ?? "") && open({ [name]: target.value }),
    });
  const isFiltered = Object.values(filters).some(Boolean);
  return h(
    "form.filters",
    {
      role: "search",
      "aria-label": "Transactions",
      onsubmit: (event) => {
        event.preventDefault();
        open({ q: search.value.trim() });
      },
    },
    h(
      "div.field.grow",
      null,
      h("label", { for: "search" }, "Search"),
      h("div.search-box", null, search, h("button.button", { type: "submit" }, "Search")),
    ),
    field(
      "Status",
      select(STATUSES, filters.status ?? "", {
        onchange: ({ target }) => open({ status: target.value }),
      }),
    ),
    field(
      "Category",
      select(
        [["", "Any category"], ...CATEGORIES.map((name) => [name, name])],
        filters.category ?? "",
        { onchange: ({ target }) => open({ category: target.value }) },
      ),
    ),
    field("From", day("from")),
    field("To", day("to")),
    h(
      "label.check",
      null,
      h("input", {
        type: "checkbox",
        checked: !!filters.removed,
        onchange: ({ target }) => open({ removed: target.checked ? "1" : null }),
      }),
      "With removed",
    ),
    isFiltered
      ? h("button.button.plain", {
        type: "button",
        onclick: () => open(Object.fromEntries(FILTERS.map((name) => [name, null]))),
      }, "Clear")
      : null,
  );
}
