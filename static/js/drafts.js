/* Nothing typed is lost: what is being typed into a form is kept in this tab, under the person and the address the form is
   sent to, until the server has named its key as stored (cookie `stored`, salon/drafts.py). An ended session, a lost network,
   an error page, a reload: the form is there again, under the key it was typed with, so that a replay is stored once.
   Never kept: passwords, codes (forms that ask for one are left alone) and files (that is said). Drafts go at log-out, and
   when another person logs in on this browser. Forms that htmx sends stay on their page and are not kept. */
(() => {
  "use strict";
  const salon = (window.salon = window.salon || {});

  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const user = document.body.dataset.user;
  const isAnswer = document.body.hasAttribute("data-sent"); // this page answers a form
  const PREFIX = "draft:";
  const mine = `${PREFIX}${user}:`;
  const SECRET = "[type=password], [autocomplete=one-time-code]";
  const TYPED = "input:not([type=hidden], [type=submit], [type=button], [type=image]), textarea, select";
  const KEYS = /^(operation|operation_here|draft)$/;
  const UNKEPT = /^(csrfmiddlewaretoken|shown_total)$/;
  const KEY_LASTS = 6 * 24 * 3600 * 1000; // the server takes a key for a week
  const isOurs = (form) => user && form.matches("form[method=post]:not([hx-post])") && form.querySelector(TYPED) && !form.querySelector(SECRET);
  const isAutomatic = (form) => form && isOurs(form) && form.dataset.draft !== "own";

  /* --- The store -------------------------------------------------------------------------------------------------- */

  const stored = () => Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
  const nameOf = (key) => String(key).split(":")[0];

  function target(form) {
    const url = new URL(form.getAttribute("action") || location.href, location.href);
    url.searchParams.delete("repeat");
    url.searchParams.sort();
    return url.pathname + url.search;
  }

  /* Several forms of one page that go to the same address are told apart by their order. */
  function address(form) {
    const place = all("form").filter((each) => isOurs(each) && target(each) === target(form)).indexOf(form);
    return mine + target(form) + (place > 0 ? `#${place + 1}` : "");
  }

  /* The form is about somebody else from now on: page and draft go to the address that says so. What may be kept there already,
     from before, stays; then this entry has a number beside it. */
  function move(form, query) {
    drop(form);
    for (let n = 1; ; n += 1) {
      history.replaceState(history.state, "", `${location.pathname}?${query}${n > 1 ? `&entry=${n}` : ""}`);
      if (!read(address(form))) break;
    }
    asked.delete(form); // other tabs may hold a draft of that address
  }

  function read(key) {
    try {
      return JSON.parse(sessionStorage.getItem(key));
    } catch {
      return null;
    }
  }

  function entries(form) {
    return [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !UNKEPT.test(name) && !KEYS.test(name));
  }

  function keep(form, more = {}) {
    if (isOver) return false;
    const key = address(form);
    const keys = Array.from(form.elements).filter((each) => KEYS.test(each.name)).map((each) => [each.name, each.value]);
    const file = Boolean(read(key)?.file) || all("[type=file]", form).some((each) => each.files.length);
    try {
      sessionStorage.setItem(key, JSON.stringify({ at: Date.now(), keys, entries: entries(form), file, ...more }));
    } catch {
      return false; // the store is full: the form works on without a draft
    }
    ask(form, true);
    return true;
  }

  /* The form goes on under the keys of the draft, unless they are spent. */
  function useKeys(form, draft) {
    const isFresh = Date.now() - draft.at < KEY_LASTS;
    draft.keys.filter(([name]) => isFresh && form.elements[name]).forEach(([name, value]) => (form.elements[name].value = value));
  }

  function drop(form) {
    clearTimeout(waiting);
    unkept = null;
    sessionStorage.removeItem(address(form));
  }

  /* Every draft but this person's; without a person every one. */
  function clear(person = "") {
    if (person !== user) {
      clearTimeout(waiting);
      unkept = null;
      isOver = true;
    }
    stored().filter((key) => !person || !key.startsWith(`${PREFIX}${person}:`)).forEach((key) => sessionStorage.removeItem(key));
  }

  function dropStored() {
    const cookie = document.cookie.split("; ").find((pair) => pair.startsWith("stored="));
    const names = cookie ? cookie.slice("stored=".length).split(".") : [];
    stored().filter((key) => key.startsWith(mine)).forEach((key) => {
      const draft = read(key);
      if (!draft || draft.keys.some(([, value]) => names.includes(nameOf(value)))) sessionStorage.removeItem(key);
    });
  }

  /* The server has said that a key cannot be used any more: what was typed under it stays, for a new one. */
  function loseKeys(name) {
    stored().forEach((key) => {
      const draft = read(key);
      if (draft?.keys.some(([, value]) => nameOf(value) === name)) sessionStorage.setItem(key, JSON.stringify({ ...draft, keys: [] }));
    });
  }

  /* --- Bringing it back --------------------------------------------------------------------------------------------- */

  function setField(field, given) {
    const before = field.type === "checkbox" || field.type === "radio" ? field.checked : field.value;
    if (/^(checkbox|radio)$/.test(field.type)) field.checked = given.includes(field.value);
    else if (field.type === "select-multiple") Array.from(field.options).forEach((each) => (each.selected = given.includes(each.value)));
    else if (given.length) field.value = given.shift();
    const after = field.type === "checkbox" || field.type === "radio" ? field.checked : field.value;
    const folded = field.closest("details");
    if (folded && before !== after) folded.open = true;
  }

  function fill(form, kept) {
    const values = new Map();
    kept.forEach(([name, value]) => values.set(name, [...(values.get(name) || []), value]));
    Array.from(form.elements)
      .filter((field) => field.name && !UNKEPT.test(field.name) && !KEYS.test(field.name) && !/^(button|file|submit)$/.test(field.type))
      .forEach((field) => setField(field, values.get(field.name) || []));
  }

  function note(form) {
    let shown = form.querySelector("[data-draft-note]");
    if (!shown) {
      shown = document.getElementById("draft-note").content.firstElementChild.cloneNode(true);
      form.prepend(shown);
    }
    return shown;
  }

  function say(form, part) {
    note(form).querySelector(`[data-draft-${part}]`).hidden = false;
  }

  function restore(form) {
    const draft = read(address(form));
    if (!draft) return;
    if (isAnswer && new URL(target(form), location).pathname === location.pathname) {
      keep(form); // the server's answer holds what was typed
      return;
    }
    if (JSON.stringify(draft.entries) === JSON.stringify(entries(form)) && !draft.file) return;
    form.dispatchEvent(new CustomEvent("draft:restore", { bubbles: true, detail: draft.entries })); // adds rows this page lacks
    fill(form, draft.entries);
    useKeys(form, draft);
    say(form, "back");
    note(form).querySelector("[data-draft-discard]").hidden = false;
    if (draft.file) say(form, "file");
    form.dispatchEvent(new CustomEvent("draft:restored", { bubbles: true, detail: draft.entries }));
  }

  /* --- Other tabs: told of a draft they hold too, of a log-out, of another person ------------------------------------- */

  const channel = "BroadcastChannel" in window ? new BroadcastChannel("drafts") : null;
  const asked = new WeakSet();

  function ask(form, isTyped) {
    if (!channel || (isTyped && asked.has(form))) return;
    if (isTyped) asked.add(form);
    channel.postMessage({ open: address(form), isTyped });
  }

  function hear({ over, person, open, isTyped, isAnswered }) {
    if (over || person) clear(person);
    const form = open && all("form").find((each) => isOurs(each) && address(each) === open);
    if (!form) return;
    const holds = sessionStorage.getItem(open) !== null;
    if (isAnswered || (holds && isTyped)) say(form, "elsewhere");
    if (holds && !isAnswered) channel.postMessage({ open, isAnswered: true });
  }

  /* --- What happens on the page -------------------------------------------------------------------------------------- */

  let unkept = null; // the form that was typed in since the last time it was kept
  let waiting;
  let isOver = false; // drafts went; what stands in the forms still is no draft again when the page is left

  /* Whoever types or sends on after that, here or in another tab, has a draft again. */
  function goOn(event) {
    if (!event.target.closest?.("[data-clears-drafts]")) isOver = false;
  }

  /* Forms without an operation key get a name of their own, under which the server says that they are stored. */
  function giveName(form) {
    if (form.elements.operation || form.elements.draft) return;
    const field = document.createElement("input");
    const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID is missing on a LAN without TLS
    field.type = "hidden";
    field.name = "draft";
    field.value = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    form.append(field);
  }

  function changed(event) {
    const form = event.target.closest("form");
    if (!isAutomatic(form)) return;
    clearTimeout(waiting);
    if (unkept && unkept !== form) keep(unkept);
    unkept = form;
    waiting = setTimeout(keepNow, 200);
  }

  function keepNow() {
    if (unkept) keep(unkept);
    unkept = null;
  }

  salon.drafts = { keep, drop, move, useKeys, load: (form) => read(address(form)) };

  if (channel) channel.addEventListener("message", (event) => hear(event.data));
  all("[data-spent-key]").forEach((place) => loseKeys(place.dataset.spentKey));
  ["input", "change", "submit"].forEach((type) => document.addEventListener(type, goOn, true));
  document.addEventListener("submit", (event) => {
    if (event.target.hasAttribute("data-clears-drafts") && !event.defaultPrevented) {
      clear();
      if (channel) channel.postMessage({ over: true });
    } else if (isAutomatic(event.target)) {
      unkept = event.target;
      keepNow();
    }
  });
  if (!user) return;

  clear(user);
  dropStored();
  if (channel) channel.postMessage({ person: user });
  // After the other scripts of the page, which may answer draft:restore.
  document.addEventListener("DOMContentLoaded", () => {
    all("form").filter(isAutomatic).forEach(giveName);
    all("form").filter(isAutomatic).forEach(restore);
    all("form").filter(isOurs).forEach((form) => ask(form, sessionStorage.getItem(address(form)) !== null));
  });
  document.addEventListener("input", changed);
  document.addEventListener("change", changed);
  window.addEventListener("pagehide", keepNow);
  document.addEventListener("click", (event) => {
    const discard = event.target.closest("[data-draft-discard]");
    if (!discard) return;
    drop(discard.closest("form"));
    location.replace(location.href);
  });
})();
