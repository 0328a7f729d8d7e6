/* What is being typed into a form survives a reload, an error page, an ended session: kept in this tab's sessionStorage under
   the person's key until the server has said that it is stored (cookie visit_saved), and cleared at log-out (app.js). */
(function () {
  "use strict";
  const salon = (window.salon = window.salon || {});
  const PREFIX = `draft:${document.body.dataset.user}:visit:`;
  const SKIPPED = ["csrfmiddlewaretoken", "shown_total"];

  function storedNames() {
    const cookie = document.cookie.split("; ").find((pair) => pair.startsWith("visit_saved="));
    return cookie ? cookie.slice("visit_saved=".length).split(".") : [];
  }

  function address() {
    const query = new URLSearchParams(location.search);
    query.delete("repeat");
    query.sort();
    return PREFIX + query.toString();
  }

  function read(key) {
    try {
      return JSON.parse(sessionStorage.getItem(key));
    } catch {
      return null;
    }
  }

  /* Drafts of this person whose operation the server has stored go away. */
  function dropStored() {
    const stored = storedNames();
    for (const key of Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX))) {
      const draft = read(key);
      if (!draft || stored.includes(draft.operation.split(":")[0])) {
        sessionStorage.removeItem(key);
      }
    }
  }

  salon.visitDraft = {
    load() {
      dropStored();
      return read(address());
    },
    save(form, names) {
      const entries = [...new FormData(form)].filter(([name]) => !SKIPPED.includes(name));
      const draft = { at: Date.now(), operation: form.elements.operation.value, entries, names };
      try {
        sessionStorage.setItem(address(), JSON.stringify(draft));
        return true;
      } catch {
        return false;
      }
    },
    drop() {
      sessionStorage.removeItem(address());
    },
  };
})();
