// The chat beside the call: a list of messages, a line to write, a count of what was not read yet.

import { $, element, hue } from "./dom.js";

export class Chat {
  #panel;
  #list;
  #button;
  #unread = 0;

  constructor(panel, button, send) {
    this.#panel = panel;
    this.#list = $("ol", panel);
    this.#button = button;
    this.#list.replaceChildren();
    this.#open(false);
    $("form", panel).onsubmit = (event) => {
      event.preventDefault();
      const input = event.target.text;
      if (input.value.trim()) send(input.value.trim());
      input.value = "";
    };
  }

  toggle() {
    this.#open(this.#panel.hidden);
  }

  add(name, text) {
    const item = element("li", {}, element("b", { textContent: name }), text);
    item.style.setProperty("--hue", hue(name));
    this.#list.append(item);
    item.scrollIntoView({ block: "end" });
    if (this.#panel.hidden) this.#count(this.#unread + 1);
  }

  #open(open) {
    this.#panel.hidden = !open;
    this.#button.ariaPressed = String(open);
    if (!open) return;
    this.#count(0);
    this.#list.lastChild?.scrollIntoView({ block: "end" });
    $("input", this.#panel).focus();
  }

  #count(unread) {
    this.#unread = unread;
    if (unread) this.#button.dataset.unread = unread;
    else delete this.#button.dataset.unread;
  }
}
