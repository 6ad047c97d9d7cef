/* Opens the browsable document from this server's own description. */
window.addEventListener("load", () => {
  window.ui = SwaggerUIBundle({
    url: document.getElementById("docs").dataset.url,
    dom_id: "#docs",
    deepLinking: true,
    validatorUrl: null,
    syntaxHighlight: false,
  });
});
