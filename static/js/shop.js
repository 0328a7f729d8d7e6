// Settings and catalogue: hides the days that do not fit the kind of item, and shows the button that copies the one-time link.
(function () {
  "use strict";

  // A hidden field is disabled too, so that what stands in it is not sent; shown again, it still holds what was typed.
  function fitKind() {
    const chosen = document.querySelector("input[name=kind]:checked");
    document.querySelectorAll("[data-for-kind]").forEach(function (part) {
      const fits = !chosen || part.dataset.forKind === chosen.value;
      part.hidden = !fits;
      part.querySelectorAll("input").forEach(function (input) { input.disabled = !fits; });
    });
  }
  document.querySelectorAll("input[name=kind]").forEach(function (radio) { radio.addEventListener("change", fitKind); });
  document.addEventListener("draft:restored", fitKind);
  fitKind();

  document.querySelectorAll("[data-copy]").forEach(function (button) { button.hidden = false; }); // app.js copies
})();
