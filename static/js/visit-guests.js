/* The customers of one bill: who they are, who pays, for whom the next item is. One more, or another in place of one, is fetched
   from the server; what was typed stays. */
(function () {
  "use strict";
  const salon = (window.salon = window.salon || {});
  const NOTES = ["next_note", "desk_note"];

  /* page: {form, guests: Map number -> what the server says of her, lines, itemBox, phrases, changed(), removed(), touched()} */
  salon.visitGuests = function (page) {
    const form = page.form;
    const one = (selector) => form.querySelector(selector);
    const field = (number, name) => form.elements[`guests-${number}-${name}`];
    const linesOf = (number) => page.lines.all().filter((line) => page.lines.field(line, "guest").value === number);
    let busy = 0; /* customers being fetched: nothing is saved for the former one meanwhile */

    function know(notes) {
      const number = notes.dataset.notesOf;
      const head = one(`[data-guest="${number}"]`);
      const data = JSON.parse(notes.querySelector('script[type="application/json"]').textContent);
      page.guests.set(number, { ...data, name: head.dataset.guestName });
      head.querySelector("[data-remove-guest]").addEventListener("click", () => remove(number));
    }

    function active() {
      return one("[data-active-guest]").value || first();
    }

    const first = () => [...page.guests.keys()][0];

    function show() {
      const several = page.guests.size > 1;
      one("[data-guests]").hidden = !several && !one("[data-other-payer]");
      form.querySelectorAll("[data-notes] legend").forEach((legend) => (legend.hidden = !several));
      const select = one("[data-active-guest]");
      const chosen = select.value;
      select.replaceChildren(...[...page.guests].map(([number, guest]) => new Option(guest.name, number)));
      select.value = page.guests.has(chosen) ? chosen : first();
      select.hidden = !several;
      page.lines.all().forEach((line) => page.lines.offerGuests(line, page.lines.field(line, "guest").value));
    }

    /* A part of the page from the server, or null if this card cannot be opened here. */
    async function fetchPart(query) {
      busy += 1;
      const part = await salon.fetchPart(form.dataset.guestUrl, { ...query, at: form.elements.branch.value }).catch(() => null);
      busy -= 1;
      if (!part) {
        page.removed(page.phrases.not_found, true);
      }
      return part;
    }

    /* Nobody stands on a bill twice; a walk-in neither. */
    function isOnBill(customer, but = null) {
      const stands = [...page.guests.keys()].some((number) => number !== but && field(number, "customer").value === customer);
      if (stands) {
        page.removed(page.phrases.on_bill, true);
      }
      return stands;
    }

    function plan(number) {
      const here = new Set(linesOf(number).map((line) => page.lines.field(line, "item").value));
      const open = page.guests.get(number).planned.filter(({ item }) => page.lines.items.has(String(item)) && !here.has(String(item)));
      open.forEach((line) => page.lines.add({ ...line, guest: number }));
    }

    /* Without a number she is new here, and what was planned for her is put on the bill; with one she comes from a draft. */
    async function add(customer, number = null) {
      const place = number ?? String(Math.max(-1, ...[...page.guests.keys()].map(Number)) + 1);
      const part = (number !== null || !isOnBill(customer)) && (await fetchPart({ number: place, ...(customer ? { customer } : {}) }));
      if (!part || page.guests.has(place)) {
        return;
      }
      const notes = part.querySelector("[data-notes-of]");
      one("[data-guests]").append(part.querySelector("[data-guest]"));
      one("[data-notes]").append(notes);
      know(notes);
      show();
      one("[data-active-guest]").value = place;
      if (number === null) {
        plan(place);
      }
      page.touched();
    }

    /* --- another customer in place of one ------------------------------------------------------------------------- */

    /* What the page shows of a guest becomes what the server says of another customer; notes and payer stay. Null if it cannot. */
    async function exchange(number, customer) {
      const before = page.guests.get(number);
      /* An open visit of nobody goes with the entry, whosever it turns out to be. */
      const query = { number, customer, visit: before.nobodys, corrects: form.elements.replaces.value };
      const part = await fetchPart(Object.fromEntries(Object.entries(query).filter(([, value]) => value)));
      if (!part || page.guests.get(number) !== before) {
        return null;
      }
      const head = part.querySelector("[data-guest]");
      const notes = part.querySelector("[data-notes-of]");
      const pays = one(`[data-guest="${number}"] [name="payer"]`).checked;
      const typed = NOTES.map((name) => field(number, name).value);
      head.querySelector('[name="payer"]').checked = pays; /* before it is in the form, where only one of them can be */
      one(`[data-guest="${number}"]`).replaceWith(head);
      one(`[data-notes-of="${number}"]`).replaceWith(notes);
      NOTES.forEach((name, n) => (field(number, name).value = typed[n]));
      know(notes);
      if (number === first()) {
        part.querySelectorAll("[data-head]").forEach((each) => one(`[data-head="${each.dataset.head}"]`).replaceWith(each));
      }
      return before;
    }

    /* The address names the first customer, or several: a reload, and the next entry for the former one, begin with the right one. */
    function readdress(number, customer, visit) {
      const query = new URLSearchParams(location.search);
      const named = query.getAll("customer");
      if (query.has("replaces") || query.has("undone") || (number !== first() && !named[number])) {
        return;
      }
      const others = named.length > 1 && customer ? named.map((pk, n) => (String(n) === number ? customer : pk)) : [customer];
      const walkIn = query.get("visit") === visit && visit ? [["visit", visit]] : customer ? [] : [["walkin", "1"]];
      salon.drafts.move(form, new URLSearchParams([...walkIn, ...others.filter(Boolean).map((pk) => ["customer", pk])]));
    }

    async function change(number, customer) {
      if (field(number, "customer").value === customer || isOnBill(customer, number)) {
        return;
      }
      const open = field(number, "visit").value;
      const before = await exchange(number, customer);
      if (!before) {
        return;
      }
      page.removed(page.phrases.changed.replace("{name}", page.guests.get(number).name), true);
      one("[data-stays-open]").textContent =
        open && open !== field(number, "visit").value ? page.phrases.stays_open.replace("{name}", before.name) : "";
      page.lines.forAnother(number);
      const planned = (line) => before.planned.some((each) => page.lines.isAsPlanned(line, each)); /* for the former one: not typed */
      linesOf(number).filter(planned).forEach(page.lines.remove);
      plan(number);
      if (customer && one("[name=payer_card]")?.value === customer) {
        one("[data-other-payer]").remove();
        one(`[data-guest="${number}"] [name="payer"]`).checked = true;
      }
      readdress(number, customer, field(number, "visit").value);
      show();
      page.changed();
      page.touched();
    }

    /* The guests of a draft: [[number, customer], ...]. The page's own ones may have been exchanged, or taken off the bill. */
    async function bring(wanted) {
      for (const [number, customer] of wanted) {
        if (!page.guests.has(number)) {
          await add(customer, number);
        } else if (field(number, "customer").value !== customer) {
          await exchange(number, customer);
        }
      }
      const numbers = wanted.map(([number]) => number);
      [...page.guests.keys()].filter((number) => !numbers.includes(number)).forEach(take);
    }

    /* True for what of a draft belongs into its field: whose the visit is, says the page; her open visit only if she is who it says. */
    function takes(name, values) {
      const [, number, what] = /^guests-(\d+)-(customer|visit)$/.exec(name) ?? [];
      return what !== "customer" && (!what || field(number, "customer").value === values.get(`guests-${number}-customer`));
    }

    /* --- off the bill, and who pays --------------------------------------------------------------------------------- */

    function take(number) {
      linesOf(number).forEach((line) => line.remove());
      one(`[data-guest="${number}"]`).remove();
      one(`[data-notes-of="${number}"]`).remove();
      page.guests.delete(number);
    }

    function remove(number) {
      take(number);
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

    const search = salon.visitSearch(page, { add, addPayer, change });
    return { know, show, add, addPayer, active, bring, takes, search, isBusy: () => busy > 0 };
  };
})();
