// What goes on while somebody is signed in: the token sees what it may. Events say when to look again; without them the
// desk looks now and then.

import { Api } from "./api.js";
import { closeDialog } from "./dialog.js";
import { $, complain, write } from "./dom.js";
import { record, showEgress } from "./egress.js";
import { clearEvents, showEvent } from "./log.js";
import { replay, showOutbox } from "./outbox.js";
import { deleteRoom, editMetadata, hideRoom, sendData, showRoom } from "./room.js";
import { createRoom, showRooms } from "./rooms.js";
import { follow } from "./stream.js";

const SETTLES_MS = 150;
const LOOKS_MS = { live: 15_000, else: 3000 };
const REST = 5; // looks may take a sixth of the time
const VIEWS = ["rooms", "egress", "outbox", "log"];

const section = $("#desk");
const problem = $(".problem", section);
const light = $(".live", section);

export class Desk {
  #stopped = new AbortController();
  #view = "rooms";
  #open = null; // the open room's state, see room.js
  #rooms = [];
  #live = false;
  #refused = ""; // why the last thing that was tried did not work
  #timer = 0;
  #looking = null;
  #next = null;
  #took = 0; // milliseconds that the last look took

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
    for (const list of section.querySelectorAll(".cards")) list.replaceChildren(); // its buttons are this session's
  }

  show(view) {
    this.#view = view;
    this.#refused = "";
    for (const name of VIEWS) $(`#${name}`).hidden = name !== view;
    for (const tab of section.querySelectorAll("[data-view]")) tab.ariaCurrent = tab.dataset.view === view ? "page" : null;
    write($(".told", section), "");
    return this.look();
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
      record: () => this.#record(),
      replay: () => replay(this.#outbox()),
    })[name]();
  }

  /** Look at everything that is shown. While one look is under way, one more follows it for all who asked meanwhile. */
  look() {
    if (this.#looking) {
      this.#next ??= this.#looking.then(() => {
        this.#next = null;
        return this.look();
      });
      return this.#next;
    }
    const began = performance.now();
    this.#looking = this.#look().finally(() => {
      this.#looking = null;
      this.#took = performance.now() - began;
    });
    return this.#looking;
  }

  async #look() {
    if (this.#stopped.signal.aborted) return;
    let failed = "";
    const looks = { rooms: () => this.#lookAtRooms(), egress: () => this.#lookAtEgress(), outbox: () => this.#lookAtOutbox(), log: () => {} };
    try {
      await looks[this.#view]();
    } catch (error) {
      failed = error.message;
    }
    if (this.#stopped.signal.aborted) return;
    complain(problem, this.#refused || failed);
    const told = this.#live && this.#view !== "outbox"; // no event tells of deliveries
    this.#schedule(told ? LOOKS_MS.live : LOOKS_MS.else);
  }

  async #record() {
    const chosen = this.#view === "rooms" ? this.#open?.room : "";
    await this.#tried(async () => {
      const rooms = this.session.listsRooms ? (await this.api.room("ListRooms", {})).rooms : await this.#onlyRoom();
      record(this.api, rooms, chosen, () => this.show("egress").then(() => $("#egress h2").focus()));
    });
    complain(problem, this.#refused);
  }

  #outbox() {
    return { api: this.api, changed: () => this.look(), tried: (call) => this.#tried(call) };
  }

  async #lookAtRooms() {
    const open = this.#open;
    this.#rooms = this.session.listsRooms ? (await this.api.room("ListRooms", {})).rooms : await this.#onlyRoom();
    if (this.#stopped.signal.aborted) return;
    const info = this.#rooms.find((room) => room.name === open?.room);
    if (open && !info && open === this.#open) this.#gone();
    showRooms(this.#rooms, this.#open?.room, (name) => this.choose(name));
    if (open && info) await this.#lookAtPeople(open, info);
  }

  async #lookAtPeople(open, info) {
    let participants = [];
    try {
      ({ participants } = await this.api.room("ListParticipants", { room: open.room }));
    } finally {
      if (open === this.#open) {
        open.people = participants.toSorted((one, other) => Number(one.joined_at_ms) - Number(other.joined_at_ms));
        showRoom(open, info);
      }
    }
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
    await this.#shown(
      () => this.api.look("/admin/outbox"),
      (outbox, sentence) => showOutbox(this.#outbox(), outbox, sentence),
    );
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
    this.#schedule(Math.max(SETTLES_MS, REST * this.#took));
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
