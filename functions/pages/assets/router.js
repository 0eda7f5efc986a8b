// Hash routes: #/accounts/ID?month=2026-10. The address holds everything that a reload needs.

// Ids may contain any character, so each part is percent-encoded.
export function link(parts, query = {}) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") parameters.set(name, value);
  }
  const text = parameters.toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

export function current() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return {
    parts: path.split("/").filter(Boolean).map(decode),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

// Shows another page, or the same one with another query, as a new entry of the history.
export function go(parts, query) {
  location.hash = link(parts, query);
}

// Changes the address without showing anything anew: for what is already on the page.
export function note(parts, query) {
  history.replaceState(null, "", link(parts, query));
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
