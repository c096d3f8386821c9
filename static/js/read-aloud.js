import { button, element, words } from "./parts.js";

/* <read-aloud for="id">: reads an article sentence by sentence. Only voices that work on this device: a remote voice would send the text away. */
class ReadAloud extends HTMLElement {
  connectedCallback() {
    this.article = document.getElementById(this.getAttribute("for"));
    if (!this.article || !("speechSynthesis" in window) || this.bar) return;
    this.rate = 0.9;
    this.offer();
    speechSynthesis.addEventListener("voiceschanged", () => this.offer());
    window.addEventListener("pagehide", () => this.stop());
  }

  offer() {
    const language = document.documentElement.lang.slice(0, 2);
    const own = speechSynthesis.getVoices().filter((voice) => voice.localService);
    this.voice = own.find((voice) => voice.lang.startsWith(language));
    if (!this.voice || this.bar) return;
    this.start = button(words("listen"), () => this.play(0));
    this.end = button(words("listen-stop"), () => this.stop());
    this.slower = button(words("listen-slower"), () => this.pace(-0.1), "quiet");
    this.faster = button(words("listen-faster"), () => this.pace(0.1), "quiet");
    this.end.hidden = true;
    this.bar = element("div", "", { class: "listen-bar", role: "group", "aria-label": words("listen") });
    this.bar.append(this.start, this.end, this.slower, this.faster);
    this.append(this.bar);
  }

  pace(step) {
    this.rate = Math.min(1.2, Math.max(0.7, this.rate + step));
    if (this.now) this.play(this.at);
  }

  blocks() {
    return [...this.article.querySelectorAll("h2, h3, p, li, dt, dd, caption")].filter((one) => one.offsetParent && !one.querySelector("p, li") && one.textContent.trim());
  }

  sentences(block) {
    return block.textContent.trim().replace(/\s+/g, " ").match(/[^.!?]+[.!?]*\s*/g) ?? [];
  }

  play(from) {
    this.stop();
    this.now = this.blocks();
    this.at = from;
    this.start.hidden = true;
    this.end.hidden = false;
    this.next();
    this.end.focus();
  }

  next() {
    this.now?.[this.at - 1]?.classList.remove("reading-now");
    const block = this.now?.[this.at];
    if (!block) { this.stop(); return; }
    block.classList.add("reading-now");
    const parts = this.sentences(block);
    const run = (this.run = Symbol("run"));
    const say = (index) => {
      if (this.run !== run) return;
      if (index >= parts.length) { this.at += 1; this.next(); return; }
      const spoken = new SpeechSynthesisUtterance(parts[index]);
      spoken.voice = this.voice;
      spoken.lang = this.voice.lang;
      spoken.rate = this.rate;
      spoken.onend = () => say(index + 1);
      speechSynthesis.speak(spoken);
    };
    say(0);
  }

  stop() {
    this.run = null;
    speechSynthesis.cancel();
    this.now?.[this.at]?.classList.remove("reading-now");
    this.now = null;
    if (this.bar) {
      const focused = this.bar.contains(document.activeElement);
      this.end.hidden = true;
      this.start.hidden = false;
      if (focused) this.start.focus();
    }
  }
}

customElements.define("read-aloud", ReadAloud);
