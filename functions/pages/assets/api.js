// Calls the API. A failure is an ApiError with the API's own words (application/problem+json) and its correlation id.

import { parseExact } from "./json.js";
import * as session from "./session.js";

const TIMEOUT_MS = 35_000; // API Gateway gives up after 30 seconds.

export class ApiError extends Error {
  constructor({ status = 0, title, detail, type, errors, correlationId, retryAfterMs }) {
    super(detail || title);
    Object.assign(this, {
      status,
      title,
      detail,
      type,
      errors: errors ?? [],
      correlationId,
      retryAfterMs,
    });
  }

  // Whether the same request may succeed later.
  get isTransient() {
    return this.status === 0 || this.status === 408 || this.status === 409 ||
      this.status === 429 || this.status >= 500;
  }
}

let onUnauthorized = () => {};
export function whenUnauthorized(listener) {
  onUnauthorized = listener;
}

export const get = (path, query, signal) => call("GET", path, { query, signal });

// Returns the body of a 2xx, null if there is none. `path` begins with a slash and is percent-encoded by the caller.
export async function call(method, path, { query, body, headers, signal, accept, seen } = {}) {
  const key = session.key();
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  let response;
  let text;
  try {
    response = await fetch(address(path, query), {
      method,
      headers: {
        ...(key ? { Authorization: `Bearer ${key}` } : {}),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    text = await response.text();
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError({
      title: limit.aborted ? "The API took too long to answer." : "The API cannot be reached.",
      detail: limit.aborted
        ? "The API took too long to answer."
        : "The API cannot be reached. Check the connection.",
    });
  }
  const value = read(text);
  seen?.(response.headers);
  if (response.ok || accept?.includes(response.status)) return value;
  const error = problem(response, value);
  // The key may have been replaced while this request was in progress.
  if (error.status === 401 && key === session.key()) onUnauthorized(error);
  throw error;
}

function address(path, query) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== "") parameters.set(name, value);
  }
  const text = parameters.toString();
  return `${session.base}${path}${text ? `?${text}` : ""}`;
}

function read(text) {
  if (!text) return null;
  try {
    return parseExact(text);
  } catch {
    return null; // A gateway's HTML page: the status says enough.
  }
}

function problem(response, value) {
  const after = response.headers.get("Retry-After");
  return new ApiError({
    status: response.status,
    type: value?.type,
    title: value?.title ?? `HTTP ${response.status}`,
    detail: value?.detail ?? value?.message ?? `The API answered ${response.status}.`,
    errors: Array.isArray(value?.errors) ? value.errors : [],
    correlationId: value?.correlation_id ?? response.headers.get("X-Correlation-ID"),
    retryAfterMs: /^\d+$/.test(after ?? "") ? Number(after) * 1000 : undefined,
  });
}
