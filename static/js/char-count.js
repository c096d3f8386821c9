import { element, words } from "./words.js";

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
