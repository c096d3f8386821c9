import { element } from "./parts.js";

/* <live-news data-url data-every>: says that something new is there, and where. The page itself is never changed. */
class LiveNews extends HTMLElement {
  connectedCallback() {
    if (this.bar) return;
    this.bar = element("p", "", { role: "status", class: "news no-print" });
    this.append(this.bar);
    this.every = Number(this.dataset.every) * 1000;
    this.asked = Date.now();
    document.addEventListener("visibilitychange", () => this.plan());
    this.plan();
  }

  plan(wait = this.every) {
    clearTimeout(this.timer);
    if (this.over || document.visibilityState !== "visible") return;
    this.timer = setTimeout(() => this.ask(), Math.max(0, this.asked + wait - Date.now()));
  }

  async ask() {
    this.asked = Date.now();
    let wait = this.every;
    try {
      const headers = { "X-Poll": "1", Accept: "application/json" };
      if (this.tag) headers["If-None-Match"] = this.tag;
      const answer = await fetch(this.dataset.url, { headers, cache: "no-store", redirect: "manual" });
      if (answer.status === 200) {
        this.tag = answer.headers.get("ETag");
        this.show(await answer.json());
      } else if (answer.status >= 500) wait *= 3;
      else if (answer.status !== 304) this.over = true; /* signed out, or not there any more */
    } catch {
      wait *= 3;
    }
    this.plan(wait);
  }

  show({ words, url }) {
    const link = element("a", words, { href: url || location.pathname + location.search });
    link.addEventListener("click", (event) => this.leave(event, link.href));
    this.bar.replaceChildren(...(words ? [link] : []));
  }

  /* What was typed is kept first. */
  async leave(event, href) {
    const saver = document.querySelector("auto-save");
    if (!saver?.unsaved?.()) return;
    event.preventDefault();
    saver.save();
    for (let tries = 0; tries < 30 && saver.unsaved(); tries++) await new Promise((then) => { setTimeout(then, 100); });
    location.assign(href);
  }
}

customElements.define("live-news", LiveNews);
