/* One module on every page. It brings in what the page uses, and nothing else; every page works without it. */

import "./parts.js";

const more = {
  "auto-save": () => import("./auto-save.js"),
  "session-guard": () => import("./session-guard.js"),
  "read-aloud": () => import("./read-aloud.js"),
  "live-news": () => import("./live-news.js"),
};

for (const [name, bring] of Object.entries(more)) {
  if (document.querySelector(name)) bring();
}

/* A second press within two seconds is a slip of the hand: the form is sent once. */
const sent = new WeakMap();

document.addEventListener("submit", (event) => {
  const form = event.target;
  const now = Date.now();
  if (now - (sent.get(form) ?? -Infinity) < 2000) event.preventDefault();
  else if (!event.defaultPrevented) sent.set(form, now);
});

/* A page that comes back from the browser's own store may be another person's or out of date: load it again. */
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});
