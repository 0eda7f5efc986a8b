// Upload, step 3: the first rows as they will be sent, and every row that cannot be, to mend or to skip.

import { formatDay } from "./dates.js";
import { announce, h, newId, replace } from "./dom.js";
import { icon } from "./icons.js";
import { formatAmount } from "./money.js";
import { check, FIELDS } from "./rows.js";
import { card, formatCount, plural, table } from "./ui.js";

const PREVIEW_ROWS = 8;
const FAULTY_MAX = 50; // Shown at a time; the next ones move up as these are mended.
const TITLES = { ...Object.fromEntries(FIELDS), account_id: "Account id" };

export function checkStep(work, go) {
  check(work.rows, work.settings);
  const faults = h("div");
  const preview = h("div");
  const foot = h("div.form-foot");
  const state = { shown: [] };
  const draw = () => {
    const faulty = work.rows.filter((row) => !row.skipped && !row.sent && row.faults.length);
    const ready = work.rows.filter((row) => !row.skipped && !row.sent && !row.faults.length);
    const skipped = work.rows.filter((row) => row.skipped);
    replace(
      faults,
      faulty.length || state.shown.length ? faultCard(work, faulty, state, draw) : null,
    );
    replace(preview, previewCard(ready));
    replace(
      foot,
      h("button.button", {
        type: "button",
        onclick: () => (work.isJson ? go.file() : go.columns()),
      }, "Back"),
      skipped.length
        ? h("button.button.plain", {
          type: "button",
          onclick: () => {
            for (const row of skipped) row.skipped = false;
            check(work.rows, work.settings);
            draw();
          },
        }, `Take ${plural(skipped.length, "skipped row")} back`)
        : null,
      h(
        "button.button.primary",
        {
          type: "button",
          disabled: faulty.length > 0 || (!ready.length && !work.removed?.length),
          onclick: () => go.send(),
        },
        faulty.length
          ? `${plural(faulty.length, "row")} to mend`
          : ready.length
          ? `Send ${plural(ready.length, "row")}`
          : "Send",
      ),
    );
    if (faulty.length) announce(`${plural(faulty.length, "row")} cannot be sent yet.`);
    else announce(`${plural(ready.length, "row")} can be sent.`);
  };
  draw();
  return [
    work.notice
      ? h("div.error-box", null, icon("warning"), h("p.error-text", null, work.notice))
      : null,
    faults,
    preview,
    foot,
  ];
}

function faultCard(work, faulty, state, draw) {
  const shown = faulty.slice(0, FAULTY_MAX);
  state.shown = [];
  return card(
    `${plural(faulty.length, "row")} to mend`,
    {
      id: "to-mend",
      aside: h("button.button.small", {
        type: "button",
        onclick: () => {
          for (const row of faulty) row.skipped = true;
          check(work.rows, work.settings);
          draw();
          document.getElementById("ready")?.focus();
        },
      }, "Skip all of them"),
    },
    h(
      "ul.mend-list",
      null,
      shown.map((row, index) =>
        faultyRow(work, row, () => {
          check(work.rows, work.settings);
          draw();
          // The next row to mend has moved up to this one's place.
          const next = document.querySelectorAll(
            ".mend-list > li",
          )[Math.min(index, shown.length - 1)];
          (next?.querySelector("input") ?? document.getElementById("to-mend") ??
            document.getElementById("ready"))?.focus();
        })
      ),
    ),
    faulty.length > shown.length
      ? h(
        "p.under",
        null,
        `and ${plural(faulty.length - shown.length, "other row")}, which move up here.`,
      )
      : null,
  );
}

function faultyRow(work, row, changed) {
  const fields = [...new Set(row.faults.map(({ field }) => field))];
  return h(
    "li",
    null,
    h(
      "form.mend",
      {
        onsubmit: (event) => {
          event.preventDefault();
          for (const input of event.target.querySelectorAll("input")) {
            row
              .raw[input.name] = input.value.trim();
          }
          changed();
        },
      },
      h(
        "p.mend-row",
        null,
        h(
          "strong",
          null,
          `${work.isJson ? "Transaction" : "Line"} ${formatCount(row.number)}`,
        ),
        h("span.under", null, summary(row, fields)),
      ),
      h(
        "div.mend-fields",
        null,
        fields.map((field) => {
          const id = newId("mend");
          return h(
            "div.field",
            null,
            h("label", { for: id }, TITLES[field] ?? field),
            h("input", {
              id,
              name: field,
              type: "text",
              value: stringOf(row.raw[field]),
              "aria-invalid": "true",
              "aria-describedby": `${id}-fault`,
              autocomplete: "off",
            }),
            h(
              "p.fault",
              { id: `${id}-fault` },
              row.faults.filter((fault) => fault.field === field).map(({ detail }) => detail).join(
                " ",
              ),
            ),
          );
        }),
      ),
      h(
        "div.mend-buttons",
        null,
        h("button.button.small.primary", {
          type: "submit",
          "aria-label": `Use the mended row ${row.number}`,
        }, "Use"),
        h("button.button.small", {
          type: "button",
          "aria-label": `Skip row ${row.number}`,
          onclick: () => {
            row.skipped = true;
            changed();
          },
        }, "Skip"),
      ),
    ),
  );
}

const stringOf = (
  value,
) => (value === undefined || value === null
  ? ""
  : typeof value === "string"
  ? value
  : JSON.stringify(value));

// What the row says elsewhere, so that a person finds it in the file.
function summary(row, fields) {
  return ["date", "name", "merchant_name", "amount", "out", "in"].filter((name) =>
    !fields.includes(name) && row.raw[name]
  )
    .map((name) => stringOf(row.raw[name])).join(" · ");
}

function previewCard(ready) {
  if (!ready.length) return card("No row is ready", { id: "ready" });
  const derives = ready.some((row) => row.idIsDerived);
  return card(
    `${plural(ready.length, "row")} ready`,
    { id: "ready" },
    table(
      "First rows as they will be sent",
      [{ title: "Row", numeric: true }, { title: "Date" }, { title: "Description" }, {
        title: "Id",
      }, { title: "Amount", numeric: true }],
      ready.slice(0, PREVIEW_ROWS).map(({ number, transaction }) => [
        formatCount(number),
        formatDay(transaction.date.slice(0, 10)),
        transaction.merchant_name ?? transaction.name,
        h("code.clip", { title: transaction.transaction_id }, transaction.transaction_id),
        formatAmount(
          transaction.amount,
          transaction.iso_currency_code ?? transaction.unofficial_currency_code,
          { unofficial: !transaction.iso_currency_code },
        ),
      ]),
      ".stack",
    ),
    h("p.under", null, "Negative is money out."),
    derives
      ? h(
        "p.under",
        null,
        "The file has no ids: each is derived from account, date, amount, text and number of occurrence. ",
        "The same row in a later file gets the same id and counts once.",
      )
      : null,
  );
}
