/* Reading what people type as figures: money, quantities, discounts, shares. The same grammar as archives/visits/entry/parsing.py, in
   whole fen and thousandths, so that the page shows what the server will store. */
(function () {
  "use strict";
  const salon = (window.salon = window.salon || {});
  const WHOLE = 10000;
  const HAN = { 〇: "0", 零: "0", 一: "1", 二: "2", 三: "3", 四: "4", 五: "5", 六: "6", 七: "7", 八: "8", 九: "9", 点: "." };
  const HALF_PRICE = ["半价", "半價", "对折", "對折", "半折"];
  const MONEY = "[¥￥]?(\\d{1,10}(?:\\.\\d{1,2})?)(?:元|块|塊)?";
  const FOLD = /^(\d{1,2}(?:\.\d{1,2})?)(?:折|z|zhe)$/;
  const PERCENT = /^[-−–—]?(\d{1,3}(?:\.\d{1,2})?)%$/;
  const OFF = new RegExp(`^[-−–—]?${MONEY}$`);
  const FINAL = new RegExp(`^=${MONEY}$`);

  function plain(text) {
    const folded = text.normalize("NFKC").toLowerCase().replace(/\s/g, "");
    /* Commas between thousands go; any other stays, and makes it no number. */
    return folded.replace(/(^|[^\d.])([1-9]\d{0,2}(?:,\d{3})+)(?!\d)/g, (_all, before, grouped) => before + grouped.replaceAll(",", ""));
  }

  /* A decimal text as a whole number of 10^-places; null if it is none. No floating point on the way. */
  function scaled(text, places) {
    const match = /^(\d{0,10})(?:\.(\d*))?$/.exec(text);
    if (!match || !(match[1] || match[2]) || (match[2] || "").length > places) {
      return null;
    }
    return Number(match[1] || 0) * 10 ** places + Number((match[2] || "").padEnd(places, "0"));
  }

  function figure(text) {
    return plain(text).replace(/[。．]/g, ".").replace(/^[¥￥]/, "");
  }

  function kept(text) {
    const hundredths = scaled(text, 2);
    const share = hundredths < 1000 ? hundredths * 10 : hundredths;
    return hundredths === 1000 || share < 1 ? null : { keep: share };
  }

  function discount(typed) {
    let text = plain(typed);
    if (!text) {
      return { off: 0 };
    }
    if (HALF_PRICE.includes(text)) {
      return { keep: WHOLE / 2 };
    }
    if (text.endsWith("折")) {
      text = [...text].map((char) => HAN[char] || char).join("");
    }
    let match;
    if ((match = FOLD.exec(text))) {
      return kept(match[1]);
    }
    if ((match = PERCENT.exec(text))) {
      const off = scaled(match[1], 2);
      return off > WHOLE ? null : { keep: WHOLE - off };
    }
    if ((match = FINAL.exec(text))) {
      return { final: scaled(match[1], 2) };
    }
    if ((match = OFF.exec(text))) {
      return { off: scaled(match[1], 2) };
    }
    return null;
  }

  function discountOf(typed, list) {
    const read = discount(typed);
    if (read === null || list === null) {
      return null;
    }
    if (read.keep !== undefined) {
      return list - Math.floor((list * read.keep * 2 + WHOLE) / (2 * WHOLE));
    }
    return read.final !== undefined ? list - read.final : read.off;
  }

  /* Percentages as typed, empty ones sharing what is left: {shares in hundredths of a percent, or null}. */
  function shares(texts) {
    const given = texts.map((text) => (text.trim() ? scaled(figure(text).replace(/%$/, ""), 2) : undefined));
    if (given.includes(null)) {
      return null;
    }
    const empty = given.filter((share) => share === undefined).length;
    let left = WHOLE - given.reduce((sum, share) => sum + (share || 0), 0);
    if (left < 0 || (empty && left < empty) || (!empty && left !== 0) || given.includes(0)) {
      return null;
    }
    let open = empty;
    return given.map((share) => {
      if (share !== undefined) {
        return share;
      }
      const part = Math.ceil(left / open);
      left -= part;
      open -= 1;
      return part;
    });
  }

  function amount(fen) {
    const digits = String(Math.abs(fen)).padStart(3, "0");
    const yuan = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",");
    return `${fen < 0 ? "−" : ""}${yuan}.${digits.slice(-2)}`;
  }

  salon.sums = {
    figure,
    fen: (text) => scaled(figure(text), 2),
    milli: (text) => scaled(figure(text), 3),
    listPrice: (milli, fen) => (milli === null || fen === null ? null : Math.floor((milli * fen * 2 + 1000) / 2000)),
    discountOf,
    shares,
    amount,
    money: (fen, symbol) => `${fen < 0 ? "−" : ""}${symbol}\u00a0${amount(Math.abs(fen))}`,
    typed: (fen) => amount(fen).replace(/,/g, ""),
  };
})();
