/* How a bill is paid: one means takes the whole, or what the amounts typed for the others leave. Cash: the change. */
(function () {
  "use strict";
  const salon = (window.salon = window.salon || {});
  const sums = salon.sums;

  /* page: {form, phrases, symbol, touched()} */
  salon.visitPay = function (page) {
    const form = page.form;
    const radios = [...form.querySelectorAll('[name="rest"]')];
    const rows = new Map([...form.querySelectorAll("[data-pay-row]")].map((row) => [row.dataset.payRow, row]));
    const input = (code) => rows.get(code).querySelector("input");
    const given = document.getElementById("cash-given");
    const left = form.querySelector("[data-left]");
    let rest = radios.find((radio) => radio.checked)?.value ?? "";
    let total = 0;
    let open = 0;
    let isKnown = true; /* false while a figure of a line cannot be read */

    function fixed() {
      return [...rows.keys()].filter((code) => code !== rest).reduce((sum, code) => sum + (sums.fen(input(code).value || "0") ?? 0), 0);
    }

    function showChange() {
      const cash = sums.fen(input("cash").value || "0") ?? 0;
      const change = (sums.fen(given.value) ?? 0) - cash;
      form.querySelector("[data-cash-row]").hidden = cash === 0;
      form.querySelector("[data-change-row]").hidden = cash === 0 || change <= 0;
      form.querySelector("[data-change]").textContent = sums.amount(Math.max(change, 0));
    }

    function showLeft() {
      left.classList.toggle("bad", open < 0);
      if (!isKnown) {
        left.textContent = "";
      } else if (open === 0) {
        left.textContent = total === 0 && form.querySelector("[data-line]") ? page.phrases.nothing_to_pay : "";
      } else {
        const text = open > 0 ? page.phrases.left : page.phrases.over;
        left.textContent = text.replace("{amount}", sums.money(Math.abs(open), page.symbol));
      }
    }

    function update(payable, known = isKnown) {
      total = payable;
      isKnown = known;
      const others = fixed();
      if (rest) {
        input(rest).value = total > others ? sums.typed(total - others) : "";
      }
      open = rest && total >= others ? 0 : total - others;
      for (const [code, row] of rows) {
        row.hidden = code !== rest && !input(code).value;
        row.hidden = row.hidden || (code === rest && total === 0);
      }
      showChange();
      showLeft();
    }

    function choose(code) {
      if (rest && rest !== code) {
        input(rest).value = "";
      }
      rest = code;
      radios.forEach((radio) => (radio.checked = radio.value === code));
      update(total);
      page.touched();
    }

    radios.forEach((radio) => {
      radio.addEventListener("change", () => choose(radio.value));
      radio.addEventListener("keydown", (event) => {
        const number = "12345".indexOf(event.key);
        if (number >= 0 && radios[number] && !event.ctrlKey && !event.altKey && !event.metaKey) {
          event.preventDefault();
          radios[number].focus();
          choose(radios[number].value);
        }
      });
    });
    for (const code of rows.keys()) {
      input(code).addEventListener("input", () => {
        if (rest === code) {
          rest = "";
          radios.forEach((radio) => (radio.checked = false));
        }
        const row = rows.get(code);
        update(total);
        row.hidden = false;
      });
      input(code).addEventListener("change", (event) => (event.target.value = sums.figure(event.target.value)));
      input(code).addEventListener("focus", (event) => event.target.select());
    }
    given.addEventListener("input", showChange);

    return {
      update,
      choose,
      focus: () => (radios.find((radio) => radio.checked) ?? radios[0]).focus(),
      isSettled: () => open === 0,
      restore(code) {
        rest = code;
        radios.forEach((radio) => (radio.checked = radio.value === code));
      },
    };
  };
})();
