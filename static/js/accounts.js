/* Recovery codes: print them, or copy them. The buttons show only where this file runs. */
(function () {
  "use strict";
  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });
  document.querySelectorAll("[data-copy]").forEach(function (button) {
    if (!navigator.clipboard) { return; } // a plain-HTTP network has none
    button.hidden = false;
    button.addEventListener("click", function () {
      var codes = document.querySelectorAll(button.dataset.copy + " code");
      var text = Array.from(codes, function (code) { return code.textContent; }).join("\n");
      navigator.clipboard.writeText(text).then(function () {
        button.querySelector("span").textContent = button.dataset.copied;
      });
    });
  });
})();
