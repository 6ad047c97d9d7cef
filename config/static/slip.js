/* Verifies a slip in the browser: EdDSA over Ed25519 with a published key, then its type and time.
   Nothing is sent; the published keys are fetched only when the slip names one not on the page. */
(function () {
  "use strict";

  var main = document.querySelector("main");
  var form = document.getElementById("slip-form");
  var text = document.getElementById("slip-text");
  var keys = document.getElementById("slip-keys");
  var section = document.getElementById("slip-outcome");
  var words = JSON.parse(main.dataset.words);
  var PART = /^[A-Za-z0-9_-]+$/;
  var FIELDS = ["verdict", "jti", "card", "initials", "birth_year", "aud", "service_date", "benefits", "exp"];
  var turn = 0;

  function Refusal(state) { this.state = state; }

  function bytes(part) {
    if (!PART.test(part)) { throw new Refusal("not_slip"); }
    var raw = atob(part.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(raw, function (char) { return char.charCodeAt(0); });
  }

  function json(part) {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes(part)));
  }

  /* The slip in parts; whatever cannot be read or has another type is no slip. */
  function read(token) {
    var parts = token.split(".");
    try {
      if (parts.length !== 3) { throw new Refusal("not_slip"); }
      var slip = { header: json(parts[0]), claims: json(parts[1]), signature: bytes(parts[2]) };
      slip.signed = new TextEncoder().encode(parts[0] + "." + parts[1]);
      if (slip.header.typ !== "slip+jws" || slip.header.alg !== "EdDSA") { throw new Refusal("not_slip"); }
      return slip;
    } catch (error) {
      throw new Refusal("not_slip");
    }
  }

  /* A key set, one key, or the bare x of a key, as people may have it on paper. */
  function parse(given) {
    if (!given) { return []; }
    if (/^[A-Za-z0-9_-]{43}$/.test(given)) { return [{ kty: "OKP", crv: "Ed25519", x: given }]; }
    try {
      var found = JSON.parse(given);
      return Array.isArray(found.keys) ? found.keys : [found];
    } catch (error) {
      throw new Refusal("bad_key");
    }
  }

  function named(list, kid) {
    return list.find(function (key) {
      return key.kty === "OKP" && key.crv === "Ed25519" && (key.kid === undefined || key.kid === kid);
    });
  }

  async function fresh() {
    if (!/^https?:$/.test(location.protocol)) { return []; }
    try {
      var answer = await fetch(main.dataset.published, { credentials: "omit" });
      if (!answer.ok) { return []; }
      var body = await answer.text();
      var list = parse(body.trim());
      keys.value = body.trim();
      return list;
    } catch (error) {
      return [];
    }
  }

  /* The published set also holds the keys of access tokens: those prove nothing here. */
  async function keyOf(kid) {
    if (!/^slip-/.test(kid)) { throw new Refusal("no_key"); }
    var key = named(parse(keys.value.trim()), kid) || named(await fresh(), kid);
    if (!key) { throw new Refusal("no_key"); }
    if (!/^[A-Za-z0-9_-]{43}$/.test(key.x)) { throw new Refusal("bad_key"); }
    return bytes(key.x);
  }

  /* The browser's own Ed25519 where it has one, else ours. */
  async function isSigned(key, signature, signed) {
    if (window.crypto && crypto.subtle) {
      var own;
      try {
        own = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
      } catch (error) {
        own = null;
      }
      if (own) { return crypto.subtle.verify({ name: "Ed25519" }, own, signature, signed); }
    }
    if (typeof slipEd25519 === "undefined") { throw new Refusal("unsupported"); }
    return slipEd25519.verify(key, signature, signed);
  }

  async function verify(token) {
    var slip = read(token);
    var key = await keyOf(slip.header.kid);
    var genuine = await isSigned(key, slip.signature, slip.signed);
    var claims = slip.claims;
    if (!genuine || !Number.isInteger(claims.exp) || !claims.jti || !claims.aud) { throw new Refusal("invalid"); }
    return { state: claims.exp < Math.floor(Date.now() / 1000) ? "expired" : "valid", claims: claims };
  }

  function both(element, pair) {
    var english = document.createElement("span");
    english.lang = "en";
    english.textContent = pair[1];
    element.append(pair[0] + " ", english);
    return element;
  }

  function value(name, claims) {
    var cell = document.createElement("dd");
    if (name === "verdict") { return both(cell, words.verdict[claims.verdict] || [claims.verdict, ""]); }
    if (name === "exp") {
      var moment = new Intl.DateTimeFormat("en-GB", {
        timeZone: "Asia/Phnom_Penh", dateStyle: "medium", timeStyle: "short" });
      cell.textContent = moment.format(new Date(claims.exp * 1000));
    } else if (name === "benefits") {
      var list = Array.isArray(claims.benefits) ? claims.benefits : [];
      list.forEach(function (code) { both(cell, words.benefit[code] || [code, ""]); });
      if (!list.length) { both(cell, words.none); }
    } else {
      cell.textContent = claims[name] === null || claims[name] === undefined ? "–" : String(claims[name]);
    }
    return cell;
  }

  function show(found) {
    var outcome = section.querySelector(".outcome");
    var facts = section.querySelector("dl");
    outcome.textContent = "";
    facts.textContent = "";
    outcome.dataset.state = found.state;
    both(outcome, words.outcome[found.state]);
    /* What an unproven slip says is not shown: somebody might believe it. */
    if (found.claims) {
      FIELDS.forEach(function (name) {
        facts.append(both(document.createElement("dt"), words.field[name]), value(name, found.claims));
      });
    }
    section.hidden = false;
    section.scrollIntoView({ block: "nearest" });
  }

  async function check() {
    var mine = ++turn;
    var found;
    section.hidden = true; /* An older answer must not be taken for this slip's. */
    try {
      found = await verify(text.value.trim());
    } catch (error) {
      if (!(error instanceof Refusal)) { console.error(error); }
      found = { state: error instanceof Refusal ? error.state : "invalid" };
    }
    if (mine === turn) { show(found); text.select(); }
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    check();
  });
  /* A scanner types the code and ends with Enter. */
  text.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); check(); }
  });
})();
