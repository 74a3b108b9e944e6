// What little help the DOM needs. Everything that a server or a participant says becomes text, never markup.

export const $ = (selector, within = document) => within.querySelector(selector);

/** An element: properties, then children (elements or texts). `aria…` and `class` are properties, too (`className`). */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== ""));
  return made;
}

export function button(label, action, properties = {}) {
  return element("button", { type: "button", textContent: label, onclick: action, ...properties });
}

/** Set a text, and touch nothing when it is there already. */
export function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Show a sentence that went wrong, or nothing. */
export function complain(target, sentence) {
  write(target, sentence);
  target.hidden = !sentence;
}

/**
 * Bring a list of elements up to date. An item that was there before keeps its element, so that the focus stays.
 *
 * `key` names an item, `make(item)` gives its element, `show(element, item)` brings that up to date.
 */
export function arrange(parent, items, { key, make, show }) {
  const before = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    const child = before.get(name) ?? make(item);
    child.dataset.key = name;
    before.delete(name);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    show(child, item);
  }
  for (const gone of before.values()) gone.remove();
}

/** A list of facts: pairs of a name and a text; empty texts are left out. */
export function facts(target, pairs) {
  const told = pairs.filter(([, text]) => text);
  const now = JSON.stringify(told);
  if (target.dataset.now === now) return;
  target.dataset.now = now;
  target.replaceChildren(
    ...told.flatMap(([name, text]) => [element("dt", { textContent: name }), element("dd", { textContent: text })]),
  );
}
