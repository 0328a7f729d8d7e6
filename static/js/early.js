/* Keys that are pressed while the page is still arriving are kept until app.js can answer them. It comes before the page
   is drawn, so it does nothing else. */
(() => {
  "use strict";

  const pressed = [];
  const keep = (event) => pressed.push(event);
  document.addEventListener("keydown", keep);
  window.takeEarlyKeys = () => {
    document.removeEventListener("keydown", keep);
    return pressed;
  };
})();
