// The shell: decides between signing in and a page, draws the navigation, and moves the focus.

import { whenUnauthorized } from "./api.js";
import { announce, h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { credential, signIn } from "./page_signin.js";
import { account } from "./page_account.js";
import { accounts } from "./page_accounts.js";
import { batch } from "./page_batch.js";
import { keys } from "./page_keys.js";
import { overview } from "./page_overview.js";
import { transactions } from "./page_transactions.js";
import { upload } from "./page_upload.js";
import * as router from "./router.js";
import * as session from "./session.js";
import { empty, heading } from "./ui.js";

const PAGES = [
  { name: "overview", title: "Overview", scope: "report" },
  { name: "accounts", title: "Accounts", scope: "report" },
  { name: "upload", title: "Upload", scope: "ingest" },
  { name: "keys", title: "Keys", scope: "admin" },
];

const app = document.getElementById("app");
let page = new AbortController(); // Aborted when the page goes: no request or poll outlives it.
let shownKey = null;

function render({ reason } = {}) {
  page.abort();
  page = new AbortController();
  for (const open of document.querySelectorAll("dialog")) open.remove();
  if (!session.key()) {
    shownKey = null;
    document.title = "Sign in · Tributary";
    replace(app, signIn(reason, signedIn, page.signal));
    document.getElementById(reason ? "signin-title" : "api-key")?.focus();
    return;
  }
  if (shownKey !== session.key()) {
    shownKey = session.key();
    replace(app, frame());
    // A reload uses the scopes of before; the API may know better.
    if (session.knowsScopes()) {
      credential(page.signal).then((changed) => changed && signedIn(), () => {});
    }
  }
  if (!session.knowsScopes()) {
    replace(app.querySelector("main"), heading("Signing in …"));
    const { signal } = page;
    // A 401 has signed out already; a page that has gone asks no more, and the next one does.
    credential(signal).then(
      signedIn,
      (error) => signal.aborted || error.status === 401 || signOut(error.message),
    );
    return;
  }
  show();
}

function show() {
  const { parts, query } = router.current();
  const main = app.querySelector("main");
  const name = parts[0] ?? home();
  for (const item of app.querySelectorAll("nav a")) {
    if (item.dataset.page === name) item.setAttribute("aria-current", "page");
    else item.removeAttribute("aria-current");
  }
  replace(main);
  main.dataset.page = name;
  content(main, name, parts.slice(1), query);
  const title = main.querySelector("h1");
  document.title = `${title?.textContent ?? "Tributary"} · Tributary`;
  scrollTo(0, 0);
  title?.focus({ preventScroll: true });
}

function content(main, name, rest, query) {
  const known = PAGES.find((candidate) => candidate.name === name);
  const scope = known?.scope ?? (name === "batches" ? "report" : null);
  if (!scope || (name === "batches" && !rest[0])) {
    main.append(
      heading("Page not found"),
      empty(
        "There is nothing at this address.",
        h("a.button", { href: "#/" }, "Go to the start"),
      ),
    );
  } else if (!session.may(scope)) {
    main.append(
      heading(known?.title ?? "Batch"),
      empty(
        "This key may not do this.",
        h(
          "p",
          null,
          "It needs the scope ",
          h("code", null, scope),
          ". Sign in with another key.",
        ),
      ),
    );
  } else if (name === "overview") overview(main, query, page.signal);
  else if (name === "batches") batch(main, rest[0], page.signal);
  else if (name === "upload") upload(main, page.signal);
  else if (name === "keys") keys(main, page.signal, signOut);
  else if (!rest[0]) accounts(main, query, page.signal);
  else if (rest[1] === "transactions") transactions(main, rest[0], query, page.signal);
  else account(main, rest[0], query, page.signal);
}

const home = () => PAGES.find(({ scope }) => session.may(scope))?.name ?? "overview";

function frame() {
  const items = PAGES.filter(({ scope }) => session.may(scope));
  return [
    h(
      "aside.sidebar",
      null,
      h("a.brand", { href: "#/" }, h("span.brand-mark", null, icon("brand")), "Tributary"),
      h(
        "nav",
        { "aria-label": "Console" },
        h(
          "ul",
          null,
          items.map(({ name, title }) =>
            h(
              "li",
              null,
              h(
                "a",
                { href: router.link([name]), "data-page": name },
                icon(name),
                h("span", null, title),
              ),
            )
          ),
          h(
            "li",
            null,
            h(
              "a",
              {
                href: `${session.base}/api/docs`,
                target: "_blank",
                rel: "noopener noreferrer",
              },
              icon("api"),
              h("span", null, "API"),
              h("span.hidden-visually", null, " documentation, in a new tab"),
            ),
          ),
        ),
      ),
      h(
        "div.sidebar-foot",
        null,
        themeButton(),
        h(
          "button.quiet",
          { type: "button", onclick: () => signOut() },
          icon("out"),
          h("span", null, "Sign out"),
        ),
      ),
    ),
    h("main", { id: "main", tabindex: "-1" }),
  ];
}

export function themeButton() {
  const theme = globalThis.tributaryTheme;
  const button = h(
    "button.quiet",
    {
      type: "button",
      "aria-pressed": String(theme.isDark()),
      onclick: () => button.setAttribute("aria-pressed", String(theme.toggle())),
    },
    icon("sun"),
    h("span", null, "Dark mode"),
  );
  return button;
}

function signedIn() {
  shownKey = null;
  render();
}

// Forgets the key and everything on the page. Other entries of the history hold addresses of pages, never a key.
function signOut(reason) {
  session.end();
  history.replaceState(null, "", `${location.pathname}${location.search}#/`);
  render({ reason: typeof reason === "string" ? reason : undefined });
  announce(typeof reason === "string" ? reason : "Signed out.");
}

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault(); // The hash is the route.
  (app.querySelector("main h1") ?? app.querySelector("h1"))?.focus();
});
whenUnauthorized((error) =>
  signOut(session.knowsScopes() ? `You have been signed out: ${error.message}` : error.message)
);
addEventListener("hashchange", () => {
  session.takeKeyFromAddress();
  render();
});
session.takeKeyFromAddress();
render();
