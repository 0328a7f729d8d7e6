/* The lines of visit entry: adding, reading, checking, removing. Markup comes from the server's own template of a line. */
(function () {
  "use strict";
  const salon = (window.salon = window.salon || {});
  const sums = salon.sums;

  /* page: {form, catalogue, guests: Map number -> what the server says of the guest, phrases, changed()} */
  salon.visitLines = function (page) {
    const table = page.form.querySelector("[data-lines]");
    const items = new Map(page.catalogue.items.map((item) => [String(item.id), item]));
    const serving = new Set(page.catalogue.staff.map((member) => String(member.id)));
    const pattern = document.getElementById("line-template").innerHTML;
    const personPattern = document.getElementById("person-template").innerHTML;
    const removed = [];
    let next = 0;

    const all = () => [...table.querySelectorAll("[data-line]")];
    const field = (line, name) => line.querySelector(`[name="lines-${line.dataset.line}-${name}"]`);
    const people = (line) => [...line.querySelectorAll("[data-person]")];
    const itemOf = (line) => items.get(field(line, "item").value);

    function fromPattern(html, number) {
      const holder = document.createElement("template");
      holder.innerHTML = html.replaceAll("__N__", number).trim();
      return holder.content.firstElementChild;
    }

    /* --- who did the work ---------------------------------------------------------------------------------------- */

    /* Who fits what was typed, or all: who is usual for this line first, then who does treatments (the server's order). */
    function findStaff(line, text, chosen) {
      const query = salon.searchKey(text);
      const usual = usualPeople(field(line, "item").value, field(line, "guest").value, line).map(([id]) => String(id));
      const place = (m) => (usual.indexOf(String(m.id)) + 1 || usual.length + 1);
      return page.catalogue.staff
        .filter((m) => !query || m.initials.startsWith(query) || salon.searchKey(m.name).includes(query))
        .sort((a, b) => place(a) - place(b))
        .map((m) => ({ label: m.name, note: m.initials.toUpperCase(), value: m, current: String(m.id) === chosen }));
    }

    function enhancePerson(row) {
      const line = row.closest("[data-line]");
      const select = row.querySelector("select");
      const given = row.querySelector('[name$="-typed"]'); /* a name that is nobody's: of a draft, or sent and back */
      const input = document.createElement("input");
      const list = document.createElement("div");
      input.className = "cell";
      input.autocomplete = "off";
      input.setAttribute("aria-label", select.getAttribute("aria-label"));
      list.className = "options";
      list.hidden = true;
      list.setAttribute("role", "listbox");
      select.before(input, list);
      select.hidden = true;
      const chosen = () => (select.value ? select.selectedOptions[0].textContent : "");
      const showChosen = () => {
        input.value = chosen();
        input.classList.remove("is-invalid");
        ["name", "aria-invalid"].forEach((name) => input.removeAttribute(name));
      };
      /* A name that is nobody's stays in the box as it was typed, goes into drafts and to the server, and nothing is stored. */
      const showStranger = (text) => {
        select.value = "";
        input.value = text;
        input.name = nameOfTyped(line);
        input.classList.add("is-invalid");
        input.setAttribute("aria-invalid", "true");
      };
      /* Who is meant when the list is closed: the only one who fits. */
      const alone = (text) => {
        const fits = findStaff(line, text, "");
        return fits.length === 1 ? fits[0].value : null;
      };
      const take = (member) => {
        if (![...select.options].some((option) => option.value === String(member.id))) {
          select.add(new Option(member.name, member.id));
        }
        select.value = member.id;
        showChosen();
        refresh(line);
      };
      salon.combobox(input, list, {
        find: (text) => findStaff(line, text === chosen() ? "" : text, select.value),
        take,
        takeOnTab: true,
        opens: true,
        leave(text, first) {
          const meant = first?.value ?? alone(text);
          if (!text.trim()) {
            select.value = "";
            if (people(line).length > 1 && row.isConnected) {
              row.remove();
            }
            showChosen();
          } else if (text === chosen()) {
            showChosen();
          } else if (meant) {
            take(meant);
          } else {
            showStranger(text);
          }
          refresh(line);
        },
      });
      input.addEventListener("keydown", (event) => {
        if (["+", "＋", ",", "，", "、"].includes(event.key) && !salon.isComposing(event)) {
          event.preventDefault();
          addPerson(line).querySelector("input").focus();
        }
      });
      row.querySelector("[data-share] input").addEventListener("input", () => {
        const others = people(line).filter((other) => other !== row);
        if (others.length === 1) {
          others[0].querySelector("[data-share] input").value = "";
        }
      });
      showChosen();
      if (given) {
        given.remove();
        showStranger(given.value);
      }
    }

    const nameOfTyped = (line) => `lines-${line.dataset.line}-typed`;
    const strangers = (line) => [...line.querySelectorAll(`[data-person] [name="${nameOfTyped(line)}"]`)].map((input) => input.value);

    function personRow(line, id, share, typed = "") {
      const row = fromPattern(personPattern, line.dataset.line);
      const select = row.querySelector("select");
      const known = [...select.options].some((option) => option.value === String(id));
      select.value = known ? String(id) : "";
      row.querySelector("[data-share] input").value = known ? share : "";
      if (typed) {
        const input = document.createElement("input");
        input.name = nameOfTyped(line);
        input.value = typed;
        select.after(input);
      }
      line.querySelector("[data-people]").append(row);
      return row;
    }

    function addPerson(line) {
      const row = personRow(line, "", "");
      enhancePerson(row);
      refreshShares(line);
      return row;
    }

    function refreshShares(line) {
      const rows = people(line);
      const inputs = rows.map((row) => row.querySelector("[data-share] input"));
      rows.forEach((row) => (row.querySelector("[data-share]").hidden = rows.length < 2));
      if (rows.length < 2) {
        inputs.forEach((input) => (input.value = ""));
        return true;
      }
      const read = sums.shares(inputs.map((input) => input.value));
      inputs.forEach((input, n) => {
        input.placeholder = read && !input.value ? String(read[n] / 100) : "";
        input.classList.toggle("is-invalid", read === null);
      });
      return read !== null;
    }

    /* --- one line ------------------------------------------------------------------------------------------------ */

    /* Figures of a line: {list, off, value} in fen, each null where what was typed cannot be read. */
    function figures(line) {
      const list = sums.listPrice(sums.milli(field(line, "quantity").value), sums.fen(field(line, "price").value));
      const off = sums.discountOf(field(line, "discount").value, list);
      return { list, off, value: list === null || off === null || off > list || off < 0 ? null : list - off };
    }

    function unreadable(line) {
      const { list, off } = figures(line);
      const wrongOff = list !== null && (off === null || off < 0 || off > list);
      const milli = sums.milli(field(line, "quantity").value);
      return [["quantity", !milli], ["price", sums.fen(field(line, "price").value) === null], ["discount", wrongOff]];
    }

    function conflicts(line) {
      const tags = page.guests.get(field(line, "guest").value)?.tags || {};
      return (itemOf(line)?.tags || []).map(String).filter((tag) => tag in tags).map((tag) => [tag, tags[tag]]);
    }

    function refreshStop(line) {
      const found = conflicts(line);
      const stop = line.querySelector("[data-stop]");
      if (found.length) {
        line.querySelector("[data-stop-text]").textContent = page.phrases.stop.replace("{tags}", found.map(([, name]) => name).join(" · "));
      }
      field(line, "override_tags").value = found.map(([tag]) => tag).join(",");
      stop.hidden = !found.length;
      const needsReason = found.length > 0 && !field(line, "override").value.trim();
      line.classList.toggle("line-stopped", found.length > 0);
      field(line, "override").classList.toggle("is-invalid", needsReason);
      const more = line.querySelector(".line-more");
      const hasErrors = line.querySelector("[data-line-errors]").children.length || line.querySelector("[data-unread]").textContent;
      more.hidden = !found.length && !hasErrors;
      return !needsReason;
    }

    /* Shows what a line comes to and what is wrong with it; the name of the field to mend first, or null. */
    function refresh(line) {
      const { off, value } = figures(line);
      const discount = field(line, "discount");
      line.querySelector("[data-amount]").textContent = value === null ? "?" : sums.amount(value);
      line.querySelector("[data-off]").textContent = off && /[^\d.]/.test(discount.value.trim()) ? sums.amount(-off) : "";
      unreadable(line).forEach(([name, bad]) => field(line, name).classList.toggle("is-invalid", bad));
      const unread = line.querySelector("[data-unread]");
      const stranger = strangers(line).length ? "typed" : null;
      const said = unreadable(line).filter(([, bad]) => bad).map(([name]) => page.phrases[`bad_${name}`]);
      unread.textContent = [...said, ...(stranger ? [page.phrases.stranger] : [])].join(" ");
      line.querySelector("[data-why]").hidden = !discount.value.trim();
      field(line, "remark").hidden = field(line, "reason").value !== "other" && !field(line, "remark").value;
      line.querySelector(".line-minutes").hidden = itemOf(line)?.kind === "product";
      const shares = refreshShares(line);
      if (!lacksPeople(line)) {
        line.querySelector("[data-asked]")?.remove();
      }
      const safe = refreshStop(line);
      page.changed();
      const wrong = unreadable(line).find(([, bad]) => bad)?.[0];
      const reason = off && !field(line, "reason").value ? "reason" : null;
      return wrong ?? stranger ?? reason ?? (safe ? null : "override") ?? (shares ? null : "share");
    }

    const lacksPeople = (line) => itemOf(line)?.kind === "service" && !peopleOf(line).length;

    /* A question at a line, until somebody is named. */
    function ask(line, text) {
      const question = document.createElement("div");
      question.className = "invalid-feedback d-block";
      question.dataset.asked = "";
      question.textContent = text;
      line.querySelector("[data-line-errors]").replaceChildren(question);
      line.querySelector(".line-more").hidden = false;
    }

    function wire(line) {
      people(line).forEach(enhancePerson);
      const second = line.querySelector("[data-add-person]");
      second.hidden = false;
      second.addEventListener("click", () => addPerson(line).querySelector("input").focus());
      const name = line.querySelector("[data-name]");
      name.setAttribute("aria-label", name.dataset.label.replace("{item}", name.textContent));
      line.addEventListener("input", (event) => {
        if (event.target === field(line, "discount") && event.target.value && !field(line, "reason").value) {
          field(line, "reason").value = lastReason(line);
        }
        refresh(line);
      });
      line.addEventListener("change", (event) => {
        if (event.target.matches('[inputmode="decimal"], [inputmode="numeric"]')) {
          event.target.value = sums.figure(event.target.value);
        }
        if (event.target === field(line, "price") && !event.target.value && itemOf(line)) {
          event.target.value = sums.typed(itemOf(line).price_fen);
        }
        refresh(line);
      });
      line.addEventListener("focusin", (event) => event.target.select?.());
      line.querySelector("[data-remove]").addEventListener("click", () => remove(line));
      name.addEventListener("keydown", (event) => {
        if (event.key === "Delete" || event.key === "Backspace") {
          event.preventDefault();
          remove(line);
        }
      });
    }

    /* The reason given last on this bill: who gives three times 9折 says why once. */
    function lastReason(line) {
      return all().filter((other) => other !== line).map((other) => field(other, "reason").value).filter(Boolean).pop() || "";
    }

    function offerGuests(line, chosen) {
      const select = field(line, "guest");
      select.replaceChildren(...[...page.guests].map(([number, guest]) => new Option(guest.name, number)));
      select.value = page.guests.has(String(chosen)) ? String(chosen) : [...page.guests.keys()][0];
      select.hidden = page.guests.size < 2;
    }

    /* Who is put on a new line: who did this item for her last time, who is assigned, who is on her line before `line`. */
    function usualPeople(item, guest, line = null) {
      const known = page.guests.get(guest) || {};
      const last = (known.staff?.[item] || []).filter(([id]) => serving.has(String(id)));
      if (last.length) {
        return last;
      }
      if (known.assigned && serving.has(String(known.assigned))) {
        return [[known.assigned, ""]];
      }
      const before = all().filter((other) => other !== line && field(other, "guest").value === guest).pop();
      return before ? peopleOf(before) : [];
    }

    function peopleOf(line) {
      return people(line).map((row) => [row.querySelector("select").value, row.querySelector("[data-share] input").value]).filter(([id]) => id);
    }

    /* data: {item, guest, quantity, price, discount, reason, remark, minutes, people, typed, override, name}; only `item` must be there. */
    function add(data, before = null) {
      const item = items.get(String(data.item));
      const guest = String(data.guest ?? [...page.guests.keys()][0]);
      const who = data.people ?? usualPeople(data.item, guest);
      const number = String(next++);
      const line = fromPattern(pattern, number);
      table.insertBefore(line, before);
      field(line, "item").value = data.item;
      line.querySelector("[data-name]").textContent = item?.name ?? data.name ?? "";
      line.querySelector("[data-brand]").textContent = item?.brand ?? "";
      field(line, "quantity").value = data.quantity ?? "1";
      field(line, "price").value = data.price ?? sums.typed(item.price_fen);
      field(line, "minutes").value = data.minutes ?? item.minutes ?? "";
      for (const name of ["discount", "reason", "remark", "override"]) {
        field(line, name).value = data[name] ?? "";
      }
      offerGuests(line, guest);
      people(line).forEach((row) => row.remove());
      const rows = [...who, ...(data.typed ?? []).map((text) => ["", "", text])];
      (rows.length ? rows : [["", ""]]).forEach(([id, share, typed]) => personRow(line, id, share, typed));
      wire(line);
      refresh(line);
      return line;
    }

    function read(line) {
      const data = { people: peopleOf(line), typed: strangers(line), name: line.querySelector("[data-name]").textContent };
      for (const name of ["item", "guest", "quantity", "price", "discount", "reason", "remark", "minutes", "override"]) {
        data[name] = field(line, name).value;
      }
      return data;
    }

    function remove(line) {
      const rest = all();
      const place = rest.indexOf(line);
      removed.push({ data: read(line), place });
      line.remove();
      page.removed(line.querySelector("[data-name]").textContent);
      page.changed();
      const neighbour = all()[Math.min(place, rest.length - 2)];
      (neighbour?.querySelector("[data-name]") ?? page.itemBox).focus();
    }

    /* True for a line that says nothing but what was planned. */
    function isAsPlanned(line, planned) {
      const { item, quantity, price, discount, remark } = read(line);
      return item === String(planned.item) && quantity === planned.quantity && price === planned.price && !discount && !remark;
    }

    /* What lines say of the customer they were for goes: why it was done all the same, and that it was meant once more. */
    function forAnother(guest) {
      removed.filter(({ data }) => data.guest === guest).forEach(({ data }) => (data.override = ""));
      for (const line of all().filter((each) => field(each, "guest").value === guest)) {
        field(line, "override").value = "";
        const again = field(line, "again");
        (again?.closest("label") ?? again)?.remove();
        line.querySelector("[data-line-errors]").replaceChildren();
        line.classList.remove("line-bad");
        refresh(line);
      }
    }

    function undo() {
      const last = removed.pop();
      if (last) {
        add(last.data, all()[last.place] ?? null).querySelector("[data-name]").focus();
      }
      return Boolean(last);
    }

    /* Rows the server rendered: a prefill, or what was sent and came back. */
    for (const line of all()) {
      next = Math.max(next, Number(line.dataset.line) + 1);
    }

    return {
      all, add, read, remove, undo, refresh, isAsPlanned, forAnother, figures, items, field, offerGuests, lacksPeople, ask,
      adopt() {
        all().forEach((line) => {
          wire(line);
          refresh(line);
        });
      },
      clear() {
        all().forEach((line) => line.remove());
      },
    };
  };
})();
