/* What every page shares: the search box, single-letter keys, questions before sending, copying, and a word when
   the server cannot be reached. Pages work without it. Words people read come from data attributes, never from here. */
(() => {
  "use strict";
  const salon = (window.salon = window.salon || {});

  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const isTyping = (element) =>
    !(element instanceof Element) ||
    element.isContentEditable ||
    element.matches("textarea, select") ||
    (element.matches("input") && !/^(button|checkbox|file|image|radio|reset|submit)$/.test(element.type));
  const isShown = (element) => element.getClientRects().length > 0;

  /* A part of a page from the server as a fragment, or null if there is none. Where the session has ended, the log-in is told
     which page to come back to, as htmx tells it. */
  salon.fetchPart = async (url, query) => {
    const headers = { "HX-Request": "true", "HX-Current-URL": location.href };
    const response = await fetch(`${url}?${new URLSearchParams(query)}`, { headers });
    if (response.headers.get("HX-Redirect")) location.assign(response.headers.get("HX-Redirect"));
    if (!response.ok || response.status === 204) return null;
    const holder = document.createElement("template");
    holder.innerHTML = await response.text();
    return holder.content;
  };

  /* --- The search box: arrows, Enter, Escape; "/" and Ctrl K from anywhere ----------------------------------------- */

  const find = document.querySelector("[data-find]");
  const box = find && find.querySelector("[role=combobox]");
  const hits = find && find.querySelector("[role=listbox]");
  let awaited = null; // what was typed when Enter came before the answer
  let shownFor = ""; // what the hits on the page answer

  const options = () => all("[role=option]:not([aria-disabled=true])", hits);
  const selected = () => hits.querySelector("[aria-selected=true]");

  function select(option) {
    options().forEach((each) => each.setAttribute("aria-selected", String(each === option)));
    if (option) {
      box.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      box.removeAttribute("aria-activedescendant");
    }
  }

  function unfold(open) {
    hits.hidden = !open;
    box.setAttribute("aria-expanded", String(open && options().length > 0));
    if (!open) box.removeAttribute("aria-activedescendant");
  }

  function press(option) {
    awaited = null;
    if (option) option.click();
  }

  function enter() {
    if (shownFor === box.value.trim() && !hits.hidden) press(selected());
    else awaited = box.value.trim();
  }

  function findKey(event) {
    // While an input method composes, its keys are its own (229: browsers that say so only afterwards).
    if (event.isComposing || event.keyCode === 229) return;
    const list = options();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && list.length) {
      event.preventDefault();
      unfold(true);
      const at = list.indexOf(selected());
      select(list[at < 0 && step < 0 ? list.length - 1 : (at + step + list.length) % list.length]);
    } else if (event.key === "/" && !box.value) {
      event.preventDefault(); // it asks for the box, which has the focus already: no name begins with it
    } else if (event.key === "Enter" && box.value.trim()) {
      event.preventDefault();
      enter();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (!hits.hidden && list.length) {
        unfold(false);
      } else if (box.value) {
        box.value = "";
        hits.replaceChildren();
      } else {
        box.blur();
      }
    }
  }

  if (find && window.htmx) {
    box.addEventListener("keydown", findKey);
    box.addEventListener("focus", () => unfold(true));
    document.addEventListener("DOMContentLoaded", () => { // htmx listens by now; what was typed before it did is no "input" to it
      if (box.value.startsWith("/")) box.value = box.value.replace(/^\/+/, "");
      if (box.value !== box.defaultValue) box.dispatchEvent(new Event("search", { bubbles: true }));
    });
    hits.addEventListener("mousemove", (event) => {
      const under = event.target.closest("[role=option]");
      if (under && under !== selected()) select(under);
    });
    document.addEventListener("click", (event) => find.contains(event.target) || unfold(false));
    document.addEventListener("htmx:afterSwap", (event) => {
      if (event.target !== hits) return;
      shownFor = new URL(event.detail.pathInfo.finalRequestPath, location).searchParams.get("q").trim();
      unfold(true);
      // Enter opens the first one found, but never presses what has consequences: that is chosen by arrow or by click.
      const [first] = options();
      select(first && !first.hasAttribute("data-deliberate") ? first : null);
      if (awaited === shownFor) press(selected());
    });
  }

  /* --- Single letters press what carries them: alone outside fields, with Alt anywhere ------------------------------ */

  function pressKey(event) {
    const key = event.altKey ? event.code.replace(/^Key|^Digit/, "") : event.key;
    if (event.ctrlKey || event.metaKey || event.repeat || event.isComposing || key.length !== 1) return;
    if (!event.altKey && isTyping(event.target)) return;
    const root = document.querySelector(".modal.show") || document;
    const buttons = [...(hits ? all("[data-key]", hits) : []), ...all("[data-key]", root)]; // the hits know what was typed
    const button = buttons.find(
      (each) => each.dataset.key.toUpperCase() === key.toUpperCase() && isShown(each) && !each.disabled
    );
    if (button) {
      event.preventDefault();
      button.click();
    }
  }

  function answerKey(event) {
    const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target);
    const ctrlK = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (box && (slash || ctrlK) && !event.isComposing) {
      event.preventDefault();
      box.focus();
      box.select();
    } else if (!event.defaultPrevented) {
      pressKey(event);
    }
  }

  document.addEventListener("keydown", answerKey);
  const early = window.takeEarlyKeys();
  document.addEventListener("DOMContentLoaded", () => early.forEach(answerKey)); // when every script is there

  /* --- Sending: a question first where there is one, once only ------------------ */

  const SENT_AGAIN_AFTER = 8000; // the server's operation key is the real guard against doing a thing twice

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const asks = (event.submitter && event.submitter.dataset.confirm) || form.dataset.confirm;
    if (event.defaultPrevented || (asks && !window.confirm(asks))) {
      event.preventDefault();
      return;
    }
    if (form.getAttribute("method") !== "post" || form.getAttribute("target") === "_blank") return;
    if (form.dataset.sent && Date.now() - Number(form.dataset.sent) < SENT_AGAIN_AFTER) event.preventDefault();
    else form.dataset.sent = Date.now();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-confirm]");
    if (link && !window.confirm(link.dataset.confirm)) event.preventDefault();
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => form.removeAttribute("data-sent")));
  document.addEventListener("htmx:afterRequest", (event) => event.target.removeAttribute && event.target.removeAttribute("data-sent"));

  /* --- Copying ------------------------------------------------------------------------------------------------------ */

  async function copy(value) {
    if (navigator.clipboard) return navigator.clipboard.writeText(value);
    const field = document.createElement("textarea"); // a LAN without TLS has no clipboard
    field.value = value;
    field.className = "visually-hidden";
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await copy(button.dataset.copy);
    if (!button.dataset.copied) return;
    const place = button.querySelector("[aria-live]") || button; // beside an icon
    const label = button.dataset.label || (button.dataset.label = place.textContent);
    place.textContent = button.dataset.copied;
    setTimeout(() => (place.textContent = label), 1500);
  });

  /* --- A file that is too large is refused at its field ---------------------------------------------------------------- */

  document.addEventListener("change", (event) => {
    const { files, dataset } = event.target;
    if (!files || !dataset.mostBytes) return;
    const tooLarge = [...files].some((file) => file.size > dataset.mostBytes);
    event.target.setCustomValidity(tooLarge ? dataset.tooLarge : "");
    event.target.setAttribute("aria-invalid", tooLarge);
    const said = event.target.parentElement.querySelector("[data-said]");
    if (said) said.remove();
    if (!tooLarge) return;
    const words = document.createElement("div"); // in the page, where it stays, and not in a bubble of the browser
    Object.assign(words, { className: "invalid-feedback d-block", textContent: dataset.tooLarge });
    words.setAttribute("role", "alert");
    words.dataset.said = "";
    event.target.after(words);
  });
  document.addEventListener(
    "submit",
    (event) => {
      const tooLarge = all("[data-most-bytes]", event.target).find((field) => field.validity.customError);
      if (!tooLarge) return;
      event.preventDefault();
      event.stopPropagation();
      tooLarge.focus();
    },
    true
  );

  /* --- A word when the server does not answer, or refuses a part of a page ------------------------------------------- */

  const notice = document.getElementById("notice");
  let fading;

  function say(words) {
    if (!notice || !words) return;
    notice.textContent = words;
    notice.hidden = false;
    clearTimeout(fading);
    fading = setTimeout(() => (notice.hidden = true), 8000);
  }

  const isSaving = (event) => event.detail.requestConfig && event.detail.requestConfig.verb !== "get";
  ["htmx:sendError", "htmx:timeout"].forEach((name) =>
    document.addEventListener(name, (event) => say(notice && (isSaving(event) ? notice.dataset.unsaved : notice.dataset.offline)))
  );
  document.addEventListener("htmx:responseError", () => say(notice && notice.dataset.refused));
  document.addEventListener("htmx:afterOnLoad", () => notice && (notice.hidden = true));
})();
