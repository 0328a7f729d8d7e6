/* The one box of visit entry that finds a customer: one more on the bill, who pays, or another in place of one. */
(function () {
  "use strict";
  const salon = (window.salon = window.salon || {});

  /* guests: {add, addPayer, change}, each a promise of what it does with a customer's id ("": a walk-in). */
  salon.visitSearch = function (page, guests) {
    const form = page.form;
    const one = (selector) => form.querySelector(selector);
    const box = document.getElementById("guest-box");
    const place = document.getElementById("guest-search");
    const home = place.parentElement;
    const label = one("[data-search-label]");
    const walkIn = one("[data-guest-walkin]");
    let found = guests.add;
    let opener = null;

    function open(from, act, { instead = "", offersWalkIn = true } = {}) {
      opener?.setAttribute("aria-expanded", "false");
      opener = from;
      opener.setAttribute("aria-expanded", "true");
      found = act;
      (instead ? one("[data-change-place]") : home).append(place);
      label.textContent = instead;
      label.hidden = !instead;
      walkIn.hidden = !offersWalkIn;
      box.value = "";
      place.hidden = false;
      box.focus();
    }

    function close() {
      opener?.setAttribute("aria-expanded", "false");
      place.hidden = true;
    }

    function take(customer) {
      box.value = "";
      close();
      found(customer).then(() => page.itemBox.focus());
    }

    const another = () => open(one("[data-open-guest]"), guests.add);
    const payer = () => open(one("[data-open-payer]"), guests.addPayer, { offersWalkIn: false });

    function instead(number, from = one(`.page-head [data-change-guest="${number}"]`) ?? one(`[data-change-guest="${number}"]`)) {
      const { name } = page.guests.get(number);
      const offersWalkIn = ![...page.guests.keys()].some((each) => !form.elements[`guests-${each}-customer`].value);
      open(from, (pk) => guests.change(number, pk), { instead: page.phrases.instead.replace("{name}", name), offersWalkIn });
    }

    one("[data-open-guest]").addEventListener("click", another);
    one("[data-open-payer]").addEventListener("click", payer);
    one(".page-head [data-change-guest]").hidden = false;
    form.addEventListener("click", (event) => {
      const button = event.target.closest("[data-change-guest]");
      if (button) {
        instead(button.dataset.changeGuest, button);
      }
    });
    box.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !salon.isComposing(event)) {
        close();
        opener?.focus();
      }
    });
    salon.customerBox(box, document.getElementById("guest-options"), take);
    walkIn.addEventListener("click", () => take(""));

    return { another, payer, instead };
  };
})();
