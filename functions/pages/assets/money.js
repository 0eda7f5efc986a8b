// Amounts as decimal texts ("-1234.50"), formatted in the reader's locale. Nothing here turns an amount into a float,
// except `approximate`, which serves the height of bars only.

const formats = new Map();

// A browser whose Intl converts a text into a double first would show other digits, and gets plain digits instead.
const INTL_IS_EXACT =
  new Intl.NumberFormat("en", { useGrouping: false }).format("12345678901234567890") ===
    "12345678901234567890";

function decimalsOf(amount) {
  return (amount.split(".")[1] ?? "").length;
}

const official = new Set(Intl.supportedValuesOf?.("currency") ?? []);

// Whether a code is one of ISO 4217, as far as this browser knows them.
export function isOfficial(currency) {
  return official.size ? official.has(currency) : /^[A-Z]{3}$/.test(currency ?? "");
}

function formatOf(currency, decimals, sign) {
  const key = `${currency}/${decimals}/${sign}`;
  if (!formats.has(key)) {
    const options = {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      signDisplay: sign,
    };
    if (currency) Object.assign(options, { style: "currency", currency });
    formats.set(key, new Intl.NumberFormat(undefined, options));
  }
  return formats.get(key);
}

// Formats an amount in a currency. An unofficial currency is shown as number and code. `plus` also shows a plus sign.
export function formatAmount(amount, currency, { unofficial = false, plus = false } = {}) {
  if (amount === null || amount === undefined) return "–";
  const text = String(amount);
  const decimals = decimalsOf(text);
  if (!INTL_IS_EXACT || /e/i.test(text) || decimals > 20) {
    return `${text} ${currency ?? ""}`.trim();
  }
  const sign = plus ? "exceptZero" : "negative";
  if (!unofficial && isOfficial(currency)) {
    return formatOf(currency, decimals, sign).format(text).replace(/^-/, "−");
  }
  return `${formatOf(null, decimals, sign).format(text).replace(/^-/, "−")} ${currency ?? ""}`
    .trim();
}

export function isNegative(amount) {
  return String(amount).startsWith("-") && !isZero(amount);
}

export function isZero(amount) {
  return /^-?0*(\.0*)?$/.test(String(amount));
}

// The exact sum of amounts of one currency, with the most decimals of any.
export function sum(amounts) {
  const decimals = Math.max(0, ...amounts.map((amount) => decimalsOf(String(amount))));
  const total = amounts.reduce((total, amount) => total + scaled(String(amount), decimals), 0n);
  const digits = (total < 0n ? -total : total).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  return `${total < 0n ? "-" : ""}${whole}${decimals ? `.${digits.slice(-decimals)}` : ""}`;
}

function scaled(amount, decimals) {
  const [, sign, whole, part = ""] = /^(-?)(\d+)(?:\.(\d*))?$/.exec(amount);
  const units = BigInt(whole + part.padEnd(decimals, "0"));
  return sign ? -units : units;
}

// Only for the geometry of charts.
export function approximate(amount) {
  return Math.abs(Number(amount)) || 0;
}

// Reads an amount as banks write them in files: "1,234.50", "1.234,50", "1 234,50-", "(12.00)", "€ 5", "+5".
// Returns a decimal text, or null if it is not an amount. `mark` is the decimal mark, "." or ",".
export function readAmount(text, mark = ".") {
  let rest = text.trim().replace(/[\u2212\u2013]/g, "-").replace(/[\s\u00a0\u202f'’]/g, "");
  let negative = false;
  if (/^\(.*\)$/.test(rest)) {
    negative = true;
    rest = rest.slice(1, -1);
  }
  rest = rest.replace(/^([+-]?)(?:[A-Z]{3}|\p{Sc})([+-]?)/u, "$1$2").replace(
    /(?:[A-Z]{3}|\p{Sc})$/u,
    "",
  );
  const signs = /^([+-]?)(.*?)([+-]?)$/.exec(rest);
  if (signs[1] && signs[3]) return null;
  if (signs[1] === "-" || signs[3] === "-") negative = !negative;
  const group = mark === "." ? "," : ".";
  const pattern = mark === "."
    ? /^(?:\d{1,3}(?:,\d{2,3})*(?:,\d{3})|\d+)?(?:\.\d+)?$/
    : /^(?:\d{1,3}(?:\.\d{2,3})*(?:\.\d{3})|\d+)?(?:,\d+)?$/;
  if (!signs[2] || !pattern.test(signs[2])) return null;
  const plain = signs[2].replaceAll(group, "").replace(mark, ".").replace(/^(?=\.)/, "0").replace(
    /^0+(?=\d)/,
    "",
  );
  if (!/\d/.test(plain)) return null;
  return negative && !isZero(plain) ? `-${plain}` : plain;
}

// Turns the sign of an amount round.
export function negate(amount) {
  if (isZero(amount)) return amount;
  return amount.startsWith("-") ? amount.slice(1) : `-${amount}`;
}
