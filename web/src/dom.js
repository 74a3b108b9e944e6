// What little help the DOM needs.

export const $ = (selector, within = document) => within.querySelector(selector);

/** An element with properties and children; `data-` and `aria-` names and `style` variables become attributes. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** A colour that always belongs to this name, as degrees. */
export function hue(name) {
  return [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
}

const ICONS = {
  microphone: '<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21"/>',
  camera: '<rect x="3" y="6.5" width="12" height="11" rx="2"/><path d="m15 11 6-3.5v9L15 13"/>',
  screen: '<rect x="3" y="4.5" width="18" height="12" rx="2"/><path d="M8.5 20h7M12 13V8m-2.2 2.2L12 8l2.2 2.2"/>',
  chat: '<path d="M20 15.5a2 2 0 0 1-2 2H9l-5 3.5V6.5a2 2 0 0 1 2-2h12a2 2 0 0 1 2 2z"/>',
  leave: '<path d="M14 4.5H7a2 2 0 0 0-2 2v11a2 2 0 0 0 2 2h7M10 12h10m-3.5-3.5L20 12l-3.5 3.5"/>',
};
const STROKE_OUT = '<path d="M4 3.5 20 20.5"/>';

/** A drawn icon; `off` strikes it out. */
export function icon(name, off = false) {
  const template = document.createElement("template");
  template.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true">${ICONS[name]}${off ? STROKE_OUT : ""}</svg>`;
  return template.content.firstChild;
}
