// One room: what it is, who is in it, what can be done about it.

import { ask } from "./dialog.js";
import { $, arrange, button, complain, element, facts, write } from "./dom.js";
import { participant as inWords, plain, time, track as trackInWords } from "./words.js";

const section = $("#room");

/** Bytes of a text as the API takes them. */
function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** Ask for a text and send it to everybody, or to one identity. */
export function sendData(api, room, people, to = "") {
  ask({
    title: to ? `Send data to ${to}` : `Send data to ${room}`,
    fields: [
      { name: "text", label: "Text", kind: "long", required: true },
      { name: "topic", label: "Topic" },
      { name: "to", label: "To", kind: [["", "Everybody"], ...people.map(({ identity }) => [identity, identity])], value: to },
      { name: "reliable", label: "Reliably (again until it arrives)", kind: "check", value: true },
    ],
    verb: "Send",
    does: ({ text, topic, to: identity, reliable }) =>
      api.room("SendData", {
        room,
        data: base64(text),
        kind: reliable ? "RELIABLE" : "LOSSY",
        destination_identities: identity ? [identity] : [],
        ...(topic && { topic }),
      }),
  });
}

export function editMetadata(api, room, done) {
  ask({
    title: `Metadata of ${room.name}`,
    hint: "Everybody in the room is told of it.",
    fields: [{ name: "metadata", label: "Metadata", kind: "long", value: room.metadata }],
    verb: "Save",
    does: async ({ metadata }) => done(await api.room("UpdateRoomMetadata", { room: room.name, metadata })),
  });
}

export function deleteRoom(api, room, done) {
  ask({
    title: `Delete ${room}?`,
    hint: "Everybody in it is disconnected. This cannot be undone.",
    verb: "Delete room",
    alarm: true,
    does: async () => done(await api.room("DeleteRoom", { room })),
  });
}

function removeParticipant(api, room, identity, done) {
  ask({
    title: `Remove ${identity}?`,
    hint: `${identity} is disconnected from ${room}, and may come back with a token that still holds.`,
    fields: [{ name: "revoke", label: "Refuse the tokens that it has now", kind: "check" }],
    verb: "Remove",
    alarm: true,
    does: async ({ revoke }) => {
      const until = revoke ? { revoke_token_ts: String(Math.floor(Date.now() / 1000)) } : {};
      done(await api.room("RemoveParticipant", { room, identity, ...until }));
    },
  });
}

function editParticipant(api, room, info, done) {
  const { permission = {} } = info;
  ask({
    title: `Edit ${info.identity}`,
    fields: [
      { name: "name", label: "Name", value: info.name },
      { name: "metadata", label: "Metadata", kind: "long", value: info.metadata },
      { name: "can_publish", label: "May publish", kind: "check", value: permission.can_publish },
      { name: "can_publish_data", label: "May send data", kind: "check", value: permission.can_publish_data },
      { name: "can_subscribe", label: "May subscribe", kind: "check", value: permission.can_subscribe },
    ],
    verb: "Save",
    does: async ({ name, metadata, ...may }) => {
      const changed = {
        ...(name !== info.name && { name }),
        ...(metadata !== info.metadata && { metadata }),
        ...(Object.keys(may).some((grant) => may[grant] !== Boolean(permission[grant])) && { permission: { ...permission, ...may } }),
      };
      done(await api.room("UpdateParticipant", { room, identity: info.identity, ...changed }));
    },
  });
}

/** A participant's element; `state` gives what is known now, because the element outlives what it was made of. */
function person(state, { identity }) {
  const here = () => state.people.find((one) => one.identity === identity);
  const { api, room, changed } = state;
  const head = element(
    "div",
    { className: "bar" },
    element("div", {}, element("h4"), element("p", { className: "soft" })),
    button("Send data", () => sendData(api, room, state.people, identity), { ariaLabel: `Send data to ${identity}` }),
    button("Edit", () => editParticipant(api, room, here(), changed), { ariaLabel: `Edit ${identity}` }),
    button("Remove", () => removeParticipant(api, room, identity, changed), {
      className: "alarm",
      ariaLabel: `Remove ${identity}`,
    }),
  );
  return element("li", { className: "person" }, head, element("dl", { className: "facts" }), element("ul", { className: "tracks" }));
}

function showPerson(state, item, info) {
  write($("h4", item), info.name && info.name !== info.identity ? `${info.name} (${info.identity})` : info.identity);
  write($("p", item), inWords(info));
  const attributes = Object.entries(info.attributes ?? {}).map(([name, value]) => `${name}: ${value}`);
  facts($(".facts", item), [["Metadata", info.metadata], ["Attributes", attributes.join("\n")]]);
  $(".facts", item).hidden = !info.metadata && !attributes.length;
  arrange($(".tracks", item), info.tracks ?? [], {
    key: (track) => track.sid,
    make: (track) => trackRow(state, info.identity, track),
    show: showTrack,
  });
}

function trackRow(state, identity, { sid }) {
  const row = element("li", { className: "track" }, element("span"), element("span", { className: "state" }));
  const toggle = button("", async () => {
    toggle.disabled = true;
    const muted = row.dataset.muted !== "true";
    await state.tried(() => state.api.room("MutePublishedTrack", { room: state.room, identity, track_sid: sid, muted }));
    toggle.disabled = false;
    state.changed();
  });
  row.append(toggle);
  return row;
}

function showTrack(row, track) {
  row.dataset.muted = track.muted;
  write(row.children[0], trackInWords(track));
  write(row.children[1], track.muted ? "muted" : "on");
  row.children[1].classList.toggle("muted", track.muted);
  write(row.children[2], track.muted ? "Unmute" : "Mute");
  row.children[2].ariaLabel = `${track.muted ? "Unmute" : "Mute"} ${plain(track.source)} ${track.sid}`;
}

/** Show a room; one without a sid is known by its participants only. `state` is `{api, room, people, changed, tried}` and must stay the same object while the room is open. */
export function showRoom(state, info) {
  section.hidden = false;
  write($("h2", section), info.name);
  facts($(".facts", section), [
    ["Sid", info.sid],
    ["Since", time(info.creation_time)],
    ["Here", `${info.num_participants}, ${info.num_publishers} publishing`],
    ["At most", info.max_participants ? String(info.max_participants) : ""],
    ["Closes", info.sid && `${info.empty_timeout} s without anybody, ${info.departure_timeout} s after the last has left`],
    ["Recording", info.active_recording ? "yes" : ""],
    ["Metadata", info.metadata],
  ]);
  arrange($(".people", section), state.people, {
    key: (one) => one.sid,
    make: (one) => person(state, one),
    show: (item, one) => showPerson(state, item, one),
  });
  complain($(".empty", section), state.people.length ? "" : "Nobody is here.");
}

export function hideRoom() {
  section.hidden = true;
  $(".people", section).replaceChildren();
}
