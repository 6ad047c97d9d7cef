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
    var target = event.target.closest("[data-print],[data-pick],[data-remove-row]");
    if (!target) { return; }
    if (target.hasAttribute("data-print")) { window.print(); }
    if (target.hasAttribute("data-remove-row")) {
      event.preventDefault();
      target.closest("tr").remove();
    }
    if (target.hasAttribute("data-pick")) { pick(target); }
  });

  /* A suggestion carries the value and the field it belongs to. */
  function pick(button) {
    var field = document.getElementById(button.getAttribute("data-pick"));
    field.value = button.value;
    button.parentElement.replaceChildren();
    field.focus();
  }

  document.addEventListener("htmx:afterSwap", function (event) {
    var heading = event.detail.target.querySelector("[data-announce]");
    if (heading) { heading.focus(); }
  });
})();
