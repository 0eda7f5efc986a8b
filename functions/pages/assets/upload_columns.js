// Upload, step 2: which column is what, and how the bank writes amounts and days.

import { get } from "./api.js";
import { parseCsv } from "./csv.js";
import { guessOrder, ORDERS } from "./days.js";
import { h, newId, replace } from "./dom.js";
import { readAmount } from "./money.js";
import { FIELDS, guessColumns, rowsOfCsv } from "./rows.js";
import * as session from "./session.js";
import { recall, remember } from "./upload_memory.js";
import { card, errorBox, field, plural, segmented, select, table } from "./ui.js";

const PREVIEW_ROWS = 6;
const SAMPLE_ROWS = 200;
const DELIMITERS = [[",", "comma"], [";", "semicolon"], ["\t", "tab"]];
const TYPES = ["depository", "credit", "loan", "investment", "other"];

export function columnsStep(work, go) {
  if (!work.columns) begin(work);
  const { settings } = work;
  const faults = h("div");
  const preview = h("div");
  const header = work.records[0].fields;
  const again = () => go.columns();
  const drawPreview = () =>
    replace(
      preview,
      table(
        "First rows of the file",
        header.map((title) => ({ title: title || "(no name)" })),
        work.records.slice(1, PREVIEW_ROWS + 1).map(({ fields }) =>
          header.map((_, index) => fields[index] ?? "")
        ),
        ".preview",
      ),
    );
  drawPreview();
  const account = accountFields(work);
  return [
    card(
      `${work.fileName}`,
      {
        aside: h(
          "span.under",
          null,
          `${plural(work.records.length - 1, "row")}, ${work.encoding}`,
        ),
      },
      h(
        "div.form-row",
        null,
        field(
          "Delimiter",
          select(DELIMITERS, work.delimiter, {
            onchange: ({ target }) => {
              const { records, fault } = parseCsv(work.text, target.value);
              if (fault) return replace(faults, errorBox(new Error(fault.detail)));
              Object.assign(work, {
                delimiter: target.value,
                records,
                columns: null,
              });
              return again();
            },
          }),
        ),
      ),
      preview,
    ),
    card(
      "Columns",
      {},
      h(
        "div.form-grid",
        null,
        FIELDS.map(([name, title]) =>
          field(
            title,
            select(
              [
                ["-1", "not in the file"],
                ...header.map((
                  text,
                  index,
                ) => [String(index), text || `column ${index + 1}`]),
              ],
              String(work.columns[name] ?? -1),
              {
                onchange: ({ target }) => {
                  work.columns[name] = Number(target.value);
                },
              },
            ),
            { hint: hintOf(name) },
          )
        ),
      ),
      h(
        "div.form-row",
        null,
        segmentedField(
          "Sign",
          [["", "Negative is money out"], ["out", "Positive is money out"]],
          settings.positiveIsOut ? "out" : "",
          (value) => {
            settings.positiveIsOut = value === "out";
          },
        ),
        segmentedField(
          "Decimal mark",
          [[".", "1,234.50"], [",", "1.234,50"]],
          settings.mark,
          (value) => {
            settings.mark = value;
          },
        ),
        field(
          "Order of the date",
          select(ORDERS, settings.order, {
            onchange: ({ target }) => {
              settings.order = target.value;
            },
          }),
        ),
      ),
    ),
    card("Account", {}, account),
    faults,
    h(
      "div.form-foot",
      null,
      h("button.button", { type: "button", onclick: () => go.file() }, "Another file"),
      h("button.button.primary", {
        type: "button",
        onclick: () => {
          const wrong = missing(work);
          if (wrong) return replace(faults, errorBox(new Error(wrong)));
          remember(header, work);
          work.rows = rowsOfCsv(work.records.slice(1), work.columns);
          return go.check();
        },
      }, "Check rows"),
    ),
  ];
}

function segmentedField(label, options, value, onchange) {
  return h(
    "div.field",
    null,
    h("span.label", { "aria-hidden": "true" }, label),
    segmented(label, options, value, onchange),
  );
}

function hintOf(name) {
  if (name === "transaction_id") {
    return "Without one, an id is derived from account, date, amount, text and number of occurrence.";
  }
  return name === "out" || name === "in" ? "If the bank has two columns." : null;
}

// What was chosen for a file with the same columns, else guesses.
function begin(work) {
  const header = work.records[0].fields;
  const before = recall(header);
  const columns = before?.columns ?? guessColumns(header);
  const values = (name) =>
    work.records.slice(1, SAMPLE_ROWS).map(({ fields }) => fields[columns[name]] ?? "").filter(
      Boolean,
    );
  const amounts = ["amount", "out", "in"].flatMap((
    name,
  ) => (columns[name] >= 0 ? values(name) : []));
  const readable = (mark) => amounts.filter((text) => readAmount(text, mark) !== null).length;
  work.columns = columns;
  work.settings = {
    accountId: work.settings?.accountId ?? "",
    currency: "USD",
    positiveIsOut: false,
    mark: readable(",") > readable(".") ? "," : ".",
    order: columns.date >= 0 ? guessOrder(values("date")) : "ymd",
    ...before?.settings,
    account: work.settings?.account ?? { isNew: false, name: "", type: "depository", mask: "" },
  };
}

function accountFields(work) {
  const { settings } = work;
  const { account } = settings;
  const known = h("datalist", { id: newId("accounts") });
  const id = h("input.mono", {
    type: "text",
    value: settings.accountId,
    required: true,
    list: known.id,
    autocomplete: "off",
    spellcheck: "false",
    maxlength: "512",
    "data-test": "account-id",
    oninput: () => {
      settings.accountId = id.value;
    },
  });
  const details = h(
    "div.form-row",
    { hidden: !account.isNew },
    field(
      "Account name",
      h("input", {
        type: "text",
        value: account.name,
        maxlength: "512",
        oninput: ({ target }) => {
          account.name = target.value;
        },
      }),
    ),
    field(
      "Type",
      select(TYPES.map((type) => [type, type]), account.type, {
        onchange: ({ target }) => {
          account.type = target.value;
        },
      }),
    ),
    field(
      "Last digits",
      h("input.short", {
        type: "text",
        value: account.mask,
        maxlength: "64",
        oninput: ({ target }) => {
          account.mask = target.value;
        },
      }),
    ),
  );
  const currency = h("input.short", {
    type: "text",
    value: settings.currency,
    maxlength: "12",
    autocomplete: "off",
    oninput: ({ target }) => {
      settings.currency = target.value.trim();
    },
  });
  if (session.may("report")) suggest(known, work.signal);
  return [
    h(
      "div.form-row",
      null,
      field("Account id", id, { hint: "The bank's id of the account.", className: ".grow" }),
      field("Currency", currency, { hint: "Where the file has no column for it." }),
    ),
    known,
    h(
      "label.check",
      null,
      h("input", {
        type: "checkbox",
        checked: account.isNew,
        onchange: ({ target }) => {
          account.isNew = target.checked;
          details.hidden = !target.checked;
        },
      }),
      "The account is new",
    ),
    details,
  ];
}

async function suggest(list, signal) {
  try {
    const { accounts } = await get("/api/accounts", { limit: 100 }, signal);
    list.append(
      ...accounts.map(({ account_id: id, name }) => h("option", { value: id }, name)),
    );
  } catch {
    // Only suggestions: the id can be typed.
  }
}

function missing({ columns, settings }) {
  const has = (name) => columns[name] >= 0;
  if (!has("date")) return "Choose the column of the date.";
  if (!has("amount") && !has("out") && !has("in")) {
    return "Choose the column of the amount, or those of money out and in.";
  }
  if (!has("name") && !has("merchant_name")) {
    return "Choose the column of the description or the merchant.";
  }
  if (!settings.accountId.trim()) return "Enter the account id.";
  if (!has("currency") && !settings.currency) return "Enter the currency.";
  if (settings.account.isNew && !settings.account.name.trim()) {
    return "Enter the name of the new account.";
  }
  return null;
}
