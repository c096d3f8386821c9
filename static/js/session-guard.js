import { button, element, words } from "./parts.js";

/* Warns before the sign-in ends. All tabs share what they know; nothing but a time goes between them. */
class SessionGuard extends HTMLElement {
  connectedCallback() {
    if (this.dialog || !Number(this.dataset.seconds)) return;
    this.warn = Number(this.dataset.warn) * 1000;
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel("session") : null;
    this.channel?.addEventListener("message", (event) => this.until(event.data.end, false));
    this.most = Date.now() + Number(this.dataset.most) * 1000;
    document.addEventListener("session-used", () => this.until(Math.min(this.most, Date.now() + Number(this.dataset.idle) * 1000)));
    document.addEventListener("visibilitychange", () => this.look());
    this.until(Date.now() + Number(this.dataset.seconds) * 1000);
  }

  /* The later end wins: another tab may have done something since. */
  until(end, tell = true) {
    if (end > (this.end ?? 0)) {
      this.end = end;
      if (this.dialog?.open && !this.ended) this.dialog.close();
      if (tell) this.channel?.postMessage({ end });
    }
    this.look();
  }

  look() {
    clearTimeout(this.timer);
    if (this.ended) return;
    const left = this.end - Date.now();
    if (left <= 0) this.over();
    else if (left <= this.warn) this.ask();
    this.timer = setTimeout(() => this.look(), Math.min(Math.max(left - this.warn, 1000), left > this.warn ? 3600000 : left + 500, 30000));
  }

  show(title, text, ...acts) {
    const first = !this.dialog;
    this.dialog ??= element("dialog", "", { "aria-labelledby": "session-title" });
    const line = element("div", "", { class: "actions" });
    line.append(...acts);
    this.dialog.replaceChildren(element("h2", title, { id: "session-title" }), element("p", text), line);
    if (first) this.append(this.dialog);
    if (!this.dialog.open) {
      this.back = document.activeElement;
      this.dialog.showModal();
    }
    acts[0].focus();
  }

  ask() {
    if (this.dialog?.open) return;
    const clock = new Date(this.end).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
    this.show(words("guard-title"), words("guard-text", { clock }), button(words("guard-stay"), () => this.stay(), ""));
    this.dialog.addEventListener("cancel", () => this.stay(), { once: true });
  }

  async stay() {
    if (this.dialog.open) this.dialog.close();
    this.back?.focus?.();
    try {
      const answer = await fetch(this.dataset.url, { method: "POST", headers: { "X-CSRFToken": this.dataset.token, Accept: "application/json" }, redirect: "manual" });
      if (answer.ok) this.until(Date.now() + (await answer.json()).seconds * 1000);
      else this.over();
    } catch {
      this.look();
    }
  }

  over() {
    if (this.ended) return;
    this.ended = true;
    const link = element("a", words("guard-sign-in"), { class: "button", href: `${this.dataset.login}?next=${encodeURIComponent(location.pathname + location.search)}` });
    this.show(words("guard-out"), words("guard-out-text"), link);
  }
}

customElements.define("session-guard", SessionGuard);
