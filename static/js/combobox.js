/* A text box with suggestions: arrows choose, Enter takes, Escape closes. Safe with input methods: while characters are being
   composed it suggests already, but Enter belongs to the input method.
   salon.combobox(input, list, {find, take, leave, opens}): `find(text)` returns [{label, note, hint, mark, value, current}] or a
   promise of it; `take(value, entry)` is called with the chosen one; `leave(text, first)` when the box is left with the list
   open. `opens`: the list opens by focus, click, tap or arrow too, and stands on the entry that is `current`. `browse()`: all
   there is, shown by a click into the empty box to who has no key to type; there Enter takes nothing unchosen. */
(function () {
  "use strict";
  const salon = (window.salon = window.salon || {});
  let serial = 0;

  /* What is compared: one width, lower case, without spaces and the marks an input method puts between syllables. */
  salon.searchKey = (text) => text.normalize("NFKC").toLowerCase().replace(/[\s'’·]/g, "");

  salon.isComposing = (event) => event.isComposing || event.keyCode === 229;

  salon.combobox = function (input, list, { find, take, leave = null, takeOnTab = false, opens = false, browse = null }) {
    let entries = [];
    let active = -1;
    let asked = 0;
    list.id = list.id || `options-${++serial}`;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("aria-expanded", "false");

    function mark(index) {
      active = index;
      [...list.children].forEach((child, n) => child.setAttribute("aria-selected", String(n === index)));
      const chosen = list.children[index];
      if (chosen) {
        input.setAttribute("aria-activedescendant", chosen.id);
        chosen.scrollIntoView({ block: "nearest" });
      } else {
        input.removeAttribute("aria-activedescendant");
      }
    }

    function close() {
      asked += 1;
      entries = [];
      list.replaceChildren();
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      mark(-1);
    }

    function show(found, first = Math.max(0, found.findIndex((entry) => entry.current))) {
      if (!found.length) {
        close();
        return;
      }
      entries = found;
      list.replaceChildren(...found.map(option));
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      mark(first);
    }

    function option(entry, n) {
      const element = document.createElement("div");
      element.className = "option";
      element.id = `${list.id}-${n}`;
      element.setAttribute("role", "option");
      const parts = [["b", "", entry.label], ["span", "faint", entry.note], ["kbd", "", entry.hint], ["span", "chip bad", entry.mark]];
      for (const [tag, style, text] of parts) {
        if (text) {
          const part = document.createElement(tag);
          part.className = style;
          part.textContent = text;
          element.append(part, " ");
        }
      }
      element.addEventListener("pointerdown", (event) => event.preventDefault());
      element.addEventListener("click", () => choose(n));
      return element;
    }

    function choose(n) {
      const entry = entries[n];
      close();
      if (entry) {
        take(entry.value, entry);
      }
    }

    async function suggest() {
      const turn = ++asked;
      const found = await find(input.value);
      if (turn === asked && document.activeElement === input) {
        show(found);
      }
    }

    function key(event) {
      if (salon.isComposing(event) || event.ctrlKey || event.altKey || event.metaKey) {
        return;
      }
      const open = !list.hidden;
      if (opens && !open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
        suggest();
      } else if (open && (event.key === "ArrowDown" || event.key === "ArrowUp") && entries.length > 1) {
        const step = event.key === "ArrowDown" ? 1 : entries.length - 1;
        mark((Math.max(active, step === 1 ? -1 : 0) + step) % entries.length);
      } else if (open && event.key === "Enter") {
        choose(active);
      } else if (open && event.key === "Escape") {
        close();
      } else if (open && event.key === "Tab" && takeOnTab && !event.shiftKey && input.value) {
        choose(active);
        return;
      } else {
        return;
      }
      event.preventDefault();
      event.stopPropagation();
    }

    input.addEventListener("input", suggest);
    if (opens) {
      input.addEventListener("focus", suggest);
      input.addEventListener("click", () => list.hidden && suggest());
    }
    if (browse) {
      input.addEventListener("click", () => {
        if (!input.value) {
          asked += 1;
          show(browse(), -1);
        }
      });
    }
    input.addEventListener("keydown", key);
    input.addEventListener("blur", () => {
      const first = entries[active];
      close();
      if (leave) {
        leave(input.value, first);
      }
    });
    if (document.activeElement === input && input.value !== input.defaultValue) {
      suggest(); /* typed before this script had come */
    }
    return { suggest, close };
  };

  /* A box that finds customers: the hits of the page's own search, `take(id, name)` for the chosen one. */
  salon.customerBox = function (input, list, take) {
    async function find(text) {
      if (!text.trim()) {
        return [];
      }
      const part = await salon.fetchPart(input.dataset.searchUrl, { q: text });
      return part ? [...part.querySelectorAll("a[href]")].map(hit).filter(Boolean) : [];
    }

    function hit(link) {
      const pk = /\/customers\/(\d+)\/$/.exec(new URL(link.href, location.origin).pathname)?.[1];
      const person = link.querySelector(".person");
      if (!pk || !person) {
        return null;
      }
      const marks = [...link.querySelectorAll(".hit-safety bdi, .body .chip.bad")].map((chip) => chip.textContent.trim());
      const rest = [...link.querySelectorAll(".faint")].map((part) => part.textContent.replace(/\s+/g, " ").trim());
      return { label: person.textContent.trim(), note: rest.join(" · "), mark: marks.join(" · "), value: pk };
    }

    let timer = 0;
    return salon.combobox(input, list, {
      find: (text) => new Promise((resolve) => {
        clearTimeout(timer);
        timer = setTimeout(() => resolve(find(text)), 90);
      }),
      take: (pk, entry) => take(pk, entry.label, entry.mark),
    });
  };
})();
