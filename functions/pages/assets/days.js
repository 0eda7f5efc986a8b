// Reads the day of a bank's file, in the order of day, month and year that the reader has chosen.

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

export const ORDERS = [["ymd", "year month day (2026-10-30)"], [
  "dmy",
  "day month year (30/10/2026, 30.10.26)",
], ["mdy", "month day year (10/30/2026)"]];

// Returns "2026-10-30", or an instant of RFC 3339 as it is, or null. A time after the day is left out.
export function readDay(text, order) {
  const value = text.trim();
  if (/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/.test(value)) {
    return exists(...value.slice(0, 10).split("-")) && value.replace(" ", "T");
  }
  const compact = /^(\d{4})(\d\d)(\d\d)$/.exec(value);
  if (compact) return exists(...compact.slice(1));
  const parts =
    /^(\d{1,4}|[A-Za-z]{3,9})[\s./-]+(\d{1,2}|[A-Za-z]{3,9})\.?[\s,./-]+(\d{1,4})(?:[T\s,]+\d{1,2}[:.]\d\d.*)?$/
      .exec(value);
  if (!parts) return null;
  const [first, second, third] = parts.slice(1);
  // A year of four digits at the front, or a month by name, leaves no doubt.
  if (/^\d{4}$/.test(first)) return exists(first, second, third);
  if (/^[A-Za-z]/.test(first)) return exists(third, first, second);
  if (/^[A-Za-z]/.test(second)) return exists(third, second, first);
  if (order === "dmy") return exists(third, second, first);
  if (order === "mdy") return exists(third, first, second);
  return first.length === 4 || third.length < 3 ? exists(first, second, third) : null;
}

function exists(yearText, monthText, dayText) {
  const year = yearText.length <= 2 ? 2000 + Number(yearText) : Number(yearText);
  const month = /^\d+$/.test(monthText)
    ? Number(monthText)
    : MONTHS.indexOf(monthText.slice(0, 3).toLowerCase()) + 1;
  const day = Number(dayText);
  const date = new Date(Date.UTC(year, month - 1, day));
  if (year < 1000 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  return date.toISOString().slice(0, 10);
}

// The order in which most of the values are days.
export function guessOrder(values) {
  const scores = ORDERS.map((
    [order],
  ) => [order, values.filter((value) => readDay(value, order)).length]);
  return scores.reduce((best, score) => (score[1] > best[1] ? score : best))[0];
}
