// Sends rows as batches: cut by the console's limits, each with an idempotency key made of its content, so that the
// same file sent twice is accepted once.

import { call } from "./api.js";
import { sleep } from "./poll.js";
import { reject } from "./rows.js";
import { sha256 } from "./sha256.js";

const ROWS_MAX = 5_000;
const BYTES_MAX = 5_000_000;
const ENVELOPE_BYTES = 10_000; // Accounts and the rest of a body.
const ATTEMPTS_MAX = 8;
const RETRY_MS = 1_000;
const encoder = new TextEncoder();

// [[row, …], …]: each at most ROWS_MAX rows and about BYTES_MAX bytes.
export function cut(rows) {
  const batches = [];
  let bytes = 0;
  for (const row of rows) {
    const size = encoder.encode(JSON.stringify(row.transaction)).length + 1;
    const last = batches.at(-1);
    if (last && last.length < ROWS_MAX && bytes + size + ENVELOPE_BYTES <= BYTES_MAX) {
      last.push(row);
      bytes += size;
    } else {
      batches.push([row]);
      bytes = size;
    }
  }
  return batches;
}

// Sends every row that is neither sent nor skipped. Returns {accepted: [batch], faults}: with `faults`, some rows
// have got faults of the API (or the faults are of no row); the batches before are accepted and stay so.
export async function send(rows, { accounts, removed, signal, progressed }) {
  const accepted = [];
  const batches = cut(rows.filter((row) => !row.sent && !row.skipped));
  if (!batches.length && removed?.length) batches.push([]);
  for (const [index, batch] of batches.entries()) {
    const transactions = batch.map((row) => row.transaction);
    const body = JSON.stringify({
      accounts,
      transactions,
      total_transactions: transactions.length,
      ...(removed?.length && index === 0 ? { removed } : {}),
    });
    try {
      accepted.push(await post(body, signal));
    } catch (error) {
      if (error.status !== 422 || !error.errors.length) {
        throw Object.assign(error, { accepted });
      }
      return { accepted, faults: reject(batch, error.errors), isRejected: true };
    }
    for (const row of batch) row.sent = true;
    progressed(batch.length);
  }
  return { accepted, faults: [], isRejected: false };
}

async function post(body, signal) {
  const headers = { "Idempotency-Key": `console-${sha256(body)}` };
  for (let attempt = 1;; attempt += 1) {
    try {
      let isReplayed = false;
      const batch = await call("POST", "/api/integrations/transactions", {
        body,
        headers,
        signal,
        seen: (answer) => {
          isReplayed = answer.get("Idempotency-Replayed") === "true";
        },
      });
      return { ...batch, isReplayed };
    } catch (error) {
      // The key makes it safe to send again what may have arrived.
      if (!error.isTransient || attempt >= ATTEMPTS_MAX) throw error;
      await sleep(error.retryAfterMs ?? RETRY_MS * 2 ** attempt, signal);
      if (signal.aborted) throw error;
    }
  }
}
