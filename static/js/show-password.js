import { button, words } from "./words.js";

/* A button after each password field that shows what was typed, and hides it again when the form goes. */
for (const field of document.querySelectorAll("input[type=password]")) {
  const toggle = button(words("password-show"), () => {
    const hidden = field.type === "password";
    field.type = hidden ? "text" : "password";
    toggle.textContent = words(hidden ? "password-hide" : "password-show");
  }, "quiet");
  toggle.setAttribute("aria-controls", field.id);
  field.after(toggle);
  field.form?.addEventListener("submit", () => { field.type = "password"; });
}
