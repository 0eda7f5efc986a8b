// Upload: from a file of a bank to batches, in four steps. What the steps share is one object; each step draws itself
// and names the next one.

import { decode, guessDelimiter, parseCsv } from "./csv.js";
import { announce, h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { parseExact } from "./json.js";
import { rowsOfJson } from "./rows.js";
import { card, errorBox, heading } from "./ui.js";
import { checkStep } from "./upload_check.js";
import { columnsStep } from "./upload_columns.js";
import { sendStep } from "./upload_send.js";

const STEPS = ["File", "Columns", "Check", "Send"];
const FILE_BYTES_MAX = 100_000_000;

export function upload(main, signal) {
  const steps = h("ol.steps", { "aria-label": "Steps" });
  const place = h("div.stacked");
  main.append(
    heading("Upload", { under: "A file of your bank becomes batches of transactions." }),
    steps,
    place,
  );
  const work = { signal, rows: [] };
  const draw = (number, content) => {
    replace(
      steps,
      STEPS.map((name, index) =>
        h(
          `li${index < number ? ".done" : ""}`,
          { "aria-current": index === number ? "step" : null },
          h(
            "span.step-number",
            { "aria-hidden": "true" },
            index < number ? icon("check") : index + 1,
          ),
          name,
        )
      ),
    );
    replace(place, content);
    // The button that led here is gone, and the focus with it.
    if (number > 0 || work.hasMoved) place.querySelector("h2")?.focus();
    work.hasMoved = true;
  };
  const go = {
    file: () => draw(0, fileStep(work, go)),
    columns: () => draw(1, columnsStep(work, go)),
    check: () => draw(2, checkStep(work, go)),
    send: () => draw(3, sendStep(work, go)),
  };
  go.file();
}

function fileStep(work, go) {
  const place = h("div");
  const take = async (file) => {
    if (!file) return;
    place.replaceChildren();
    try {
      Object.assign(work, {
        columns: null,
        settings: null,
        accounts: [],
        removed: [],
        rows: [],
        isJson: false,
      }, await read(file));
      announce(`${file.name} is read.`);
      if (work.isJson) go.check();
      else go.columns();
    } catch (error) {
      place.append(errorBox(error));
    }
  };
  const input = h("input.hidden-visually", {
    type: "file",
    id: "file",
    accept: ".csv,.tsv,.txt,.json,text/csv,application/json",
    onchange: () => take(input.files[0]),
  });
  const zone = h(
    "label.drop",
    {
      for: "file",
      ondragover: (event) => {
        event.preventDefault();
        zone.classList.add("over");
      },
      ondragleave: () => zone.classList.remove("over"),
      ondrop: (event) => {
        event.preventDefault();
        zone.classList.remove("over");
        take(event.dataTransfer.files[0]);
      },
    },
    icon("file"),
    h("strong", null, "Drop a file here, or choose one"),
    h("span.under", null, "CSV with a comma, semicolon or tab, or JSON in the API's format"),
  );
  return card(
    "Choose a file",
    {},
    h("div.drop-wrap", null, input, zone),
    place,
    h(
      "p.under",
      null,
      "Nothing is sent before you have seen every row that cannot be accepted.",
    ),
  );
}

async function read(file) {
  if (file.size > FILE_BYTES_MAX) {
    throw new Error("The file has more than 100 MB. Split it into smaller ones.");
  }
  const { text, encoding } = decode(await file.arrayBuffer());
  if (!text.trim()) throw new Error("The file is empty.");
  return /^\uFEFF?\s*[[{]/.test(text)
    ? readJson(text, file.name)
    : readCsv(text, file.name, encoding);
}

function readCsv(text, fileName, encoding) {
  const delimiter = guessDelimiter(text);
  const { records, fault } = parseCsv(text, delimiter);
  if (fault) throw new Error(fault.detail);
  if (records.length < 2) throw new Error("The file has no rows below its first line.");
  return { fileName, text, delimiter, encoding, records };
}

function readJson(text, fileName) {
  let value;
  try {
    value = parseExact(text);
  } catch (error) {
    throw new Error(`The file is not valid JSON: ${error.message}`);
  }
  if (
    !Array.isArray(value) &&
    ["item", "added", "modified", "webhook_code"].some((name) => value[name] !== undefined)
  ) {
    throw new Error(
      "This is a response of Plaid, whose sign is the opposite. Send it as it is to /api/integrations/plaid/transactions.",
    );
  }
  const transactions = Array.isArray(value) ? value : value.transactions;
  if (!Array.isArray(transactions)) throw new Error("The file has no array of transactions.");
  const removed = Array.isArray(value.removed) ? value.removed : [];
  if (!transactions.length && !removed.length) throw new Error("The file has no transactions.");
  return {
    fileName,
    isJson: true,
    rows: rowsOfJson(transactions),
    removed,
    accounts: Array.isArray(value.accounts) ? value.accounts : [],
    settings: { isJson: true, currency: "", accountId: "" },
  };
}
