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

  /* "/" goes to the search or card field, Escape empties it: a scanner types and ends with Enter. */
  document.addEventListener("keydown", function (event) {
    var field = document.querySelector("[data-search]");
    if (!field || event.ctrlKey || event.altKey || event.metaKey) { return; }
    if (event.key === "/" && !isTyping(document.activeElement)) {
      event.preventDefault();
      field.focus();
      field.select();
    } else if (event.key === "Escape" && document.activeElement === field) {
      field.value = "";
    }
  });

  document.addEventListener("submit", function (event) {
    var button = event.submitter;
    var question = button && button.getAttribute("data-confirm");
    if (question && !window.confirm(question)) { event.preventDefault(); event.stopPropagation(); }
  }, true);

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

  /* After an answer the card field is ready for the next scan; a search leads to its answer. */
  document.addEventListener("htmx:afterSwap", function (event) {
    var request = event.detail.requestConfig;
    var again = request && request.elt.querySelector("[data-search]");
    var heading = event.detail.target.querySelector("[data-announce]");
    if (again) {
      again.focus();
      again.select();
    } else if (heading) {
      heading.focus();
    }
  });
})();
