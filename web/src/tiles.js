// The people of a call as tiles: one for each, and one more for a shared screen.

import { Track } from "livekit-client";
import { element, hue, icon } from "./dom.js";

/** In how many columns so many tiles have the most room for a wide picture each. */
function columnsFor(count, { clientWidth: width, clientHeight: height }) {
  const pictureWidth = (columns) => Math.min(width / columns, (height / Math.ceil(count / columns)) * (16 / 9));
  const choices = Array.from({ length: count }, (_, before) => before + 1);
  return choices.reduce((best, columns) => (pictureWidth(columns) > pictureWidth(best) ? columns : best), 1);
}

export class Tiles {
  #box;
  #tiles = new Map();
  #sounds = new Map();

  constructor(box) {
    this.#box = box;
    this.#watch = new ResizeObserver(() => this.#arrange());
    this.#watch.observe(box);
  }

  #watch;

  /** Make the tiles what the room's people and tracks are now. */
  show(room) {
    const people = [room.localParticipant, ...room.remoteParticipants.values()];
    const wanted = new Set();
    for (const person of people) {
      wanted.add(this.#update(person, Track.Source.Camera));
      if (person.getTrackPublication(Track.Source.ScreenShare)) wanted.add(this.#update(person, Track.Source.ScreenShare));
    }
    for (const [key, tile] of this.#tiles) if (!wanted.has(key)) this.#remove(key, tile);
    this.#arrange();
  }

  /** Play a remote sound, as long as it is subscribed. */
  play(track) {
    this.#sounds.set(track.sid, document.body.appendChild(track.attach()));
  }

  silence(track) {
    track.detach();
    this.#sounds.get(track.sid)?.remove();
    this.#sounds.delete(track.sid);
  }

  clear() {
    this.#watch.disconnect();
    for (const [key, tile] of this.#tiles) this.#remove(key, tile);
    for (const sound of this.#sounds.values()) sound.remove();
  }

  #update(person, source) {
    const key = `${person.sid} ${source}`;
    const screen = source === Track.Source.ScreenShare;
    const tile = this.#tiles.get(key) ?? this.#add(key, person, screen);
    const publication = person.getTrackPublication(source);
    this.#picture(tile, publication?.isMuted ? undefined : publication?.videoTrack);
    tile.classList.toggle("mirrored", person.isLocal && publication?.trackName !== "picture" && !screen);
    tile.classList.toggle("speaking", person.isSpeaking && !screen);
    const quiet = !screen && !person.isMicrophoneEnabled;
    const name = (person.name || person.identity) + (person.isLocal ? " (you)" : "") + (screen ? " · screen" : "");
    tile.caption.replaceChildren(element("span", { textContent: name }), ...(quiet ? [icon("microphone", true)] : []));
    return key;
  }

  #add(key, person, screen) {
    const name = person.name || person.identity;
    const initial = element("div", { className: "initial", textContent: [...name][0].toUpperCase() });
    initial.style.setProperty("--hue", hue(name));
    const caption = element("div", { className: "caption" });
    const tile = element("article", { className: screen ? "tile screen" : "tile" }, initial, caption);
    this.#tiles.set(key, this.#box.appendChild(Object.assign(tile, { caption })));
    return tile;
  }

  #picture(tile, track) {
    if (tile.track === track) return;
    if (tile.track) for (const video of tile.track.detach()) video.remove();
    tile.track = track;
    if (track) tile.caption.before(track.attach());
  }

  #remove(key, tile) {
    this.#picture(tile, undefined);
    tile.remove();
    this.#tiles.delete(key);
  }

  #arrange() {
    this.#box.style.setProperty("--columns", columnsFor(this.#tiles.size, this.#box));
  }
}
