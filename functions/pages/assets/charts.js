// Charts in SVG, without a library. Positions are percentages, so that a chart has the width of its card and its text
// is never stretched. Every value is also text: in a label of its bar, and in a table below.

import { h, newId, svg } from "./dom.js";
import { approximate, formatAmount, isZero } from "./money.js";
import { formatCount, table } from "./ui.js";

const HEIGHT = 232;
const TOP = 12;
const BOTTOM = 26;
const LEFT = 52; // Pixels for the labels of the axis.

// Money in above the line and money out below it, a bar for each interval. `intervals` are [{title, label, income,
// spend, net, transfers, count, href}], amounts as texts. Arrow keys move between bars, Enter follows `href`.
export function cashFlowChart(intervals, currency, describe) {
  const readout = h("p.readout", { "aria-hidden": "true" });
  const legend = () =>
    readout.replaceChildren(
      h("span.key.in", null, "Income"),
      h("span.key.out", null, "Spend"),
      h("span.key.net", null, "Net"),
    );
  legend();
  const scale = scaleOf(intervals);
  const bars = intervals.map((interval, index) =>
    bar(interval, index, intervals.length, scale, currency, {
      show: () =>
        readout.replaceChildren(
          h("strong", null, interval.title),
          ...describe(interval).map((text) => h("span", null, text)),
        ),
      hide: legend,
    })
  );
  bars[0]?.setAttribute("tabindex", "0");
  const title = newId("chart");
  const plot = svg(
    "svg.chart-plot",
    { role: "group", "aria-labelledby": title, height: HEIGHT },
    svg("title", { id: title }, "Cash flow. The arrow keys move between the bars."),
    bars,
  );
  plot.addEventListener("keydown", (event) => moveAlong(event, bars));
  // Two drawings, one over the other: no SVG has the width "100% less the labels", but CSS does.
  return h(
    "figure.chart",
    null,
    readout,
    h(
      "div.chart-area",
      null,
      svg("svg.chart-axis", { "aria-hidden": "true", height: HEIGHT }, axis(scale)),
      plot,
    ),
    tableOf(intervals, currency),
  );
}

function bar(interval, index, total, scale, currency, { show, hide }) {
  const slot = 100 / total;
  // A year has few bars, which would be very wide.
  const share = total > 14 ? 0.64 : 0.44;
  const left = index * slot + (slot * (1 - share)) / 2;
  const width = `${slot * share}%`;
  const income = scale.height(interval.income);
  const spend = scale.height(interval.spend);
  const every = Math.ceil(total / 12);
  const label = `${interval.title}: income ${formatAmount(interval.income, currency)}, spend ${
    formatAmount(interval.spend, currency)
  }, net ${formatAmount(interval.net, currency)}`;
  const net = scale.y(Number(interval.net));
  return svg(
    "a.bar",
    {
      href: interval.href,
      "aria-label": label,
      tabindex: "-1",
      onfocus: show,
      onblur: hide,
      onmouseenter: show,
      onmouseleave: hide,
    },
    svg("rect.bar-hit", {
      x: `${index * slot}%`,
      y: 0,
      width: `${slot}%`,
      height: HEIGHT - BOTTOM + 6,
      rx: 4,
    }),
    income > 0
      ? svg("rect.bar-in", {
        x: `${left}%`,
        y: scale.zero - income,
        width,
        height: income,
        rx: 2,
      })
      : null,
    spend > 0
      ? svg("rect.bar-out", { x: `${left}%`, y: scale.zero, width, height: spend, rx: 2 })
      : null,
    // Where money went one way only, the end of the bar is the net.
    income > 0 && spend > 0
      ? svg("line.bar-net", {
        x1: `${left - slot * 0.08}%`,
        x2: `${left + slot * (share + 0.08)}%`,
        y1: net,
        y2: net,
      })
      : null,
    index % every === 0 || every === 1
      ? svg("text.bar-label", {
        x: `${(index + 0.5) * slot}%`,
        y: HEIGHT - 6,
        "text-anchor": "middle",
      }, interval.label)
      : null,
  );
}

function scaleOf(intervals) {
  const up = niceMax(Math.max(0, ...intervals.map(({ income }) => approximate(income))));
  const down = niceMax(Math.max(0, ...intervals.map(({ spend }) => approximate(spend))));
  const room = HEIGHT - TOP - BOTTOM;
  const perUnit = room / (up + down || 1);
  const zero = TOP + up * perUnit;
  return {
    up,
    down,
    zero: up + down ? zero : TOP + room / 2,
    height: (amount) => (isZero(amount) ? 0 : Math.max(1.5, approximate(amount) * perUnit)),
    y: (value) => zero - value * perUnit,
  };
}

function niceMax(value) {
  if (!(value > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 7.5, 10].map((step) => step * power).find((step) => step >= value) ??
    value;
}

// The labels are round numbers of the scale, not amounts.
function axis(scale) {
  const compact = new Intl.NumberFormat(undefined, {
    notation: "compact",
    maximumFractionDigits: 1,
  });
  const lines = [[scale.up, 1], [scale.up / 2, 1], [0, 0], [-scale.down / 2, -1], [
    -scale.down,
    -1,
  ]];
  let last = -Infinity;
  return lines.filter(([value, side]) => side === 0 || value !== 0).map(([value]) => {
    const y = scale.y(value);
    const crowded = y - last < 18 && value !== 0;
    if (!crowded) last = y;
    return svg(
      "g",
      null,
      svg(value === 0 ? "line.axis-zero" : "line.axis-line", {
        x1: LEFT,
        x2: "100%",
        y1: y,
        y2: y,
      }),
      crowded ? null : svg(
        "text.axis-label",
        { x: LEFT - 8, y: y + 4, "text-anchor": "end" },
        compact.format(Math.abs(value)),
      ),
    );
  });
}

function moveAlong(event, bars) {
  const at = bars.indexOf(document.activeElement);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: bars.length - 1 }[event.key];
  if (at < 0 || to === undefined || !bars[to]) return;
  event.preventDefault();
  bars[at].setAttribute("tabindex", "-1");
  bars[to].setAttribute("tabindex", "0");
  bars[to].focus();
}

function tableOf(intervals, currency) {
  const hasTransfers = intervals.some(({ transfers }) => transfers && !isZero(transfers));
  const columns = [
    { title: "Interval" },
    { title: "Transactions", numeric: true },
    { title: "Income", numeric: true },
    { title: "Spend", numeric: true },
    { title: "Net", numeric: true },
  ];
  if (hasTransfers) columns.push({ title: "Transfers", numeric: true });
  const details = h("details.chart-table", null, h("summary", null, "Show as a table"));
  // Filled when it is opened: it is hidden otherwise, and costs nothing.
  details.addEventListener("toggle", () =>
    details.childElementCount < 2 && details.append(
      table(
        "Cash flow",
        columns,
        intervals.map((interval) => [
          interval.title,
          formatCount(interval.count),
          ...[
            interval.income,
            interval.spend,
            interval.net,
            ...(hasTransfers ? [interval.transfers] : []),
          ]
            .map((amount) => formatAmount(amount, currency)),
        ]),
      ),
    ));
  return details;
}

// Horizontal bars: [{name, value, note, share (0..1), href}], each a link.
export function barList(label, items) {
  return h(
    "ul.bar-list",
    { "aria-label": label },
    items.map(({ name, value, note, share, href }) =>
      h(
        "li",
        null,
        h(
          href ? "a.bar-row" : "div.bar-row",
          { href },
          h("span.bar-name", null, name),
          h("span.bar-value", null, value),
          h(
            "span.bar-track",
            { "aria-hidden": "true" },
            h("span.bar-fill", { style: { width: `${Math.max(share * 100, 0.5)}%` } }),
          ),
          h("span.bar-note", null, note),
        ),
      )
    ),
  );
}

// A line of the last values, for the eye only: the number stands beside it.
export function sparkline(values) {
  const top = Math.max(1, ...values);
  const points = values.map((value, index) =>
    `${(index / Math.max(1, values.length - 1)) * 100},${30 - (value / top) * 28}`
  );
  return svg("svg.sparkline", {
    viewBox: "0 0 100 32",
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  }, svg("polyline", { points: points.join(" ") }));
}
