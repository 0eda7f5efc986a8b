// Days ("2026-10-30") and months ("2026-10") as text, and how they read in the reader's locale. A day has no zone, so
// it is formatted in UTC: in any other zone it could become the day before.

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const shortDay = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  timeZone: "UTC",
});
const month = new Intl.DateTimeFormat(undefined, {
  month: "long",
  year: "numeric",
  timeZone: "UTC",
});
const shortMonth = new Intl.DateTimeFormat(undefined, { month: "short", timeZone: "UTC" });
const monthRange = new Intl.DateTimeFormat(undefined, {
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});
const instant = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const atMidnight = (text) => new Date(`${text.length === 7 ? `${text}-01` : text}T00:00:00Z`);

export const formatDay = (text) => (text ? day.format(atMidnight(text)) : "–");
export const formatShortDay = (text) => shortDay.format(atMidnight(text));
export const formatMonth = (text) => month.format(atMidnight(text));
export const formatShortMonth = (text) => shortMonth.format(atMidnight(text));
// From one day to another, by month: "Dec 2025 – Nov 2026".
export const formatMonths = (first, last) =>
  monthRange.formatRange(atMidnight(first), atMidnight(last));
export const formatInstant = (text) => (text ? instant.format(new Date(text)) : "–");

export function formatAgo(text, now = Date.now()) {
  const seconds = Math.round((new Date(text) - now) / 1000);
  if (Math.abs(seconds) < 60) return relative.format(seconds, "second");
  if (Math.abs(seconds) < 3600) return relative.format(Math.round(seconds / 60), "minute");
  if (Math.abs(seconds) < 86_400) return relative.format(Math.round(seconds / 3600), "hour");
  return relative.format(Math.round(seconds / 86_400), "day");
}

export function addMonths(text, months) {
  const [year, number] = text.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 + months, 1)).toISOString().slice(0, 7);
}

export const firstDay = (text) => `${text}-01`;

export function lastDay(text) {
  const [year, number] = text.split("-").map(Number);
  return new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10);
}

// The reader's own today, since "this month" is the reader's.
export function thisMonth(now = new Date()) {
  return `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, "0")}`;
}

// Every month from the first to the last, the latest first.
export function monthsBetween(first, last) {
  const months = [];
  for (let at = last; at >= first && months.length < 1500; at = addMonths(at, -1)) {
    months.push(at);
  }
  return months;
}
