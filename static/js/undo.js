/* Undo for a moment: the seconds run down beside the button (the server's clock decides), then it goes; Ctrl Z presses it.
   Never a plain letter: whoever types the next customer's name must not undo the last one's bill. */
(function () {
  "use strict";
  const started = new WeakMap();

  function tick() {
    document.querySelectorAll("[data-undo]").forEach((place) => {
      if (!started.has(place)) {
        started.set(place, performance.now());
      }
      const left = Math.ceil(Number(place.dataset.undo) - (performance.now() - started.get(place)) / 1000);
      if (left <= 0) {
        place.remove();
        return;
      }
      const shown = place.querySelector("[data-undo-left]");
      const text = shown.textContent.replace(/\d+/, left);
      if (shown.textContent !== text) {
        shown.textContent = text;
      }
    });
  }

  document.addEventListener("keydown", (event) => {
    const isUndo = event.key?.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    const writes = event.target.matches?.("input, textarea, select") && event.target.value;
    const button = document.querySelector("[data-undo-press]");
    if (isUndo && button && !writes && !event.repeat) {
      event.preventDefault();
      button.click();
    }
  });

  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });
  tick();
  setInterval(tick, 250);
})();
