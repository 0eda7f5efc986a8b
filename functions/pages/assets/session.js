// The API key of this tab, and where the API is. The key lives in sessionStorage only: closing the tab forgets it, and
// no other tab has it.

const KEY = "tributary.key";
const SCOPES = "tributary.scopes";
const PREFIX = "tributary.prefix";

// On AWS a stage stands before /console: /prod/console. Everything that is requested begins with it.
export const base = location.pathname.replace(/\/console(\/.*)?$/, "");

export const key = () => sessionStorage.getItem(KEY);

// Tabs that the browser blocks from storing anything throw; the caller shows it.
export function start(text) {
  sessionStorage.setItem(KEY, text);
}

export function end() {
  sessionStorage.clear();
}

// Kept beside the key, so that a reload paints the right navigation before the API has answered. Returns whether they
// are others than before.
export function setCredential(scopes, prefix) {
  const text = scopes.join(" ");
  const changed = sessionStorage.getItem(SCOPES) !== text;
  sessionStorage.setItem(SCOPES, text);
  sessionStorage.setItem(PREFIX, prefix ?? "");
  return changed;
}

// How the list of keys names the key in use; empty for a token.
export const prefix = () => sessionStorage.getItem(PREFIX);
export const knowsScopes = () => sessionStorage.getItem(SCOPES) !== null;

// `admin` covers every call.
export function may(scope) {
  const scopes = (sessionStorage.getItem(SCOPES) ?? "").split(" ");
  return scopes.includes(scope) || scopes.includes("admin");
}

// Takes the key from a link (…/console#key=trb_…) and erases it from the address and this entry of the history, before
// anything else runs. Returns whether there was one.
export function takeKeyFromAddress() {
  const found = /^#key=(.+)$/.exec(location.hash);
  if (!found) return false;
  history.replaceState(null, "", `${location.pathname}${location.search}#/`);
  end();
  start(decode(found[1]).trim());
  return true;
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
