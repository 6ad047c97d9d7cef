/* Keyboard and small comforts; every page works without it. */
(function () {
  "use strict";

  function focusFirst(root) {
    var wrong = root.querySelector("[aria-invalid=true]");
    var target = wrong || root.querySelector("[data-focus]");
    if (!target) { return; }
    target.focus();
    if (!wrong && target.select) { target.select(); }
  }

  function isTyping(element) {
    return element && (/^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName) || element.isContentEditable);
  }

  document.addEventListener("DOMContentLoaded", function () { focusFirst(document); });

  /* "/" goes to the search or card field, Escape empties it: a scanner types and ends with Enter.
     The down arrow goes on from there to what usually follows the answer. */
  document.addEventListener("keydown", function (event) {
    var field = document.querySelector("[data-search]");
    if (!field || event.ctrlKey || event.altKey || event.metaKey) { return; }
    if (event.key === "/" && !isTyping(document.activeElement)) {
      event.preventDefault();
      field.focus();
      field.select();
    } else if (event.key === "Escape" && document.activeElement === field) {
      field.value = "";
    } else if (event.key === "ArrowDown" && document.activeElement === field) {
      var following = document.querySelector("[data-next]");
      if (following) {
        event.preventDefault();
        following.focus();
      }
    }
  });

  /* Asks before what cannot be undone; and on a slow line a second click sends nothing a second time. */
  var sent = new WeakMap();
  document.addEventListener("submit", function (event) {
    var button = event.submitter, form = event.target, by = button || form;
    var question = button && button.getAttribute("data-confirm");
    var once = form.method === "post" && !form.hasAttribute("hx-post");
    var again = once && Date.now() - (sent.get(by) || 0) < 5000;
    if (again || (question && !window.confirm(question))) {
      event.preventDefault();
      event.stopPropagation();
    } else {
      sent.set(by, Date.now());
    }
  }, true);
  window.addEventListener("pageshow", function () { sent = new WeakMap(); });

  /* Another language shows the same page: an answer changes the address, not the form above it. */
  document.addEventListener("submit", function (event) {
    var here = event.target.querySelector("[data-here]");
    if (here) { here.value = location.pathname + location.search; }
  });

  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-print]")) { window.print(); }
  });

  /* What a page holds for somebody is renewed while that person works on it, never by itself. */
  var renewed = Date.now();
  ["keydown", "pointerdown", "input"].forEach(function (kind) {
    document.addEventListener(kind, function () {
      var held = document.querySelector("[data-renew]");
      if (!held || !window.htmx || Date.now() - renewed < 5 * 60 * 1000) { return; }
      renewed = Date.now();
      window.htmx.trigger(held, "renew");
    });
  });

  /* A scanner may send the next card before this one is answered: what it types replaces this one. */
  document.addEventListener("htmx:beforeRequest", function (event) {
    var field = event.detail.elt.querySelector("[data-search]");
    if (field && document.activeElement === field) {
      field.select();
      field.setAttribute("data-asked", field.value);
    }
  });

  /* After an answer the card field is ready for the next scan, unless that has begun already or the
     answer asks for something itself; a search leads to its answer. */
  document.addEventListener("htmx:afterSwap", function (event) {
    var request = event.detail.requestConfig;
    var again = request && request.elt.querySelector("[data-search]");
    var heading = event.detail.target.querySelector("[data-announce]");
    var asked = again && again.getAttribute("data-asked");
    if (asked && again.value !== asked) { return; }
    if (again && event.detail.target.querySelector("[data-focus]")) {
      focusFirst(event.detail.target);
    } else if (again) {
      again.focus();
      again.select();
    } else if (heading) {
      heading.focus();
    }
  });
})();
