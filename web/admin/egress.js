// What is recorded and streamed; starting to record a room, and stopping anything.

import { ask } from "./dialog.js";
import { $, arrange, button, complain, element, write } from "./dom.js";
import { bytes, count, plain, time } from "./words.js";

const section = $("#egress");
const RUNS = new Set(["EGRESS_STARTING", "EGRESS_ACTIVE"]);
const KINDS = ["room_composite", "participant", "track_composite", "track", "web"];

const seconds = (nanoseconds) => Number(nanoseconds) / 1e9;

const SOUND = "sound";
const LAYOUTS = [
  ["grid", "Everybody, in tiles of one size"],
  ["speaker", "Who speaks, large, and the others beside"],
  ["single-speaker", "Who speaks, alone"],
  [SOUND, "Sound only"],
];

/** Ask what to record of which room, and where to; `done()` is called when that has begun. */
export function record(api, rooms, chosen, done) {
  if (!rooms.length) throw new Error("There is no room to record.");
  ask({
    title: "Record a room",
    hint: "In the file's name {room_name}, {room_id}, {time} and {utc} are filled in; its extension follows from the contents.",
    fields: [
      { name: "room_name", label: "Room", kind: rooms.map(({ name }) => [name, name]), value: chosen || rooms[0].name },
      { name: "layout", label: "What", kind: LAYOUTS, value: "grid" },
      { name: "filepath", label: "File", value: "{room_name}/{time}", required: true, maxLength: 1024, spellcheck: false },
    ],
    verb: "Start recording",
    does: async ({ room_name, layout, filepath }) => {
      const what = layout === SOUND ? { audio_only: true } : { layout };
      done(await api.call("Egress", "StartRoomCompositeEgress", { room_name, ...what, file_outputs: [{ filepath }] }));
    },
  });
}

function results(info) {
  const files = (info.file_results ?? []).map((file) => `${file.filename} (${bytes(file.size)})`);
  const segments = (info.segment_results ?? []).map((one) => `${one.playlist_name} (${count(Number(one.segment_count), "segment")})`);
  const streams = (info.stream_results ?? []).map((one) => `${one.url} (${plain(one.status)})`);
  const images = (info.image_results ?? []).map((one) => count(Number(one.image_count), "image"));
  return [...files, ...segments, ...streams, ...images].join(", ");
}

function describe(info) {
  const kind = KINDS.find((name) => info[name]);
  const ended = seconds(info.ended_at);
  return [
    plain(info.status.replace("EGRESS_", "")),
    kind ? plain(kind) : "",
    seconds(info.started_at) ? `since ${time(seconds(info.started_at))}` : "",
    ended ? `until ${time(ended)}` : "",
    results(info),
    info.error || info.details || "",
  ]
    .filter(Boolean)
    .join(" · ");
}

function card(api, { egress_id: id, room_name: room }, changed) {
  const stop = button("Stop", () =>
    ask({
      title: `Stop ${id}?`,
      hint: `What was recorded of ${room || "it"} is kept.`,
      verb: "Stop egress",
      alarm: true,
      does: async () => changed(await api.call("Egress", "StopEgress", { egress_id: id })),
    }),
  );
  stop.ariaLabel = `Stop ${id}`;
  stop.className = "alarm";
  return element("li", { className: "card" }, element("b"), element("span", { className: "soft" }), element("div", { className: "bar" }, stop));
}

/** Show what `ListEgress` answered, what runs first. */
export function showEgress(api, items, sentence, changed) {
  const order = (info) => (RUNS.has(info.status) ? 0 : 1);
  const sorted = items.toSorted((one, other) => order(one) - order(other) || Number(other.started_at) - Number(one.started_at));
  arrange($(".cards", section), sorted, {
    key: (info) => info.egress_id,
    make: (info) => card(api, info, changed),
    show: (item, info) => {
      write(item.children[0], `${info.room_name || "no room"} · ${info.egress_id}`);
      write(item.children[1], describe(info));
      item.children[2].hidden = !RUNS.has(info.status);
    },
  });
  write($(".count", section), items.length ? String(items.length) : "");
  complain($(".empty", section), sentence || (items.length ? "" : "Nothing is recorded, and nothing was."));
}
