/* The front desk's list of today by keyboard: arrows from row to row, Enter for the next step, X no-show, Z one step back. */
(function () {
  "use strict";
  const today = document.getElementById("today");
  if (!today) {
    return;
  }
  const steps = () => [...today.querySelectorAll("[data-step]")].filter((step) => step.checkVisibility());

  document.addEventListener("keydown", (event) => {
    if (!event.key || event.isComposing || event.keyCode === 229) {
      return;
    }
    if (event.altKey && event.code === "KeyT") {
      event.preventDefault();
      steps()[0]?.focus();
      return;
    }
    const row = event.target.closest?.("[data-row]");
    if (!row || event.ctrlKey || event.altKey || event.metaKey || event.target.closest(".dropdown-menu")) {
      return;
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (event.target.matches("[data-bs-toggle]")) {
        return;
      }
      const all = steps();
      const next = all[all.indexOf(row.querySelector("[data-step]")) + (event.key === "ArrowDown" ? 1 : -1)];
      event.preventDefault();
      (next ?? document.querySelector("[data-find] input"))?.focus();
      return;
    }
    const button = { x: "[data-no-show]", z: "[data-back]" }[event.key.toLowerCase()];
    const target = button && row.querySelector(button);
    if (target) {
      event.preventDefault();
      event.stopPropagation();
      target.click();
    }
  });

  /* The list asks for itself every minute; not while somebody has a menu open in it, or may still undo a step. */
  today.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target === today && today.querySelector(".dropdown-menu.show, [data-undo]")) {
      event.preventDefault();
    }
  });

  /* What was unfolded stays so when the list is drawn anew. */
  let unfolded = [];
  today.addEventListener("htmx:beforeSwap", () => {
    unfolded = [...today.querySelectorAll("[data-fold][open]")].map((fold) => fold.dataset.fold);
  });
  today.addEventListener("htmx:afterSwap", () => {
    unfolded.forEach((name) => today.querySelector(`[data-fold="${name}"]`)?.setAttribute("open", ""));
  });

  /* After a step the row is drawn anew, often elsewhere: the focus stays with the visit. */
  let moved = null;
  today.addEventListener("htmx:beforeSwap", () => {
    moved = document.activeElement.closest?.("[data-row]")?.dataset.row ?? null;
  });
  today.addEventListener("htmx:afterSettle", () => {
    if (moved && !today.contains(document.activeElement)) {
      today.querySelector(`[data-row="${moved}"] [data-step]`)?.focus();
    }
  });
})();
