// Remembers how a file with certain columns was read, for the next file of the same bank. No content of a file is
// kept, and no key.

const NAME = "tributary.columns";
const FILES_MAX = 20;
const KEPT = ["currency", "positiveIsOut", "mark", "order"];

const signature = (header) => JSON.stringify(header);

function all() {
  try {
    return JSON.parse(localStorage.getItem(NAME)) ?? [];
  } catch {
    return [];
  }
}

export function recall(header) {
  return all().find(({ of }) => of === signature(header));
}

export function remember(header, { columns, settings }) {
  const entry = {
    of: signature(header),
    columns,
    settings: Object.fromEntries(KEPT.map((name) => [name, settings[name]])),
  };
  const others = all().filter(({ of }) => of !== entry.of);
  try {
    localStorage.setItem(NAME, JSON.stringify([entry, ...others].slice(0, FILES_MAX)));
  } catch {
    // Storage is full or forbidden: the next file is guessed again.
  }
}
