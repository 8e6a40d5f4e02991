// Runs before the page is painted, so that nothing flashes: the chosen theme, else the system's.
(() => {
  "use strict";
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const stored = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const apply = () => { root.dataset.bsTheme = stored("hookline-theme") || (system.matches ? "dark" : "light"); };
  apply();
  system.addEventListener("change", apply);
  if (stored("hookline-sidebar") === "folded") root.dataset.sidebar = "folded";
})();
