/* A refund: ticking a line or typing a quantity shows what it comes to; a lower amount asks what becomes of the quantity.
   The server reckons the same and decides; without this script it asks on the next page. */
(function () {
  "use strict";
  const form = document.querySelector("[data-refund]");
  const sums = window.salon?.sums;
  const total = form?.querySelector("[data-total]"); // not there where nothing is left to refund
  if (!total || !sums) {
    return;
  }
  const lines = [...form.querySelectorAll("[data-line]")].map((place) => ({
    place,
    take: place.querySelector('[type="checkbox"]'),
    quantity: place.querySelector('[name$="-quantity"]'),
    amount: place.querySelector('[name$="-amount"]'),
    closed: place.querySelector("[data-closed]"),
    milli: Number(place.dataset.leftMilli),
    fen: Number(place.dataset.leftFen),
  }));

  /* What the quantity chosen is worth; null if it cannot be read, 0 if nothing is chosen. */
  function worth(line) {
    if (!line.take.checked) {
      return 0;
    }
    const milli = line.quantity.value.trim() ? sums.milli(line.quantity.value) : line.milli;
    return milli === null || milli > line.milli ? null : Math.floor((line.fen * milli * 2 + line.milli) / (2 * line.milli));
  }

  function update() {
    let fen = 0;
    for (const line of lines) {
      const whole = worth(line);
      const typed = line.amount.value.trim() ? sums.fen(line.amount.value) : whole;
      line.amount.placeholder = whole ? sums.typed(whole) : "";
      line.closed.hidden = !(line.take.checked && whole !== null && typed !== null && typed < whole);
      fen = fen === null || typed === null || whole === null ? null : fen + typed;
    }
    total.textContent = fen ? total.dataset.total.replace("{total}", sums.money(fen, form.dataset.symbol)) : total.dataset.plain;
  }

  form.addEventListener("input", (event) => {
    const line = lines.find((each) => each.place.contains(event.target));
    if (line && event.target === line.take && !line.take.checked) {
      line.quantity.value = "";
      line.amount.value = "";
    } else if (line && (event.target === line.quantity || event.target === line.amount) && event.target.value.trim()) {
      line.take.checked = true;
    }
    update();
  });
  form.addEventListener("draft:restored", update);
  update();
})();
