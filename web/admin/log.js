// The events of the stream as they come, the newest first.

import { $, element, write } from "./dom.js";
import { plain } from "./words.js";

const section = $("#log");
const list = $(".events", section);
const KEPT = 200;

/** What an event is about, in one line. */
function about(message) {
  const parts = [
    message.room?.name,
    message.participant && (message.participant.name || message.participant.identity),
    message.track && `${plain(message.track.source ?? "")} ${message.track.sid ?? ""}`.trim(),
    message.egressInfo?.egressId,
    message.missed && String(message.missed),
  ];
  return parts.filter(Boolean).join(" · ");
}

export function showEvent(name, message) {
  const when = element("time", { textContent: new Date().toLocaleTimeString() });
  const what = typeof message === "object" && message ? about(message) : "";
  list.prepend(element("li", {}, when, element("b", { textContent: name.replaceAll("_", " ") }), element("span", { textContent: what })));
  while (list.children.length > KEPT) list.lastChild.remove();
  $(".empty", section).hidden = true;
  write($(".count", section), String(list.children.length));
}

export function clearEvents() {
  list.replaceChildren();
  $(".empty", section).hidden = false;
  write($(".count", section), "");
}
