// API keys: list, create (shown once), revoke.

import { call, get } from "./api.js";
import { formatAgo, formatInstant } from "./dates.js";
import { announce, h } from "./dom.js";
import { icon } from "./icons.js";
import * as session from "./session.js";
import { badge, card, dialog, empty, errorBox, field, heading, load, table } from "./ui.js";

const SCOPES = [
  ["ingest", "Send, remove and retry transactions"],
  ["report", "Read accounts, transactions and reports"],
  ["admin", "Everything, and manage keys"],
];

export function keys(main, signal, signOut) {
  const place = h("div");
  const reload = () =>
    load(place, signal, async () => {
      const { keys: found } = await get("/api/keys", null, signal);
      return found.length ? list(found, signal, reload, signOut) : empty("No keys yet.");
    }, 4);
  main.append(
    heading("API keys", { under: "A key is shown once. Only a hash of it is stored." }),
    card("Create a key", {}, createForm(signal, reload)),
    card("Keys", {}, place),
  );
  reload();
}

function createForm(signal, reload) {
  const name = h("input", {
    type: "text",
    required: true,
    maxlength: "100",
    autocomplete: "off",
    placeholder: "bank feed",
  });
  const boxes = SCOPES.map(([scope]) =>
    h("input", { type: "checkbox", value: scope, checked: scope === "report" })
  );
  const place = h("div");
  const button = h("button.button.primary", { type: "submit" }, "Create key");
  return h(
    "form.key-form",
    {
      onsubmit: async (event) => {
        event.preventDefault();
        place.replaceChildren();
        const scopes = boxes.filter((box) => box.checked).map((box) => box.value);
        if (!scopes.length) {
          place.append(errorBox(new Error("Choose at least one scope.")));
          return;
        }
        button.disabled = true;
        try {
          const created = await call("POST", "/api/keys", {
            body: JSON.stringify({ name: name.value.trim(), scopes }),
            signal,
          });
          name.value = "";
          showKey(created, reload);
        } catch (error) {
          if (!signal.aborted) place.append(errorBox(error));
        }
        button.disabled = false;
      },
    },
    field("Name", name, { hint: "What will use it.", className: ".grow" }),
    h(
      "fieldset.scopes",
      null,
      h("legend", null, "Scopes"),
      SCOPES.map(([scope, text], index) =>
        h(
          "label.check",
          null,
          boxes[index],
          h("span", null, h("strong", null, scope), h("span.under", null, ` ${text}`)),
        )
      ),
    ),
    h("div.form-foot", null, button),
    place,
  );
}

// The only time that the key can be read. It leaves the document with the dialog.
function showKey(created, closed) {
  const copy = h(
    "button.button.primary",
    {
      type: "button",
      onclick: async () => {
        try {
          await navigator.clipboard.writeText(created.api_key);
          announce("Copied.");
          copy.lastChild.textContent = "Copied";
        } catch {
          // No clipboard on a plain http origin: the reader copies the selection.
          getSelection().selectAllChildren(secret);
          announce("Press Ctrl+C to copy.");
        }
      },
    },
    icon("copy"),
    h("span", null, "Copy"),
  );
  const secret = h("code.secret", { tabindex: "0" }, created.api_key);
  const shown = dialog("Key created", [
    h(
      "p",
      null,
      "Copy it now: it is not shown again. ",
      h("strong", null, created.name),
      " has the scopes ",
      created.scopes.join(", "),
      ".",
    ),
    h("div.secret-row", null, secret, copy),
  ], {
    closed,
    actions: [h("button.button", {
      type: "button",
      onclick: () => shown.close(),
    }, "I have copied it")],
  });
}

function list(found, signal, reload, signOut) {
  const current = session.prefix();
  return table(
    "Keys",
    [{ title: "Name" }, { title: "Scopes" }, { title: "Created" }, {
      title: "Last used",
    }, { title: "Action", hidden: true }],
    found.map((key) => [
      [
        h(
          "span.cell-title",
          null,
          key.name,
          key.prefix === current ? badge("This key", "busy") : null,
        ),
        h("code.row-under", null, key.prefix),
      ],
      key.scopes.map((scope) => badge(scope)),
      h(
        "time",
        { datetime: key.created_at, title: formatInstant(key.created_at) },
        formatAgo(key.created_at),
      ),
      key.last_used_at
        ? h(
          "time",
          { datetime: key.last_used_at, title: formatInstant(key.last_used_at) },
          formatAgo(key.last_used_at),
        )
        : "never",
      key.revoked_at
        ? h(
          "span.under",
          { title: formatInstant(key.revoked_at) },
          `Revoked ${formatAgo(key.revoked_at)}`,
        )
        : h("button.button.small", {
          type: "button",
          "aria-label": `Revoke ${key.name} (${key.prefix})`,
          onclick: () => confirmRevoking(key, key.prefix === current, signal, reload, signOut),
        }, "Revoke"),
    ]),
    ".stack",
  );
}

function confirmRevoking(key, isCurrent, signal, reload, signOut) {
  const place = h("div");
  const revoke = h("button.button.danger", {
    type: "button",
    onclick: async () => {
      revoke.disabled = true;
      try {
        await call("DELETE", `/api/keys/${encodeURIComponent(key.prefix)}`, { signal });
        asked.close();
        if (isCurrent) return signOut("You have revoked the key that you were using.");
        announce(`The key ${key.name} is revoked.`);
        reload();
      } catch (error) {
        revoke.disabled = false;
        if (!signal.aborted) place.append(errorBox(error));
      }
      return null;
    },
  }, "Revoke key");
  const asked = dialog("Revoke this key?", [
    h(
      "p",
      null,
      h("strong", null, key.name),
      " (",
      ") stops working with its next request. This cannot be undone.",
    ),
    isCurrent
      ? h(
        "p.warning",
        null,
        icon("warning"),
        "You are signed in with this key: you will be signed out.",
      )
      : null,
    place,
  ], {
    actions: [
      h("button.button", {
        type: "button",
        onclick: () => asked.close(),
      }, "Keep it"),
      revoke,
    ],
  });
}
