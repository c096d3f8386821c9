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
