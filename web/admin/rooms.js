// The list of rooms, and making a new one.

import { ask } from "./dialog.js";
import { $, arrange, button, complain, element, write } from "./dom.js";
import { time } from "./words.js";

const MOST = 300; // cards at a time; the filter finds the others

const section = $("#list");
const filter = $(".filter", section);
let rooms = [];

function shown() {
  const wanted = filter.value.toLowerCase();
  return rooms.filter(({ name }) => name.toLowerCase().includes(wanted));
}

function describe(room) {
  const seats = room.max_participants ? ` of ${room.max_participants}` : "";
  const parts = [
    `${room.num_participants}${seats} here`,
    `${room.num_publishers} publishing`,
    room.active_recording ? "recording" : "",
    room.creation_time ? `since ${time(room.creation_time)}` : "",
  ];
  return parts.filter(Boolean).join(" · ");
}

/** What there is to say below the cards. */
function remark(fitting) {
  if (fitting > MOST) return `${fitting - MOST} more: narrow it down with the filter.`;
  if (fitting) return "";
  return rooms.length ? "No room has that in its name." : "There are no rooms.";
}

/** Show the rooms; `chosen` is the name of the open one, `choose(name)` opens one. */
export function showRooms(list, chosen, choose) {
  rooms = list;
  const draw = () => {
    const fitting = shown();
    arrange($(".cards", section), fitting.slice(0, MOST), {
      key: (room) => room.name,
      make: (room) => element("li", {}, button("", () => choose(room.name), { className: "card" })),
      show: (item, room) => {
        const card = item.firstChild;
        if (!card.firstChild) card.append(element("b"), element("span", { className: "soft" }));
        write(card.firstChild, room.name);
        write(card.lastChild, describe(room));
        card.ariaCurrent = room.name === chosen ? "true" : null;
      },
    });
    write($(".count", section), rooms.length ? String(rooms.length) : "");
    complain($(".empty", section), remark(fitting.length));
  };
  filter.oninput = draw;
  draw();
}

/** Ask for a new room's name and limits; `done(room)` is called with what was created. */
export function createRoom(api, done) {
  ask({
    title: "Create a room",
    fields: [
      { name: "name", label: "Name", required: true, maxLength: 256 },
      { name: "max_participants", label: "Most participants (0: no limit)", kind: "number", value: 0, min: 0 },
      { name: "empty_timeout", label: "Seconds until it closes when nobody joins (0: the server's own)", kind: "number", value: 0, min: 0 },
      { name: "metadata", label: "Metadata", kind: "long" },
    ],
    verb: "Create room",
    does: async ({ name, metadata, max_participants, empty_timeout }) => {
      const numbers = { max_participants: Number(max_participants), empty_timeout: Number(empty_timeout) };
      done(await api.room("CreateRoom", { name, metadata, ...numbers }));
    },
  });
}
