// The element that has the focus: can it be seen that it has, and is it in view and not covered? Returns null at the end of the page.
() => {
  const element = document.activeElement;
  if (!element || element === document.body || element === document.documentElement) return null;
  const style = getComputedStyle(element);
  const around = getComputedStyle(element.closest("label") || element.parentElement || element);
  const ringed = (one) => (one.outlineStyle !== "none" && parseFloat(one.outlineWidth) >= 2) || one.boxShadow !== "none";
  const box = element.getBoundingClientRect();
  const beside = element.labels && element.labels[0] ? getComputedStyle(element.labels[0]) : around;
  const sibling = element.nextElementSibling ? getComputedStyle(element.nextElementSibling, "::before") : beside;
  const x = Math.min(Math.max(box.left + box.width / 2, 1), innerWidth - 2);
  const y = Math.min(Math.max(box.top + Math.min(box.height / 2, 24), 1), innerHeight - 2);
  const top = document.elementFromPoint(x, y);
  const labels = [...(element.labels || [])];
  const uncovered = !top || element.contains(top) || top.contains(element) || labels.some((label) => label.contains(top) || top.contains(label));
  return {
    key: `${element.tagName} ${element.id} ${element.getAttribute("href") || ""} ${element.name || ""} ${element.value || ""} ${Math.round(box.top + scrollY)} ${Math.round(box.left)}`,
    what: `<${element.tagName.toLowerCase()} class="${element.className}"> ${(element.innerText || element.name || "").trim().slice(0, 40)}`,
    ringed: ringed(style) || ringed(around) || ringed(beside) || ringed(sibling),
    inView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    uncovered,
  };
};
