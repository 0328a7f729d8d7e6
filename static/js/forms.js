/* Forms: Ctrl+Enter saves where a form says so (data-saves), and the first error or question of a page that comes back
   has the focus.
   What a visit is entered with has its own keys (visit.js). */
(() => {
  "use strict";

  const FAULTY = '[aria-invalid="true"], .is-invalid';
  const FIELD = "input:not([type=hidden]):not([disabled]), select:not([disabled]), textarea:not([disabled])";

  /* The form that is meant: the one somebody types in, else the only one the page is there for; what may be added besides
     (data-saves="inside": a note, an allergy) is not sent empty by who looks at something else. */
  function formOf(target) {
    const own = target.closest && target.closest("form");
    if (own) return own.matches("[data-saves]") ? own : null;
    const all = document.querySelectorAll('main form[data-saves=""]');
    return all.length === 1 ? all[0] : null;
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    if (event.repeat || event.isComposing || event.defaultPrevented) return;
    const form = formOf(event.target);
    if (!form) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("button.btn-primary:not([type=button])") || form.querySelector("button:not([type=button])"));
  });

  /* Where the first error or question is: a field that says so, the field beside the words of an error, the tick that answers
     a question, or the words over the form. */
  function firstError(part) {
    const shown = part.querySelector(`form[method=post] :is(${FAULTY}, .invalid-feedback.d-block, .question)`);
    if (!shown) return part.querySelector("form[method=post] .alert-danger");
    if (shown.matches(".question")) return shown.querySelector(FIELD);
    if (shown.matches(FIELD)) return shown;
    return (shown.closest(".mb-3, .card-field, li, td, div") || shown).querySelector(FIELD) || shown.parentElement.querySelector(FIELD) || shown;
  }

  function focusFirstError(part) {
    const place = part && firstError(part);
    if (!place) return;
    for (let fold = place.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    if (!place.matches(FIELD)) place.tabIndex = -1;
    place.focus();
  }

  window.addEventListener("load", () => focusFirstError(document.querySelector("main")));
  document.addEventListener("htmx:afterSwap", (event) => focusFirstError(event.target.parentElement));
})();
