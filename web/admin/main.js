// The page: a door, and behind it what the token may see. Events say when to look again; without them it looks now and then.

import { Api } from "./api.js";
import { closeDialog } from "./dialog.js";
import { $, complain, write } from "./dom.js";
import { showEgress } from "./egress.js";
import { clearEvents, showEvent } from "./log.js";
import { showOutbox } from "./outbox.js";
import { deleteRoom, editMetadata, hideRoom, sendData, showRoom } from "./room.js";
import { createRoom, showRooms } from "./rooms.js";
import { kept, signIn, signOut } from "./session.js";
import { follow } from "./stream.js";

const SETTLES_MS = 150;
const LOOKS_MS = { live: 15_000, else: 3000 };
const VIEWS = ["rooms", "egress", "outbox", "log"];

const door = $("#door");
const form = $("form", door);
const desk = $("#desk");
const problem = $(".problem", desk);
const light = $(".live", desk);

/** What goes on while somebody is signed in. */
class Desk {
  #stopped = new AbortController();
  #view = "rooms";
  #open = null; // the open room's state, see room.js
  #rooms = [];
  #live = false;
  #refused = ""; // why the last thing that was tried did not work
  #timer = 0;
  #looking = null;
  #again = false;

  constructor(session) {
    this.session = session;
    this.api = new Api(session);
  }

  /** Look for the first time. Raises Refusal when the token opens nothing. */
  async start() {
    await this.#lookAtRooms();
    if (this.session.room) this.choose(this.session.room);
    this.#shine();
    this.#schedule(LOOKS_MS.else);
    follow(this.session, this.#stopped.signal, {
      happened: (event) => this.#happened(event),
      live: (is) => {
        this.#live = is;
        this.#shine();
        this.look();
      },
    });
  }

  stop() {
    this.#stopped.abort();
    clearTimeout(this.#timer);
    hideRoom();
    closeDialog();
    clearEvents();
  }

  show(view) {
    this.#view = view;
    this.#refused = "";
    for (const name of VIEWS) $(`#${name}`).hidden = name !== view;
    for (const tab of desk.querySelectorAll("[data-view]")) tab.ariaCurrent = tab.dataset.view === view ? "page" : null;
    this.look();
  }

  choose(name) {
    this.#refused = "";
    hideRoom();
    this.#open = name && { api: this.api, room: name, people: [], changed: () => this.look(), tried: (call) => this.#tried(call) };
    this.look().then(() => name && $("#room-title").focus());
  }

  act(name) {
    const open = this.#open;
    const info = this.#rooms.find((room) => room.name === open?.room);
    ({
      create: () => createRoom(this.api, (room) => this.choose(room.name)),
      back: () => this.choose(""),
      clear: clearEvents,
      send: () => sendData(this.api, open.room, open.people),
      metadata: () => editMetadata(this.api, info, () => this.look()),
      delete: () => deleteRoom(this.api, open.room, () => this.choose("")),
    })[name]();
  }

  /** Look at everything that is shown, once what happens has settled; while one look is under way, one more follows it. */
  async look() {
    if (this.#looking) {
      this.#again = true;
      return this.#looking;
    }
    this.#looking = this.#look();
    await this.#looking;
    this.#looking = null;
    if (this.#again && !this.#stopped.signal.aborted) {
      this.#again = false;
      await this.look();
    }
  }

  async #look() {
    let failed = "";
    const looks = { rooms: () => this.#lookAtRooms(), egress: () => this.#lookAtEgress(), outbox: () => this.#lookAtOutbox(), log: () => {} };
    try {
      await looks[this.#view]();
    } catch (error) {
      failed = error.message;
    }
    if (this.#stopped.signal.aborted) return;
    complain(problem, this.#refused || failed);
    this.#schedule(this.#live ? LOOKS_MS.live : LOOKS_MS.else);
  }

  async #lookAtRooms() {
    const open = this.#open;
    this.#rooms = this.session.listsRooms ? (await this.api.room("ListRooms", {})).rooms : await this.#onlyRoom();
    if (this.#stopped.signal.aborted) return;
    const info = this.#rooms.find((room) => room.name === open?.room);
    if (open && info) await this.#lookAtPeople(open, info);
    else if (open && open === this.#open) this.#gone();
    showRooms(this.#rooms, this.#open?.room, (name) => this.choose(name));
  }

  async #lookAtPeople(open, info) {
    const { participants } = await this.api.room("ListParticipants", { room: open.room });
    if (open !== this.#open) return;
    open.people = participants.toSorted((one, other) => Number(one.joined_at_ms) - Number(other.joined_at_ms));
    showRoom(open, info);
  }

  /** A token that lists no rooms still shows its own: what can be known of it are its participants. */
  async #onlyRoom() {
    const name = this.session.room;
    if (!name) throw new Error("This token neither lists rooms (roomList) nor administers one (roomAdmin).");
    const { participants } = await this.api.room("ListParticipants", { room: name });
    const publishing = participants.filter((one) => one.is_publisher).length;
    return [{ name, num_participants: participants.length, num_publishers: publishing, metadata: "" }];
  }

  #gone() {
    this.#open = null;
    hideRoom();
  }

  async #lookAtEgress() {
    await this.#shown(() => this.api.call("Egress", "ListEgress", {}), (answer, sentence) =>
      showEgress(this.api, answer?.items ?? [], sentence, () => this.look()),
    );
  }

  async #lookAtOutbox() {
    await this.#shown(() => this.api.look("/admin/outbox"), showOutbox);
  }

  /** Show an answer, or in its place why there is none. */
  async #shown(call, show) {
    try {
      show(await call(), "");
    } catch (error) {
      show(null, error.message);
    }
  }

  async #tried(call) {
    try {
      await call();
      this.#refused = "";
    } catch (error) {
      this.#refused = error.message;
    }
  }

  #happened({ event, data }) {
    let message = null;
    try {
      message = JSON.parse(data);
    } catch {
      // some events are only words
    }
    showEvent(event === "message" ? (message?.event ?? event) : event, message);
    this.#schedule(SETTLES_MS);
  }

  #schedule(milliseconds) {
    clearTimeout(this.#timer);
    if (!this.#stopped.signal.aborted) this.#timer = setTimeout(() => this.look(), milliseconds);
  }

  #shine() {
    light.classList.toggle("on", this.#live);
    write(light, this.#live ? "live" : `looking every ${LOOKS_MS.else / 1000} s`);
    light.title = `Signed in as ${this.session.name}`;
  }
}

let current = null;

async function enter(credentials, keep) {
  const session = signIn(credentials, keep);
  const next = new Desk(session);
  await next.start();
  current = next;
  form.reset();
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
