import { button, words } from "./words.js";

class PrintButton extends HTMLElement {
  connectedCallback() {
    if (this.childElementCount === 0) this.append(button(words("print"), () => window.print()));
  }
}

customElements.define("print-button", PrintButton);
