// Signing in with an API key.

import { get } from "./api.js";
import { h, newId } from "./dom.js";
import { icon } from "./icons.js";
import * as session from "./session.js";
import { errorBox } from "./ui.js";

// Asks the API what the key may do. Returns whether that is news.
export async function credential(signal) {
  const { scopes, prefix } = await get("/api/credential", null, signal);
  return session.setCredential(scopes, prefix);
}

export function signIn(reason, signedIn, signal) {
  const place = h("div", { "aria-live": "polite" });
  const hint = newId("hint");
  const input = h("input.mono", {
    id: "api-key",
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    autocapitalize: "none",
    placeholder: "trb_…",
    required: true,
    "aria-describedby": hint,
  });
  const button = h("button.button.primary", { type: "submit" }, "Sign in");
  const form = h(
    "form",
    {
      onsubmit: async (event) => {
        event.preventDefault();
        const text = input.value.trim();
        if (!text) return;
        place.replaceChildren();
        // A header takes no other characters, and the browser's own words for it help nobody.
        if (!/^[\x21-\x7e]+$/.test(text)) {
          place.append(
            errorBox(
              new Error(
                "This is not an API key: a key has letters, digits and signs, without spaces.",
              ),
            ),
          );
          return;
        }
        button.disabled = true;
        session.start(text);
        try {
          await credential(signal);
          signedIn();
        } catch (error) {
          if (error.status === 401) return; // The API's reason is shown by whoever ended the session.
          session.end();
          button.disabled = false;
          if (!signal.aborted) place.append(errorBox(error));
        }
      },
    },
    h("label", { for: "api-key" }, "API key"),
    input,
    h("p.hint", { id: hint }, "It stays in this tab and is forgotten when the tab closes."),
    button,
  );
  return h(
    "main.signin",
    { id: "main" },
    h(
      "div.signin-card",
      null,
      h("div.brand", null, h("span.brand-mark", null, icon("brand")), "Tributary"),
      h("h1", { id: "signin-title", tabindex: "-1" }, "Sign in to the console"),
      reason ? h("div.error-box", null, icon("warning"), h("p.error-text", null, reason)) : null,
      form,
      place,
      h(
        "details",
        null,
        h("summary", null, "Where do I get a key?"),
        h(
          "p",
          null,
          "On your own machine, ",
          h("code", null, "cargo tributary up"),
          " writes one to ",
          h("code", null, ".tributary/env"),
          " as ",
          h("code", null, "TRIBUTARY_API_KEY"),
          ".",
        ),
        h(
          "p",
          null,
          "Otherwise ask an administrator, or run ",
          h(
            "code",
            null,
            "cargo tributary keys create --tenant … --name … --scopes report",
          ),
          ".",
        ),
      ),
    ),
  );
}
