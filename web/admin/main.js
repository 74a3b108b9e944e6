// The page: a door, and behind it the desk of whoever signed in.

import { Desk } from "./desk.js";
import { $, complain } from "./dom.js";
import { kept, signIn, signOut } from "./session.js";

const door = $("#door");
const form = $("form", door);
const desk = $("#desk");

let current = null;

async function enter(credentials, keep) {
  const session = signIn(credentials, keep);
  const next = new Desk(session);
  await next.start();
  current = next;
  for (const name of ["key", "secret", "token"]) form[name].value = "";
  door.hidden = true;
  desk.hidden = false;
  next.show("rooms");
}

function leave() {
  current?.stop();
  current = null;
  signOut();
  desk.hidden = true;
  door.hidden = false;
  choose();
}

/** Show the fields of the chosen way to sign in. */
function choose() {
  for (const fields of form.querySelectorAll("[data-kind]")) {
    fields.hidden = fields.dataset.kind !== form.kind.value;
    for (const input of fields.querySelectorAll("input, textarea")) input.required = !fields.hidden;
  }
}

async function tryToEnter(credentials, keep = false) {
  complain($(".problem", door), "");
  try {
    await enter(credentials, keep);
  } catch (error) {
    complain($(".problem", door), error.message);
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = $("button", form);
  button.disabled = true;
  const { kind, key, secret, token, keep } = form;
  await tryToEnter(kind.value === "token" ? { token: token.value } : { key: key.value, secret: secret.value }, keep.checked);
  button.disabled = false;
});
form.addEventListener("change", choose);
$(".out", desk).addEventListener("click", leave);
desk.addEventListener("click", ({ target }) => {
  const { view, do: act } = target.closest("button")?.dataset ?? {};
  if (view) current.show(view);
  if (act) current.act(act);
});

choose();
if (kept()) tryToEnter(kept(), true);
else if (location.hash === "#dev") tryToEnter({ key: "devkey", secret: "secret" }); // everybody knows the pair of --dev
