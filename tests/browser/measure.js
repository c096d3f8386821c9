// What a page must keep in every mode. Returns a list of sentences; an empty list is a good page.
({ least, width, inForcedColors }) => {
  const found = [];
  const say = (what, element) => {
    const text = (element.innerText || element.getAttribute("aria-label") || element.name || "").trim().slice(0, 40);
    found.push(`${what}: <${element.tagName.toLowerCase()} class="${element.className}"> ${JSON.stringify(text)}`);
  };
  const shown = (element) => {
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    if (style.visibility !== "visible" || style.display === "none" || !box.width || !box.height) return false;
    if (element.closest("details:not([open]) > :not(summary)")) return false;
    return !element.closest("[inert], [hidden], dialog:not([open])");
  };
  // Kept off the screen until it has the focus, like the skip link.
  const offScreen = (element) => {
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return style.clipPath !== "none" || style.clip !== "auto" || box.right <= 0 || box.bottom + scrollY <= 0 || box.width <= 1;
  };
  const inNamedRegion = (element) => element.closest("[role=region][aria-label], [role=region][aria-labelledby], section[tabindex='0'][aria-label], section[tabindex='0'][aria-labelledby]");

  if (!document.title.trim()) found.push("the title is empty");
  if (!document.documentElement.lang) found.push("the page has no language");
  const titles = [...document.querySelectorAll("h1")].filter(shown);
  if (titles.length !== 1) found.push(`there are ${titles.length} h1: ${titles.map((title) => title.innerText).join(" / ")}`);

  const wide = document.documentElement.scrollWidth;
  if (wide > window.innerWidth) {
    found.push(`the page is ${wide} px wide in a window of ${window.innerWidth}`);
    for (const element of document.body.querySelectorAll("*")) {
      const box = element.getBoundingClientRect();
      if (box.right > window.innerWidth + 1 && shown(element) && !offScreen(element) && !inNamedRegion(element) && found.length < 6) say(`reaches to ${Math.round(box.right)} px`, element);
    }
  }

  const inSentence = (element) => {
    if (element.tagName !== "A" || getComputedStyle(element).display !== "inline") return false;
    const around = element.closest("p, li, dd, td, figcaption, blockquote, summary, h2, h3, label, legend, div");
    return !!around && around.innerText.trim().length > element.innerText.trim().length + 1;
  };
  const controls = document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']:not(main)");
  for (const element of controls) {
    if (!shown(element) || offScreen(element) || inSentence(element)) continue;
    if (element.matches("[tabindex='0']") && inNamedRegion(element) === element) continue;
    const boxes = [element.getBoundingClientRect()];
    for (const label of element.labels || []) if (element.matches("[type=radio], [type=checkbox]")) boxes.push(label.getBoundingClientRect());
    const tall = Math.max(...boxes.map((box) => box.bottom)) - Math.min(...boxes.map((box) => box.top));
    const broad = Math.max(...boxes.map((box) => box.right)) - Math.min(...boxes.map((box) => box.left));
    if (tall < least - 0.5 || broad < Math.min(least, 44) - 0.5) say(`the target is ${Math.round(broad)} x ${Math.round(tall)} px, not ${least}`, element);
  }

  if (inForcedColors) {
    for (const element of document.body.querySelectorAll("*")) {
      if (getComputedStyle(element).forcedColorAdjust === "none" && shown(element)) say("keeps its own colors in forced colors", element);
    }
  }
  return found;
};
