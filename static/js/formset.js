/* Rows of the card's form: a button adds an empty one, and only one of a kind is the main one. Works without this file too. */
(function () {
  "use strict";

  function addRow(formset) {
    var total = formset.querySelector("[name$='-TOTAL_FORMS']");
    var index = total.value;
    var row = document.importNode(formset.querySelector("template").content, true);
    row.querySelectorAll("[name], [id], [for], [aria-describedby]").forEach(function (element) {
      ["name", "id", "for", "aria-describedby"].forEach(function (attribute) {
        var value = element.getAttribute(attribute);
        if (value) element.setAttribute(attribute, value.replace(/__prefix__/g, index));
      });
    });
    var first = row.querySelector("input:not([type=hidden])");
    formset.querySelector("[data-rows]").appendChild(row);
    total.value = Number(index) + 1;
    first.focus();
  }

  /* Where rows are stored already, the empty one that serves without JavaScript makes way for the button. */
  function dropEmptyRow(formset) {
    var rows = formset.querySelector("[data-rows]");
    var last = rows.lastElementChild;
    if (!last || rows.children.length < 2 || last.hasAttribute("data-stored")) return;
    var isFilled = Array.prototype.some.call(last.querySelectorAll("input"), function (input) {
      return input.type === "checkbox" ? input.checked : input.value;
    });
    if (isFilled || last.querySelector(".is-invalid, .theirs")) return;
    last.remove();
    formset.querySelector("[name$='-TOTAL_FORMS']").value = rows.children.length;
  }

  /* A draft may hold rows this page does not have yet (drafts.js). */
  document.addEventListener("draft:restore", function (event) {
    document.querySelectorAll("[data-formset]").forEach(function (formset) {
      var total = formset.querySelector("[name$='-TOTAL_FORMS']");
      var kept = event.detail.find(function (entry) {
        return entry[0] === total.name;
      });
      for (var n = Number(total.value); kept && n < Number(kept[1]); n++) addRow(formset);
    });
  });

  document.querySelectorAll("[data-formset]").forEach(function (formset) {
    dropEmptyRow(formset);
    var add = formset.querySelector("[data-add]");
    add.hidden = false;
    add.addEventListener("click", function () {
      addRow(formset);
    });
    formset.addEventListener("change", function (event) {
      var ticked = event.target;
      if (!ticked.checked || !/-is_(main|delivery)$/.test(ticked.name)) return;
      formset.querySelectorAll("[name$='-is_main'], [name$='-is_delivery']").forEach(function (other) {
        if (other !== ticked) other.checked = false;
      });
    });
  });
})();
