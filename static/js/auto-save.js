import { button, element, words } from "./parts.js";

const PAUSE = 2000;
const LONGEST = 10000;
const SENDING = 10000;
const NEVER = new Set(["csrfmiddlewaretoken", "draft", "draft_version", "once", "later", "next", "step", "go"]);

/* <auto-save data-url data-version …><form>…: keeps what is typed on the server, and says only what is true. */
class AutoSave extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    if (!this.form || this.line) return;
    this.version = Number(this.dataset.version);
    this.line = this.form.querySelector("[data-saved-line]") ?? this.form.appendChild(element("p", "", { class: "saved-line" }));
    this.line.setAttribute("role", "status");
    this.known = this.read();
    this.form.addEventListener("input", () => this.changed());
    this.form.addEventListener("change", () => { this.changed(); if (this.clock && !this.unsaved()) this.sayKept(); });
    this.form.addEventListener("focusout", () => this.save());
    this.form.addEventListener("submit", (event) => { if (!event.defaultPrevented) this.goes(); });
    window.addEventListener("pagehide", () => { this.keepBoth(); this.last(); });
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") this.last(); });
    window.addEventListener("online", () => this.save());
    window.addEventListener("offline", () => this.say("offline", {}, "waiting"));
    window.addEventListener("beforeunload", (event) => { if (this.unsaved() && this.failed && !this.leaving) event.preventDefault(); });
    for (const later of this.form.querySelectorAll("[data-later]")) later.hidden = true;
  }

  read() {
    const fields = {};
    for (const control of this.form.elements) {
      if (!control.name || NEVER.has(control.name) || control.disabled || ["password", "file", "submit", "button"].includes(control.type)) continue;
      /* Hidden answers that belong to the text say so (what a link brought along, the other pages of a walk); other hidden fields are the page's. */
      if (control.type === "hidden" && control.dataset.kept === undefined) continue;
      const values = (fields[control.name] ??= []);
      if (!["checkbox", "radio"].includes(control.type) || control.checked) values.push(control.value);
    }
    return JSON.stringify(fields);
  }

  goes() {
    this.leaving = true;
    this.posted = this.read();
    clearTimeout(this.sending);
    this.sending = setTimeout(() => this.stays(), SENDING);
  }

  /* The page is still here: the Send was stopped, or came to nothing. No event tells that in every browser, so it is a matter of time. */
  stays() {
    this.leaving = false;
    this.save();
  }

  unsaved() { return this.read() !== this.known; }

  changed() {
    if (this.held) return;
    this.first ??= Date.now();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), Math.max(0, Math.min(PAUSE, this.first + LONGEST - Date.now())));
  }

  body(fields, apart) {
    const { kind, patient, target, resume } = this.dataset;
    return JSON.stringify({ version: this.version, fields: JSON.parse(fields), kind, patient, target, resume, ...(apart && { apart }) });
  }

  /* `apart`: when this draft was sent by another tab, or by a Send of ours that got there though it was stopped, what stands here is kept as
     a new one. Never for a save that may race with our own Send, and never for the words that were sent. */
  put(fields, keepalive = false, apart = false) {
    const token = this.form.querySelector("[name=csrfmiddlewaretoken]").value;
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token, Accept: "application/json" };
    return fetch(this.dataset.url, { method: "PUT", headers, body: this.body(fields, apart), keepalive, redirect: "manual" });
  }

  async save() {
    clearTimeout(this.timer);
    if (this.busy || this.held || this.leaving || !this.unsaved()) return;
    this.busy = true;
    this.first = null;
    const fields = this.read();
    try {
      let answer = await this.put(fields);
      if (answer.status === 410 && !this.leaving && fields !== this.posted) answer = await this.put(fields, false, true);
      if (answer.ok) await this.kept(fields, await answer.json());
      else if (answer.status === 409) this.choose(fields, await answer.json());
      else if (answer.status === 410) this.sentAlready(fields);
      else if (answer.status === 401 || answer.status === 403 || answer.type === "opaqueredirect") this.signedOut();
      else this.again("not-saved", answer.status >= 400 && answer.status < 500 && answer.status !== 429);
    } catch {
      this.again(navigator.onLine ? "not-saved" : "offline");
    } finally {
      this.busy = false;
    }
    if (!this.failed && this.unsaved()) this.changed();
  }

  async kept(fields, answer) {
    this.known = fields;
    if (answer.id && answer.id !== this.form.querySelector("[name=draft]")?.value) {
      this.apart = true;
      this.takeOver(answer);
    }
    this.version = answer.version;
    this.failed = false;
    this.wait = 0;
    this.clock = answer.clock;
    this.files = answer.files ?? 0;
    this.hide("draft_version", answer.version);
    this.sayKept();
    document.dispatchEvent(new CustomEvent("session-used"));
  }

  hide(name, value) {
    const hidden = this.form.querySelector(`[name=${name}]`);
    if (hidden) hidden.value = value;
  }

  /* What is kept, and not a file that was chosen and is on this device only. */
  sayKept() {
    const chosen = [...this.form.querySelectorAll("input[type=file]")].some((input) => input.files.length);
    if (chosen) this.say("saved-not-file", { clock: this.clock }, "waiting");
    else if (this.apart) this.say("saved-apart", { clock: this.clock });
    else this.say(this.files ? "saved-files" : "saved", { clock: this.clock, count: this.files });
  }

  again(key, hopeless = false) {
    this.failed = true;
    this.say(hopeless ? "not-saved-stay" : key, {}, "waiting");
    this.wait = Math.min((this.wait || 1000) * 2, 30000);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), this.wait);
  }

  /* Leaving: one last try that outlives the page (browsers allow 64 KB for it). */
  last() {
    const fields = this.read();
    if ((this.leaving && fields === this.posted) || this.held || !this.unsaved()) return;
    this.put(fields, new Blob([fields]).size < 60000, true)
      .then(async (answer) => { if (answer.ok) await this.kept(fields, await answer.json()); })
      .catch(() => this.again("offline"));
  }

  /* Leaving without having chosen: both texts become the draft, the one of this page below the other. */
  keepBoth() {
    if (!this.other || this.leaving) return;
    const mine = JSON.parse(this.read());
    const both = { ...mine };
    for (const [name, theirs] of Object.entries(this.other.fields)) {
      const here = mine[name] ?? [];
      const control = this.form.elements[name];
      const text = ["textarea", "text"].includes(control?.type) && theirs[0]?.trim() && here[0]?.trim();
      if (!theirs.some((value) => value.trim())) continue;
      both[name] = text && !theirs[0].includes(here[0]) ? [theirs[0] + (control.type === "text" ? " " : "\n\n") + here[0]] : theirs;
    }
    this.takeOver(this.other);
    this.put(JSON.stringify(both), true).catch(() => {});
  }

  /* From here on this page writes the draft that the other one began. */
  takeOver(other) {
    const id = this.form.querySelector("[name=draft]");
    if (other.id && id) {
      this.dataset.url = this.dataset.url.replace(`/${id.value}/`, `/${other.id}/`);
      id.value = other.id;
    }
    this.version = other.version;
    this.hide("draft_version", other.version);
  }

  sentAlready(fields) {
    if (fields === this.posted) {
      this.known = fields;
      this.say("sent-already", {}, "waiting");
      return;
    }
    this.held = true;
    this.failed = true;
    this.say("sent-already", {}, "waiting");
  }

  say(key, values = {}, state = "saved") {
    this.line.dataset.state = state;
    const text = words(key, values);
    if (this.line.textContent !== text) this.line.textContent = text;
  }

  signedOut() {
    this.failed = true;
    this.say(this.clock ? "signed-out" : "signed-out-unsaved", { clock: this.clock }, "waiting");
    const next = encodeURIComponent(this.dataset.resume || location.pathname + location.search);
    this.line.append(" ", element("a", words("sign-in-again"), { href: `${this.dataset.login}?next=${next}`, target: "_blank" }));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), 15000);
  }

  /* Saved elsewhere meanwhile: both texts stay on the page until the person has chosen. */
  choose(mine, theirs) {
    this.held = true;
    this.failed = true;
    const other = { id: theirs.id, version: theirs.version, clock: theirs.clock ?? "", fields: theirs.fields ?? {}, files: theirs.files ?? 0 };
    this.other = other;
    this.say("two-texts", {}, "waiting");
    const box = element("section", "", { class: "compare", tabindex: "-1", "aria-labelledby": "compare-title" });
    box.append(element("h2", words("two-texts"), { id: "compare-title" }), element("p", words("two-texts-why")));
    const texts = this.sides(other, mine);
    /* The text that was not chosen stays on the page, folded away, with what was typed while both were shown. */
    const chosen = (side, then) => {
      const left = this.sides(other, this.read())[side];
      const more = element("details", "", { class: "more" });
      const summary = element("summary");
      summary.append(element("span", words("text-left")));
      more.append(summary, left);
      box.replaceWith(more);
      this.held = this.failed = false;
      this.other = null;
      this.takeOver(other);
      then();
      this.focusFirst();
    };
    const acts = element("div", "", { class: "actions" });
    acts.append(
      button(words("use-saved"), () => chosen("here", () => this.useSaved(other))),
      button(words("keep-mine"), () => chosen("saved", () => { this.known = null; this.save(); })),
    );
    box.append(texts.saved, texts.here, acts);
    this.form.before(box);
    box.focus();
  }

  sides(other, mine) {
    const here = JSON.parse(mine);
    const texts = { saved: element("div"), here: element("div") };
    for (const name of new Set([...Object.keys(here), ...Object.keys(other.fields)])) {
      const [saved, typed] = [this.spell(name, other.fields[name]), this.spell(name, here[name])];
      if (saved === typed) continue;
      for (const [side, text] of [["saved", saved], ["here", typed]]) {
        texts[side].append(element("p", this.label(name)), element("div", text, { class: "compare__text" }));
      }
    }
    texts.saved.prepend(element("h3", words("text-saved", { clock: other.clock })));
    texts.here.prepend(element("h3", words("text-here")));
    return texts;
  }

  useSaved(other) {
    this.fill(other.fields);
    this.known = this.read();
    this.clock = other.clock;
    this.files = other.files;
    this.sayKept();
    /* Files of the other page are not in this form: the page that is loaded again has them. */
    if (other.files && !this.form.querySelector("[name=attached]")) {
      this.line.append(" ", element("a", words("show-files"), { href: this.dataset.resume || location.pathname }));
    }
  }

  label(name) {
    const control = this.form.elements[name];
    const one = control instanceof RadioNodeList ? control[0] : control;
    const legend = one?.closest("fieldset")?.querySelector("legend");
    return (legend ?? one?.labels?.[0])?.textContent.trim() ?? (one?.dataset.kept || name);
  }

  spell(name, values = []) {
    const said = values.map((value) => {
      const option = [...this.form.elements].find((one) => one.name === name && ["checkbox", "radio"].includes(one.type) && one.value === value);
      return option?.labels?.[0]?.textContent.trim() ?? value;
    });
    return said.join(", ").trim() || words("nothing-typed");
  }

  fill(fields) {
    for (const control of this.form.elements) {
      if (!control.name || !(control.name in fields)) continue;
      if (["checkbox", "radio"].includes(control.type)) control.checked = fields[control.name].includes(control.value);
      else if (control.type !== "hidden") control.value = fields[control.name][0] ?? "";
      control.dispatchEvent(new Event("input"));
    }
  }

  focusFirst() { this.form.querySelector("textarea, input:not([type=hidden])")?.focus(); }
}

customElements.define("auto-save", AutoSave);
