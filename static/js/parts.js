/* Helpers and the small parts that many pages use; in one file, so that a page asks for few. */

/* Words for scripts come from the page (translated there), in <template id="words">, one element per key. */

const source = document.getElementById("words");

export function words(key, values = {}) {
  const found = source?.content.querySelector(`[data-key="${key}"]`)?.textContent ?? key;
  return found.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");
}

export function element(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

export function button(text, act, kind = "secondary") {
  const made = element("button", text, { type: "button", class: kind ? `button button--${kind}` : "button" });
  made.addEventListener("click", act);
  return made;
}

class PrintButton extends HTMLElement {
  connectedCallback() {
    if (this.childElementCount === 0) this.append(button(words("print"), () => window.print()));
  }
}

customElements.define("print-button", PrintButton);

/* <char-count data-most="4000"><textarea></textarea></char-count>: says how much room is left, aloud only after a pause and near the end. */
class CharCount extends HTMLElement {
  connectedCallback() {
    this.area = this.querySelector("textarea, input");
    if (!this.area || this.line) return;
    this.most = Number(this.dataset.most);
    this.line = element("p", "", { class: "count-line", "aria-hidden": "true" });
    this.spoken = element("p", "", { class: "visually-hidden", role: "status" });
    this.append(this.line, this.spoken);
    this.area.addEventListener("input", () => this.count());
    this.count();
  }

  count() {
    /* Line ends count as one, as on the server; so do letters outside the basic plane. */
    const left = this.most - [...this.area.value.replace(/\r\n/g, "\n")].length;
    const text = words(left < 0 ? "count-over" : "count-left", { count: Math.abs(left).toLocaleString() });
    this.line.textContent = text;
    clearTimeout(this.timer);
    if (left < this.most / 10) this.timer = setTimeout(() => { this.spoken.textContent = text; }, 1500);
  }
}

customElements.define("char-count", CharCount);

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
