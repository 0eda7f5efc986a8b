// The pieces that several pages are made of.

import { announce, h, newId, replace } from "./dom.js";
import { icon } from "./icons.js";

const counts = new Intl.NumberFormat();
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });

export const formatCount = (number) => counts.format(number);
export const formatPercent = (share) => percent.format(share);
export const plural = (number, one, many = `${one}s`) =>
  `${counts.format(number)} ${number === 1 ? one : many}`;

// The heading of a page; the focus goes there when the page appears.
export function heading(text, { under, actions } = {}) {
  return h(
    "header.page-head",
    null,
    h(
      "div.page-title",
      null,
      h("h1", { tabindex: "-1" }, text),
      under && h("p.under", null, under),
    ),
    actions && h("div.actions", null, actions),
  );
}

export function card(title, { id = newId("card"), aside, className = "" }, ...children) {
  return h(
    `section.card${className}`,
    { "aria-labelledby": id },
    h("div.card-head", null, h("h2", { id, tabindex: "-1" }, title), aside),
    ...children,
  );
}

export function tile(label, value, { tone = "", note } = {}) {
  return h(
    `div.tile${tone ? `.${tone}` : ""}`,
    null,
    h("dt", null, label),
    h("dd", null, value),
    note && h("dd.note", null, note),
  );
}

export function badge(text, tone) {
  return h(`span.badge${tone ? `.${tone}` : ""}`, null, text);
}

const STATUS_TONES = {
  completed: "good",
  finished: "good",
  failed: "bad",
  processing: "busy",
  open: "busy",
  pending: "",
};
const STATUS_TEXTS = { open: "Under way" };

export function statusBadge(status) {
  return badge(
    STATUS_TEXTS[status] ?? `${status[0].toUpperCase()}${status.slice(1)}`,
    STATUS_TONES[status],
  );
}

export function progress(label, done, total) {
  const share = total > 0 ? Math.min(1, done / total) : 0;
  return h("div.progress", {
    role: "progressbar",
    "aria-label": label,
    "aria-valuemin": "0",
    "aria-valuemax": "100",
    "aria-valuenow": String(Math.floor(share * 100)),
    "aria-valuetext": `${formatCount(done)} of ${formatCount(total)}`,
  }, h("div.progress-bar", { style: { width: `${share * 100}%` } }));
}

export function skeleton(rows = 4) {
  return h(
    "div.skeletons",
    { "aria-hidden": "true" },
    Array.from({ length: rows }, () => h("div.skeleton")),
  );
}

// What a newcomer sees where there is nothing yet.
export function empty(title, ...children) {
  return h("div.empty", null, h("p.empty-title", null, title), ...children);
}

// An error in words, with what support needs to find it in the logs.
export function errorBox(error, retry) {
  announce(`Error: ${error.message}`, { urgent: true });
  return h(
    "div.error-box",
    null,
    icon("warning"),
    h(
      "div",
      null,
      h("p.error-text", null, error.message),
      error.errors?.length
        ? h(
          "ul",
          null,
          error.errors.slice(0, 5).map((fault) => h("li", null, fault.detail)),
        )
        : null,
      error.correlationId &&
        h("p.under", null, "Correlation id ", h("code", null, error.correlationId)),
      retry && h("button.button", { type: "button", onclick: retry }, "Try again"),
    ),
  );
}

// Shows the skeleton, then what `work` returns; an error in its place, with a way to try again.
export async function load(place, signal, work, rows) {
  replace(place, skeleton(rows));
  place.setAttribute("aria-busy", "true");
  try {
    const content = await work();
    if (!signal.aborted) replace(place, content);
  } catch (error) {
    if (signal.aborted) return;
    if (!("status" in error)) console.error(error);
    replace(place, errorBox(error, () => load(place, signal, work, rows)));
  } finally {
    place.removeAttribute("aria-busy");
  }
}

// A table whose columns are [{title, numeric, hidden, minor, wide}] and rows arrays of cells. Scrolls by itself where it
// is too wide. On a narrow screen, a `minor` column is left out and a `wide` one takes a line of its own.
export function table(caption, columns, rows, className = "") {
  return h(
    "div.table-scroll",
    { tabindex: "0", role: "group", "aria-label": caption },
    h(
      `table${className}`,
      null,
      h("caption.hidden-visually", null, caption),
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          columns.map((column) =>
            h(
              `th${column.numeric ? ".numeric" : ""}`,
              { scope: "col" },
              column.hidden ? h("span.hidden-visually", null, column.title) : column.title,
            )
          ),
        ),
      ),
      h(
        "tbody",
        null,
        rows.map((cells) =>
          h(
            "tr",
            null,
            cells.map((cell, index) =>
              h(
                [
                  "td",
                  ...["numeric", "minor", "wide"].filter((name) => columns[index][name]),
                ].join("."),
                { "data-title": columns[index].title },
                cell,
              )
            ),
          )
        ),
      ),
    ),
  );
}

export function field(label, control, { hint, className = "" } = {}) {
  const id = control.id || newId("field");
  control.id = id;
  if (hint) control.setAttribute("aria-describedby", `${id}-hint`);
  return h(
    `div.field${className}`,
    null,
    h("label", { for: id }, label),
    control,
    hint && h("p.hint", { id: `${id}-hint` }, hint),
  );
}

// options: [[value, text]].
export function select(options, value, properties) {
  return h(
    "select",
    properties,
    options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)),
  );
}

// A choice of few, as radio buttons that look like one control.
export function segmented(label, options, value, onchange) {
  const name = newId("choice");
  return h(
    "fieldset.segmented",
    null,
    h("legend.hidden-visually", null, label),
    options.map(([key, text]) =>
      h(
        "label",
        null,
        h("input", {
          type: "radio",
          name,
          value: key,
          checked: key === value,
          onchange: () => onchange(key),
        }),
        h("span", null, text),
      )
    ),
  );
}

// A modal dialog. Escape and the button close it; the focus returns to where it was.
export function dialog(title, content, { className = "", closed = () => {}, actions } = {}) {
  const id = newId("dialog");
  const element = h(
    `dialog${className}`,
    { "aria-labelledby": id },
    h(
      "div.dialog-head",
      null,
      h("h2", { id, tabindex: "-1" }, title),
      h("button.icon-button", {
        type: "button",
        "aria-label": "Close",
        onclick: () => element.close(),
      }, icon("close")),
    ),
    h("div.dialog-body", null, content),
    actions && h("div.dialog-foot", null, actions),
  );
  const before = document.activeElement;
  element.addEventListener("close", () => {
    element.remove();
    before?.isConnected && before.focus();
    closed();
  });
  element.addEventListener("click", (event) => event.target === element && element.close());
  document.body.append(element);
  element.showModal();
  element.querySelector("h2").focus();
  return element;
}
