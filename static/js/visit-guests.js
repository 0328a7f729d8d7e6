/* The customers of one bill: who they are, who pays, for whom the next item is; one more is fetched from the server. */
(function () {
  "use strict";
  const salon = (window.salon = window.salon || {});

  /* page: {form, guests: Map number -> what the server says of her, lines, itemBox, phrases, changed(), removed(), touched()} */
  salon.visitGuests = function (page) {
    const form = page.form;
    const one = (selector) => form.querySelector(selector);

    function know(notes) {
      const number = notes.dataset.notesOf;
      const head = one(`[data-guest="${number}"]`);
      const data = JSON.parse(notes.querySelector('script[type="application/json"]').textContent);
      page.guests.set(number, { ...data, name: head.dataset.guestName });
      head.querySelector("[data-remove-guest]").addEventListener("click", () => remove(number));
    }

    function active() {
      return one("[data-active-guest]").value || [...page.guests.keys()][0];
    }

    function show() {
      const several = page.guests.size > 1;
      one("[data-guests]").hidden = !several && !one("[data-other-payer]");
      form.querySelectorAll("[data-notes] legend").forEach((legend) => (legend.hidden = !several));
      const select = one("[data-active-guest]");
      const chosen = select.value;
      select.replaceChildren(...[...page.guests].map(([number, guest]) => new Option(guest.name, number)));
      select.value = page.guests.has(chosen) ? chosen : [...page.guests.keys()][0];
      select.hidden = !several;
      page.lines.all().forEach((line) => page.lines.offerGuests(line, page.lines.field(line, "guest").value));
    }

    /* A part of the page from the server, or null if this card cannot be opened here. */
    async function fetchPart(query) {
      const part = await salon.fetchPart(form.dataset.guestUrl, query);
      if (!part) {
        page.removed(page.phrases.not_found, true);
      }
      return part;
    }

    /* Without a number she is new here, and what was planned for her is put on the bill; with one she comes from a draft. */
    async function add(customer, number = null) {
      const place = number ?? String(Math.max(-1, ...[...page.guests.keys()].map(Number)) + 1);
      const part = await fetchPart({ number: place, ...(customer ? { customer } : {}) });
      if (!part) {
        return;
      }
      const notes = part.querySelector("[data-notes-of]");
      one("[data-guests]").append(part.querySelector("[data-guest]"));
      one("[data-notes]").append(notes);
      know(notes);
      show();
      one("[data-active-guest]").value = place;
      if (number === null) {
        const planned = page.guests.get(place).planned.filter((line) => page.lines.items.has(String(line.item)));
        planned.forEach((line) => page.lines.add({ ...line, guest: place }));
      }
      page.touched();
    }

    function remove(number) {
      const hers = page.lines.all().filter((line) => page.lines.field(line, "guest").value === number);
      hers.forEach((line) => line.remove());
      one(`[data-guest="${number}"]`).remove();
      one(`[data-notes-of="${number}"]`).remove();
      page.guests.delete(number);
      paidBySomebody();
      page.itemBox.focus();
    }

    function paidBySomebody() {
      if (!one('[name="payer"]:checked')) {
        one('[name="payer"]').checked = true;
      }
      show();
      page.changed();
    }

    /* Somebody who is not served pays for them: a husband, an employer. */
    async function addPayer(customer) {
      const part = await fetchPart({ payer: customer });
      if (part) {
        one("[data-other-payer]")?.remove();
        one("[data-guests]").append(part.querySelector("[data-other-payer]"));
        knowPayer();
        show();
        page.touched();
      }
    }

    function knowPayer() {
      one("[data-remove-payer]")?.addEventListener("click", () => {
        one("[data-other-payer]").remove();
        paidBySomebody();
      });
    }
    knowPayer();

    return { know, show, add, addPayer, active };
  };
})();
