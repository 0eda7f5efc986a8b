// Light or dark: the system's choice unless the reader has made one. A classic script in the head, so that the first
// paint already has the right colours.
(function () {
  "use strict";
  var KEY = "tributary.theme";
  function stored() {
    try { return localStorage.getItem(KEY); } catch (error) { return null; }
  }
  function isDark() {
    var chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }
  var chosen = stored();
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  // What the toggle of the console calls; returns whether it is dark now.
  window.tributaryTheme = {
    isDark: isDark,
    toggle: function () {
      var next = isDark() ? "light" : "dark";
      document.documentElement.dataset.theme = next;
      try { localStorage.setItem(KEY, next); } catch (error) { /* Kept until the page goes. */ }
      return next === "dark";
    },
  };
})();
