/* Choosing a customer (to record a visit for, or to expect) and the items somebody is expected for, out of plain form fields. */
(function () {
  "use strict";
  const salon = window.salon;

  const pickBox = document.getElementById("pick-box");
  if (pickBox) {
    salon.customerBox(pickBox, document.getElementById("pick-options"), (pk) => location.assign(pickBox.dataset.goto + pk));
  }

  const who = document.querySelector("[data-who]");
  if (who) {
    const input = who.querySelector("input");
    const chosen = document.querySelector('[name="customer"]');
    const warn = (mark) => { // what the chosen customer does not tolerate stands there before anything is planned
      const place = who.querySelector("[data-safety]");
      place.textContent = mark;
      place.hidden = !mark;
    };
    /* What this page says first of a customer it is opened for: who she is, the safety line, last time's note. */
    let asked = 0;
    const show = async (pk) => {
      const turn = ++asked;
      const part = pk ? await salon.fetchPart(location.pathname, { customer: pk }).catch(() => null) : null;
      if (turn !== asked) {
        return;
      }
      document.querySelectorAll("[data-picked]").forEach((place) => {
        place.replaceChildren(...(part?.querySelector(`[data-picked="${place.dataset.picked}"]`)?.childNodes ?? []));
      });
      if (part) {
        warn(""); // it says the same
      }
    };
    input.dataset.searchUrl = who.dataset.searchUrl;
    input.autocomplete = "off";
    salon.customerBox(input, document.getElementById("who-options"), (pk, name, mark) => {
      chosen.value = pk;
      input.value = name;
      warn(mark);
      show(pk);
      document.querySelector('[name="at"]').focus();
    });
    input.addEventListener("input", () => {
      chosen.value = "";
      warn("");
      show("");
    });
    document.addEventListener("draft:restored", () => show(chosen.value));
  }

  const place = document.querySelector("[data-items]");
  if (place) {
    enhanceItems(place);
  }

  /* A list of many becomes a box to type in and the chosen ones as chips; the list stays the form's field. */
  function enhanceItems(holder) {
    const select = holder.querySelector("select");
    const label = holder.querySelector("label");
    const input = document.createElement("input");
    const list = document.createElement("div");
    const chips = document.createElement("div");
    input.className = "form-control";
    input.id = "expect-item-box";
    input.placeholder = holder.dataset.placeholder;
    input.autocomplete = "off";
    label.htmlFor = input.id;
    list.className = "options";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", label.textContent.trim());
    chips.className = "chosen-items";
    select.hidden = true;
    select.before(chips, input, list);
    const items = [...select.options].map((option) => ({ option, name: salon.searchKey(option.textContent), initials: option.dataset.initials ?? "" }));

    const offered = (item) => ({ label: item.option.textContent, note: item.initials.toUpperCase(), value: item });

    function show() {
      chips.replaceChildren(...items.filter(({ option }) => option.selected).map(({ option }) => {
        const chip = document.createElement("button");
        chip.type = "button";
        chip.className = "chip";
        chip.textContent = `${option.textContent} ×`;
        chip.setAttribute("aria-label", holder.dataset.remove.replace("{item}", option.textContent));
        chip.addEventListener("click", () => {
          option.selected = false;
          show();
          input.focus();
        });
        return chip;
      }));
    }

    salon.combobox(input, list, {
      find(text) {
        const query = salon.searchKey(text);
        const fits = (item) => item.name.includes(query) || item.initials.startsWith(query);
        return query ? items.filter((item) => !item.option.selected && fits(item)).slice(0, 8).map(offered) : [];
      },
      browse: () => items.filter((item) => !item.option.selected).map(offered),
      take(item) {
        item.option.selected = true;
        input.value = "";
        show();
      },
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !salon.isComposing(event)) {
        event.preventDefault();
      }
    });
    document.addEventListener("draft:restored", show);
    show();
  }
})();
