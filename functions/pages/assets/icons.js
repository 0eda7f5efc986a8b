// Icons as paths of a 20 × 20 grid. They are decoration: the text beside them, or the label of their button, says it.

import { svg } from "./dom.js";

const PATHS = {
  brand: "M4 3c0 5 6 4 6 9v5M16 3c0 5-6 4-6 9M10 2.5V7",
  overview: "M3 10.5 10 4l7 6.5M5 9v7h10V9M8.5 16v-4h3v4",
  accounts: "M3 6.5h14v9H3zM3 9.5h14M6 12.5h3M5.5 6.5v-2h9v2",
  upload: "M10 13V4M6.5 7.5 10 4l3.5 3.5M4 13v3h12v-3",
  keys:
    "M12.5 11.5a4 4 0 1 0-3.7-2.5L4 13.8V16h2.5v-1.8h1.8v-1.8h1.4l.9-.9a4 4 0 0 0 1.9 0zM13.7 6.5v.01",
  api: "M7 6 3 10l4 4M13 6l4 4-4 4M11 4.5l-2 11",
  out: "M8 4H4v12h4M12 7l3 3-3 3M15 10H8",
  sun:
    "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M15.7 4.3l-1.1 1.1M5.4 14.6l-1.1 1.1",
  previous: "M12 5 7 10l5 5",
  next: "M8 5l5 5-5 5",
  close: "M5 5l10 10M15 5 5 15",
  retry: "M16 10a6 6 0 1 1-1.8-4.3M16 3v3.5h-3.5",
  check: "M4.5 10.5 8.5 14.5 15.5 6",
  warning: "M10 3.5 17.5 16h-15zM10 8.5v3.5M10 14v.01",
  copy: "M7 7h9v9H7zM4 13V4h9",
  file: "M5 3h6.5L15 6.5V17H5zM11 3v4h4M8 11h4M8 13.5h4",
  search: "M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4zM13 13l3.5 3.5",
  batches: "M10 3 17 6.5 10 10 3 6.5zM3 10l7 3.5L17 10M3 13.5 10 17l7-3.5",
};

export function icon(name) {
  return svg(
    "svg.icon",
    { viewBox: "0 0 20 20", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: PATHS[name] }),
  );
}
