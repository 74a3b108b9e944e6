// The one dialog: a few fields and a button that does something, or a question before something that cannot be undone.

import { $, complain, element, write } from "./dom.js";

const dialog = $("dialog");
const form = $("form", dialog);
const problem = $(".problem", dialog);
const confirmation = $("button.primary", dialog);

let act = async () => {};

/** A field from its description: `{name, label, value, kind}`; `kind` is text, number, long, check or a list of options. */
function field({ name, label, value = "", kind = "text", ...more }) {
  if (kind === "check") {
    const box = element("input", { type: "checkbox", name, checked: Boolean(value), ...more });
    return element("label", { className: "check" }, box, label);
  }
  const input = element(kind === "long" ? "textarea" : Array.isArray(kind) ? "select" : "input", { name, ...more });
  if (kind === "long") input.rows = 5;
  else if (Array.isArray(kind)) input.append(...kind.map(([key, text]) => element("option", { value: key, textContent: text })));
  else Object.assign(input, { type: kind, autocomplete: "off" });
  input.value = value;
  return element("label", {}, label, input);
}

function answers() {
  const inputs = [...form.elements].filter((input) => input.name);
  return Object.fromEntries(inputs.map((input) => [input.name, input.type === "checkbox" ? input.checked : input.value]));
}

/**
 * Open the dialog. `does(answers)` is called when it is confirmed; the dialog stays open, with the server's sentence,
 * when that fails.
 */
export function ask({ title, hint = "", fields = [], verb, alarm = false, does }) {
  write($("h2", dialog), title);
  complain($(".hint", dialog), hint);
  $(".fields", dialog).replaceChildren(...fields.map(field));
  write(confirmation, verb);
  confirmation.classList.toggle("alarm", alarm);
  complain(problem, "");
  act = does;
  dialog.showModal();
  (alarm ? $(".cancel", dialog) : (form.elements[0] ?? confirmation)).focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  confirmation.disabled = true;
  complain(problem, "");
  try {
    await act(answers());
    dialog.close();
  } catch (error) {
    complain(problem, error.message);
  } finally {
    confirmation.disabled = false;
  }
});
$(".cancel", dialog).addEventListener("click", () => dialog.close());

export const closeDialog = () => dialog.close();
