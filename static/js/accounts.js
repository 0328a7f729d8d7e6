/* Recovery codes: the buttons that need a script show only where one runs. Copying itself is in app.js. */
(() => {
  "use strict";
  document.querySelectorAll("[data-print], [data-copy]").forEach((button) => (button.hidden = false));
  document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => window.print()));
})();
