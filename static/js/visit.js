/* Visit entry: from "repeat last visit" to saved, by keyboard. The pieces: combobox, visit-sums, drafts,
   visit-lines, visit-pay, visit-guests, visit-search. */
(function () {
  "use strict";
  const salon = window.salon;
  const form = document.getElementById("visit");
  if (!form) {
    return;
  }
  const sums = salon.sums;
  const one = (selector) => form.querySelector(selector);
  const json = (id) => JSON.parse(document.getElementById(id).textContent);
  const itemBox = document.getElementById("item-box");
  const page = {
    form,
    itemBox,
    catalogue: json("visit-catalogue"),
    phrases: json("visit-phrases"),
    symbol: form.dataset.symbol,
    guests: new Map(),
    changed,
    removed,
    touched: () => {
      touched = true;
      keepDraft();
    },
  };
  let saving = false;
  let ready = false;
  let draftTimer = 0;

  /* --- sums and drafts --------------------------------------------------------------------------------------------- */

  function changed() {
    if (!ready) {
      return;
    }
    let list = 0;
    let value = 0;
    let readable = true;
    for (const line of lines.all()) {
      const figures = lines.figures(line);
      readable = readable && figures.value !== null;
      list += figures.list ?? 0;
      value += figures.value ?? 0;
    }
    one("[data-subtotal]").textContent = sums.amount(list);
    one("[data-discounts]").textContent = sums.amount(value - list);
    one("[data-discount-row]").hidden = value === list;
    document.querySelectorAll("[data-total]").forEach((place) => (place.textContent = readable ? sums.money(value, page.symbol) : "?"));
    form.elements.shown_total.value = readable ? value : "";
    pay.update(value, readable);
    one("thead").hidden = !lines.all().length;
    keepDraft();
  }

  function keepDraft() {
    if (!ready) {
      return;
    }
    clearTimeout(draftTimer);
    draftTimer = setTimeout(writeDraft, 120);
  }

  function writeDraft() {
    clearTimeout(draftTimer);
    if (!touched) {
      return;
    }
    const names = Object.fromEntries(lines.all().map((line) => [lines.field(line, "item").value, lines.read(line).name]));
    one("[data-draft-state]").hidden = !salon.drafts.keep(form, { names });
  }
  let touched = false;

  async function restore(draft) {
    const values = new Map(draft.entries);
    const numbers = (kind) => [...new Set(draft.entries.map(([name]) => name.match(`^${kind}-(\\d+)-`)?.[1]).filter(Boolean))];
    await guests.bring(numbers("guests").map((number) => [number, values.get(`guests-${number}-customer`)]));
    if (values.get("payer_card") && !one("[data-other-payer]")) {
      await guests.addPayer(values.get("payer_card"));
    }
    lines.clear();
    for (const number of numbers("lines")) {
      const all = (name) => draft.entries.filter(([key]) => key === `lines-${number}-${name}`).map(([, value]) => value);
      const shares = all("share");
      const data = { people: all("staff").map((id, n) => [id, shares[n]]).filter(([id]) => id), typed: all("typed") };
      for (const name of ["item", "guest", "quantity", "price", "discount", "reason", "remark", "minutes", "override"]) {
        data[name] = values.get(`lines-${number}-${name}`) ?? "";
      }
      data.name = draft.names[data.item];
      if (lines.items.has(data.item) || data.name) {
        lines.add(data);
      }
    }
    for (const [name, value] of draft.entries) {
      const control = form.elements[name];
      if (!name.startsWith("lines-") && !["rest", "branch"].includes(name) && control && !control.disabled && guests.takes(name, values)) {
        control.value = value;
      }
    }
    salon.drafts.useKeys(form, draft);
    pay.restore(values.get("rest") ?? "");
    const at = new Date(draft.at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    one("[data-restored-text]").textContent = page.phrases.restored.replace("{time}", at);
    one("[data-restored]").hidden = false;
  }

  /* --- adding items ------------------------------------------------------------------------------------------------ */

  function rank(item, query) {
    const name = salon.searchKey(item.name);
    if (name.startsWith(query) || item.initials.startsWith(query)) {
      return 0;
    }
    if (item.pinyin.startsWith(query)) {
      return 1;
    }
    if (name.includes(query) || item.initials.includes(query)) {
      return 2;
    }
    return salon.searchKey(item.brand + item.category).includes(query) ? 3 : null;
  }

  function findItems(text) {
    const [, words, times] = /^(.*?)(?:[*×＊]\s*(\d{1,3}))?$/.exec(text.trim());
    const query = salon.searchKey(words);
    if (!query) {
      return proposeRepeat();
    }
    return page.catalogue.items
      .map((item) => [rank(item, query), item])
      .filter(([score]) => score !== null)
      .sort(([a], [b]) => a - b)
      .slice(0, 8)
      .map(([, item], n) => ({ ...offered(item, times), hint: n === 0 ? "↵" : "" }));
  }

  function offered(item, times = "1") {
    const tags = page.guests.get(guests.active())?.tags ?? {};
    const minutes = item.minutes ? page.phrases.minutes.replace("{n}", item.minutes) : "";
    return {
      label: item.name,
      note: [item.initials.toUpperCase(), item.brand, sums.money(item.price_fen, page.symbol), minutes].filter(Boolean).join(" · "),
      mark: item.tags.map((tag) => tags[tag]).filter(Boolean).join(" · "),
      value: { item: item.id, quantity: times },
    };
  }

  const isService = (item) => item.kind === "service";
  const servicesFirst = [...page.catalogue.items].sort((a, b) => isService(b) - isService(a));
  const browseItems = () => [...proposeRepeat().map((each) => ({ ...each, hint: "" })), ...servicesFirst.map((item) => offered(item))];

  function proposeRepeat() {
    const guest = guests.active();
    const last = page.guests.get(guest)?.repeat;
    if (!last || lines.all().some((line) => lines.field(line, "guest").value === guest)) {
      return [];
    }
    const names = last.map((line) => lines.items.get(String(line.item))?.name).filter(Boolean);
    return [{ label: page.phrases.repeat, note: names.join(" · "), hint: "↵", value: { repeat: true } }];
  }

  function take(value) {
    itemBox.value = "";
    if (value.repeat) {
      repeat();
      return;
    }
    touched = true;
    one("[data-removed]").hidden = one("[data-removed]").hidden || one("[data-undo]").hidden;
    const line = lines.add({ ...value, guest: guests.active() });
    if (line.classList.contains("line-stopped")) {
      lines.field(line, "override").focus();
    }
  }

  function repeat() {
    const guest = guests.active();
    const here = new Set(lines.all().filter((line) => lines.field(line, "guest").value === guest).map((line) => lines.field(line, "item").value));
    const last = (page.guests.get(guest)?.repeat ?? []).filter((line) => lines.items.has(String(line.item)) && !here.has(String(line.item)));
    touched = touched || last.length > 0;
    const added = last.map((line) => lines.add({ ...line, guest }));
    const stopped = added.find((line) => line.classList.contains("line-stopped"));
    if (stopped) {
      lines.field(stopped, "override").focus();
    } else {
      itemBox.focus();
    }
  }

  function removed(text, isMessage = false) {
    touched = touched || !isMessage;
    const place = one("[data-removed]");
    one("[data-removed-text]").textContent = isMessage ? text : page.phrases.removed.replace("{item}", text);
    one("[data-undo]").hidden = isMessage;
    place.hidden = false;
  }

  function undo() {
    one("[data-removed]").hidden = true;
    return lines.undo();
  }

  /* --- saving ------------------------------------------------------------------------------------------------------ */

  /* The first thing that would be refused, brought into view; true if there is none. */
  function check() {
    if (document.activeElement?.closest("[data-person]")) {
      document.activeElement.blur(); /* what is being typed there counts */
    }
    if (!lines.all().length) {
      removed(page.phrases.no_items, true);
      itemBox.focus();
      return false;
    }
    for (const line of lines.all()) {
      const bad = lines.refresh(line);
      if (bad) {
        lines.field(line, bad).focus();
        return false;
      }
    }
    if (!pay.isSettled()) {
      pay.focus();
      return false;
    }
    return !asksWhoServed();
  }

  /* A service that nobody is named for is asked about once; saved again, it is meant. */
  function asksWhoServed() {
    const asked = form.elements.nobody;
    const open = lines.all().filter(lines.lacksPeople);
    if (!open.length || asked.value === "1") {
      return false;
    }
    asked.value = "1";
    open.forEach((line) => lines.ask(line, page.phrases.nobody));
    one("[data-left]").textContent = page.phrases.nobody;
    open[0].querySelector("[data-person] input").focus();
    return true;
  }

  /* Enter in a field presses the first button of a form, which is never the one that saves. */
  form.addEventListener("submit", (event) => {
    if (saving || guests.isBusy() || !event.submitter?.matches("[data-save]") || !check()) {
      event.preventDefault();
      return;
    }
    saving = true;
    touched = true;
    writeDraft();
    one("[data-save]").setAttribute("aria-busy", "true");
  });

  /* What is typed in stays so until the click: by leaving it, words over the button may go, and the button from under the mouse. */
  one("[data-save]").addEventListener("mousedown", (event) => event.preventDefault());

  window.addEventListener("pageshow", () => {
    saving = false;
    one("[data-save]").removeAttribute("aria-busy");
  });
  window.addEventListener("pagehide", writeDraft);

  /* --- keys -------------------------------------------------------------------------------------------------------- */

  const isText = (element) => element?.matches?.("input:not([type=radio]):not([type=checkbox]), textarea, select");

  function step(event, by) {
    const line = event.target.closest("[data-line]");
    if (!line) {
      return;
    }
    const all = lines.all();
    const other = all[all.indexOf(line) + by];
    const key = (element) => element.dataset.name !== undefined ? "[data-name]" : element.closest("[data-person]") ? "[data-person] input" : element.name ? `[name$="-${element.name.split("-").pop()}"]` : "[data-name]";
    const target = other ? other.querySelector(key(event.target)) : by > 0 ? itemBox : null;
    if (target) {
      event.preventDefault();
      target.focus();
    }
  }

  const ALT = {
    KeyR: repeat,
    KeyP: () => pay.focus(),
    KeyN: () => one(`[data-notes-of="${guests.active()}"] textarea`).focus(),
    KeyG: () => guests.search.another(),
    KeyC: () => guests.search.instead(guests.active()),
  };

  function command(event) {
    if (event.ctrlKey || event.metaKey) {
      const line = event.target.closest?.("[data-line]");
      if (event.key === "Enter") {
        return () => form.requestSubmit(one("[data-save]"));
      }
      if (event.key === "Delete" && line) {
        return () => lines.remove(line);
      }
      if (event.key.toLowerCase() === "z" && (!isText(event.target) || event.target.value === "") && !one("[data-removed]").hidden && !one("[data-undo]").hidden) {
        return undo;
      }
      return null;
    }
    if (event.altKey) {
      return ALT[event.code] ?? null;
    }
    if (event.key === "F2") {
      return () => pay.focus();
    }
    if ((event.key === "?" || event.key === "？") && (!isText(event.target) || (event.target === itemBox && !itemBox.value))) {
      return () => document.getElementById("keys").showModal();
    }
    if (event.key === "Enter" && form.contains(event.target) && event.target.matches("input, select")) {
      const stays = { "item-box": () => removed(page.phrases.enter, true), "guest-box": () => {} }; /* hits may be on their way */
      return stays[event.target.id] ?? (() => itemBox.focus());
    }
    return null;
  }

  document.addEventListener("keydown", (event) => {
    if (!event.key || event.defaultPrevented || salon.isComposing(event) || document.querySelector("dialog[open]")) {
      return;
    }
    const act = command(event);
    if (act) {
      event.preventDefault();
      act();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      if (event.target === itemBox && event.key === "ArrowUp" && !itemBox.value && lines.all().length) {
        event.preventDefault();
        lines.all().pop().querySelector("[data-name]").focus();
      } else if (!event.target.matches("select, textarea, [type=radio]")) {
        step(event, event.key === "ArrowUp" ? -1 : 1);
      }
    } else if (event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey && event.key !== " " && !isText(event.target)) {
      if (!event.target.matches("[type=radio]")) {
        itemBox.focus(); /* the letter then lands in it */
      }
    }
  });

  /* --- start ------------------------------------------------------------------------------------------------------- */

  const lines = (page.lines = salon.visitLines(page));
  const pay = salon.visitPay(page);
  const guests = salon.visitGuests(page);
  form.querySelectorAll("[data-notes-of]").forEach(guests.know);
  one("[data-add-item]").hidden = false;
  one("[data-add-guest]").hidden = false;
  one("[data-help]").hidden = false;
  const itemOptions = salon.combobox(itemBox, document.getElementById("item-options"), { find: findItems, browse: browseItems, take });
  itemBox.addEventListener("focus", () => itemOptions.suggest());
  one("[data-help]").addEventListener("click", () => document.getElementById("keys").showModal());
  one("[data-undo]").addEventListener("click", undo);
  form.addEventListener("click", (event) => {
    if (event.target.closest("[data-repeat]")) {
      event.preventDefault();
      repeat();
    }
  });
  form.addEventListener("input", (event) => {
    if (event.target.name) {
      touched = true;
      keepDraft();
    }
  });
  one("[data-start-afresh]").addEventListener("click", () => {
    touched = false;
    salon.drafts.drop(form);
    location.replace(location.href);
  });

  async function start() {
    const draft = salon.drafts.load(form);
    if (draft && !form.dataset.cameBack) {
      await restore(draft);
      touched = true;
    } else {
      lines.adopt();
      touched = Boolean(form.dataset.cameBack);
    }
    guests.show();
    ready = true;
    changed();
    const place = one("[data-errors]") ?? itemBox;
    place.focus({ preventScroll: Boolean(place === itemBox && one("[data-said]")) }); /* on a phone it would be out of sight */
  }
  start();
})();
