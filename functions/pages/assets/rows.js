// From a row of a file to a transaction of the API, and what is wrong with it. The API checks everything again; these
// checks are those that a person can mend before anything is sent.

import { readDay } from "./days.js";
import { isOfficial, isZero, negate, readAmount } from "./money.js";
import { sha256 } from "./sha256.js";

// What a column may be: [field, title, names that banks give it].
export const FIELDS = [
  [
    "date",
    "Date",
    /^(booking|posted|posting|transaction|value|buchungs?|valuta)?[ _-]*(date|datum|tag|day|fecha|data)$|^buchungstag$/i,
  ],
  [
    "amount",
    "Amount",
    /^(transaction[ _-]*)?(amount|betrag|umsatz|value|sum|importe|montant)\b/i,
  ],
  ["out", "Money out", /^(debit|withdrawal|paid out|money out|soll|ausgang|spent)/i],
  ["in", "Money in", /^(credit|deposit|paid in|money in|haben|eingang|received)/i],
  [
    "name",
    "Description",
    /^(name|description|text|details?|memo|narrative|reference|verwendungszweck|buchungstext|transaction)$/i,
  ],
  [
    "merchant_name",
    "Merchant",
    /^(merchant|payee|counterparty|beneficiary|empf[aä]nger|auftraggeber|merchant[ _-]*name)/i,
  ],
  [
    "transaction_id",
    "Transaction id",
    /^(transaction[ _-]*)?(id|identifier)$|^(transaction[ _-]*(id|reference))$/i,
  ],
  ["currency", "Currency", /^(currency|w[aä]hrung|iso[ _-]*currency[ _-]*code|ccy)$/i],
  [
    "merchant_category_code",
    "Merchant category code",
    /^(mcc|merchant[ _-]*category[ _-]*code)$/i,
  ],
];

const TEXT_MAX = 512;
const ID_BYTES_MAX = 512;
const JSON_NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;
// Fields of the API's own format that go on as they are.
const PASSED = ["authorized_date", "payment_channel", "mcc", "pending", "pending_transaction_id"];
const encoder = new TextEncoder();

// Guesses which column is which field: {field: index}. A column serves one field, the first whose names it has.
export function guessColumns(header) {
  const columns = {};
  const used = new Set();
  for (const [name, , pattern] of FIELDS) {
    const index = header.findIndex((title, at) => !used.has(at) && pattern.test(title.trim()));
    if (index >= 0) {
      columns[name] = index;
      used.add(index);
    }
  }
  return columns;
}

// Rows of the records of a CSV file: {number (of the line), raw: {field: text}}.
export function rowsOfCsv(records, columns) {
  return records.map(({ line, fields }) => ({
    number: line,
    raw: Object.fromEntries(
      Object.entries(columns).filter(([, index]) => index >= 0).map((
        [name, index],
      ) => [name, (fields[index] ?? "").trim()]),
    ),
  }));
}

// Rows of transactions in the API's format, the numbers as texts.
export function rowsOfJson(transactions) {
  return transactions.map((raw, index) => ({
    number: index + 1,
    raw: raw && typeof raw === "object" && !Array.isArray(raw)
      ? { ...raw, currency: raw.iso_currency_code || raw.unofficial_currency_code }
      : {},
  }));
}

// Sets `transaction` and `faults` ([{field, detail}]) of each row. `options`: {accountId, currency, positiveIsOut, mark,
// order, isJson}. Rows that are skipped count for nothing.
export function check(rows, options) {
  const ids = new Map();
  const occurrences = new Map();
  for (const row of rows) {
    row.faults = [];
    row.transaction = null;
    if (row.skipped) continue;
    const fault = (field, detail) => row.faults.push({ field, detail });
    const transaction = read(row, options, fault);
    row.idIsDerived = !transaction.transaction_id;
    if (row.idIsDerived) transaction.transaction_id = derivedId(row, transaction, occurrences);
    const other = ids.get(transaction.transaction_id);
    if (other) fault("transaction_id", `Row ${other} has the same transaction id.`);
    else ids.set(transaction.transaction_id, row.number);
    for (const [field, { detail, value }] of Object.entries(row.rejected ?? {})) {
      if (value === row.raw[field]) fault(field, detail); // The API's own fault, until the value changes.
    }
    row.transaction = transaction;
  }
  return rows;
}

function read({ raw }, options, fault) {
  const transaction = {
    transaction_id: text(raw, "transaction_id", fault),
    account_id: text(raw, "account_id", fault) || options.accountId,
    amount: amount(raw, options, fault),
    date: day(raw, options, fault),
  };
  const currency = text(raw, "currency", fault) || options.currency;
  if (!currency) fault("currency", "The currency is missing.");
  else {transaction[isIso(raw, currency) ? "iso_currency_code" : "unofficial_currency_code"] =
      currency;}
  for (const name of ["name", "merchant_name"]) {
    const value = text(raw, name, fault);
    if (value.length > TEXT_MAX) fault(name, `The text has more than ${TEXT_MAX} characters.`);
    if (value) transaction[name] = value;
  }
  if (!transaction.name && !transaction.merchant_name) {
    fault("name", "The description is missing.");
  }
  const code = text(raw, "merchant_category_code", fault);
  if (code && !/^\d{4}$/.test(code)) {
    fault("merchant_category_code", "A merchant category code has four digits.");
  } else if (code) transaction.merchant_category_code = code;
  for (const name of PASSED) {
    if (raw[name] !== undefined && raw[name] !== null) transaction[name] = raw[name];
  }
  if (!transaction.account_id) fault("account_id", "The account id is missing.");
  if (encoder.encode(transaction.transaction_id).length > ID_BYTES_MAX) {
    fault("transaction_id", `The id has more than ${ID_BYTES_MAX} bytes.`);
  }
  return transaction;
}

function text(raw, field, fault) {
  const value = raw[field] ?? "";
  if (typeof value === "string") return value.trim() ? value : "";
  fault(field, "This is not a text.");
  return "";
}

// The API's own format says which; in a CSV file it is one column.
function isIso(raw, currency) {
  if (raw.iso_currency_code === currency) return true;
  return raw.unofficial_currency_code === currency ? false : isOfficial(currency);
}

function amount(raw, options, fault) {
  if (options.isJson) {
    if (typeof raw.amount === "string" && JSON_NUMBER.test(raw.amount)) {
      return options.positiveIsOut ? negate(raw.amount) : raw.amount;
    }
    fault(
      "amount",
      raw.amount ? "This is not a decimal number, such as -12.50." : "The amount is missing.",
    );
    return "";
  }
  const [field, value, isOut] = raw.amount
    ? ["amount", raw.amount, options.positiveIsOut]
    : fromTwoColumns(raw, options);
  if (!value) {
    fault("amount", "The amount is missing.");
    return "";
  }
  const read = readAmount(value, options.mark);
  if (read === null) {
    fault(field, `This is not an amount, such as -12${options.mark}50.`);
    return "";
  }
  if (field === "amount") return isOut ? negate(read) : read;
  const plain = read.replace(/^-/, "");
  return isOut ? negate(plain) : plain;
}

// Banks with two columns leave one of them empty, or write a zero there.
function fromTwoColumns(raw, { mark }) {
  const isUsed = (value) => value && !isZero(readAmount(value, mark) ?? "1");
  if (isUsed(raw.out) || !raw.in) return ["out", raw.out, true];
  return ["in", raw.in, false];
}

function day(raw, { order, isJson }, fault) {
  const value = text(raw, "date", fault);
  if (!value) {
    fault("date", "The date is missing.");
    return "";
  }
  const read = readDay(value, isJson ? "ymd" : order);
  if (!read) {
    fault(
      "date",
      isJson ? "This is not a day, such as 2026-10-30." : "This is not a day in the chosen format.",
    );
  }
  return read ?? "";
}

// The same row of the same account gets the same id in every file, so that overlapping exports count once. Rows that
// are alike (two coffees of a day) are told apart by their number of occurrence.
function derivedId(row, transaction, occurrences) {
  const amountText = transaction.amount.includes(".")
    ? transaction.amount.replace(/\.?0+$/, "")
    : transaction.amount;
  const currency = transaction.iso_currency_code ?? transaction.unofficial_currency_code;
  const content = JSON.stringify([
    transaction.account_id,
    transaction.date,
    amountText,
    currency,
    transaction.name ?? "",
    transaction.merchant_name ?? "",
  ]);
  const occurrence = (occurrences.get(content) ?? 0) + 1;
  occurrences.set(content, occurrence);
  const source = `${content}#${occurrence}`;
  // Every mended row checks all rows again, and hashing is most of the work.
  if (row.derived?.source !== source) {
    row.derived = { source, id: `csv_${sha256(source).slice(0, 32)}` };
  }
  return row.derived.id;
}

// Notes the faults of a 422 (JSON pointers of the body) at the rows that were sent. Returns those of no row.
export function reject(sent, errors) {
  const others = [];
  for (const { pointer, code, detail } of errors) {
    const [, index, name] = /^\/transactions\/(\d+)(?:\/([^/]+))?/.exec(pointer ?? "") ?? [];
    const row = sent[Number(index)];
    if (index === undefined || !row) {
      others.push({ pointer, code, detail });
      continue;
    }
    const field = fieldOf(name, row);
    row.rejected = { ...row.rejected, [field]: { detail, value: row.raw[field] } };
  }
  return others;
}

function fieldOf(name, row) {
  if (name === "iso_currency_code" || name === "unofficial_currency_code") return "currency";
  if (name === "mcc") return "merchant_category_code";
  if (name === "amount" && !row.raw.amount) {
    return row.raw.out ? "out" : row.raw.in ? "in" : "amount";
  }
  return name ?? "transaction_id";
}
