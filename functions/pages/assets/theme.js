// Light or dark: the system's choice unless the reader has made one. A classic script in the head, so that the first
// paint already has the right colours.
{
  const KEY = "tributary.theme";
  const root = document.documentElement;

  const stored = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  };
  const isDark = () =>
    root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;

  const chosen = stored();
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;

  // What the button of the console uses; `toggle` returns whether it is dark now.
  globalThis.tributaryTheme = {
    isDark,
    toggle() {
      root.dataset.theme = isDark() ? "light" : "dark";
      try {
        localStorage.setItem(KEY, root.dataset.theme);
      } catch {
        // Kept until the page goes.
      }
      return isDark();
    },
  };
}
