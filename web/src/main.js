// The page: a lobby, and a call once somebody has joined.

import { startCall } from "./call.js";
import { $ } from "./dom.js";
import { randomName, randomRoom } from "./names.js";

const lobby = $("#lobby");
const form = $("form", lobby);
const problem = $(".problem", lobby);

const wanted = new URLSearchParams(location.search);
form.room.value = wanted.get("room") || randomRoom();
form.name.value = wanted.get("name") || localStorage.getItem("name") || randomName();
form.media.value = wanted.get("media") || "devices";

/** A token for this room and name; only a server in development mode gives one. */
async function fetchToken(room, name) {
  const body = JSON.stringify({ room, name });
  const answer = await fetch("/meet/token", { method: "POST", body, headers: { "Content-Type": "application/json" } });
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()).token;
}

async function join() {
  const { room, name, media } = Object.fromEntries(new FormData(form));
  localStorage.setItem("name", name);
  history.replaceState(null, "", `?${new URLSearchParams({ room })}`);
  const call = await startCall({ room, media, token: await fetchToken(room, name) });
  lobby.hidden = true;
  const reason = await call.ended;
  lobby.hidden = false;
  show(reason);
}

function show(text) {
  problem.textContent = text;
  problem.hidden = !text;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = $("button", form);
  button.disabled = true;
  show("");
  try {
    await join();
  } catch (error) {
    show(`Could not join: ${error.message}`);
  } finally {
    button.disabled = false;
  }
});
