// Repeats a request: never while the tab is hidden, less often after errors, and not after the page has gone.

const BACKOFF_MAX_MS = 60_000;

// Calls `work(signal)` now and then `interval_ms` after each end, until `signal` aborts. `work` returns the pause
// before the next call, or nothing for `interval_ms`, or Infinity to stop. `failed(error)` hears of each failure.
export async function poll(work, intervalMs, signal, failed = () => {}) {
  let failures = 0;
  while (!signal.aborted) {
    await visible(signal);
    if (signal.aborted) return;
    let pause = intervalMs;
    try {
      pause = (await work(signal)) ?? intervalMs;
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      pause = Math.max(
        error.retryAfterMs ?? 0,
        Math.min(intervalMs * 2 ** failures, BACKOFF_MAX_MS),
      );
      failed(error);
      if (error.status === 401 || error.status === 403) return;
    }
    if (pause === Infinity) return;
    await sleep(pause, signal);
  }
}

export function sleep(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

function visible(signal) {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look, { once: true });
  });
}
