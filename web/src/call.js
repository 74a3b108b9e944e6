// A call: the room of livekit-client, shown as tiles, with a bar of buttons and a chat.

import { ConnectionState, DisconnectReason, Room, RoomEvent, Track } from "livekit-client";
import { Chat } from "./chat.js";
import { $, icon } from "./dom.js";
import { bring } from "./media.js";
import { Tiles } from "./tiles.js";

const REDRAW = [
  RoomEvent.ParticipantConnected,
  RoomEvent.ParticipantDisconnected,
  RoomEvent.ParticipantNameChanged,
  RoomEvent.TrackPublished,
  RoomEvent.TrackUnpublished,
  RoomEvent.TrackSubscribed,
  RoomEvent.TrackUnsubscribed,
  RoomEvent.TrackMuted,
  RoomEvent.TrackUnmuted,
  RoomEvent.LocalTrackPublished,
  RoomEvent.LocalTrackUnpublished,
  RoomEvent.ActiveSpeakersChanged,
  RoomEvent.Connected,
  RoomEvent.Reconnected,
];

const STATUS = {
  [ConnectionState.Reconnecting]: "Reconnecting…",
  [ConnectionState.SignalReconnecting]: "Reconnecting…",
};

const FAREWELLS = {
  [DisconnectReason.CLIENT_INITIATED]: "",
  [DisconnectReason.DUPLICATE_IDENTITY]: "You joined from somewhere else.",
  [DisconnectReason.PARTICIPANT_REMOVED]: "You were removed from the room.",
  [DisconnectReason.ROOM_DELETED]: "The room was closed.",
  [DisconnectReason.SERVER_SHUTDOWN]: "The server stopped.",
};

/** Join, and show the call. `ended` of the answer resolves with a sentence on why it ended, empty if by own wish. */
export async function startCall({ room: name, media, token }) {
  const room = new Room({ adaptiveStream: true, dynacast: true });
  await room.connect(location.origin.replace(/^http/, "ws"), token);
  const call = new Call(room, name);
  bring(room.localParticipant, media, (text) => call.toast(text)).catch((error) => call.toast(error.message));
  return call;
}

/** Copy this page's address, and say so on the button for a moment. */
async function copyLink(button) {
  await navigator.clipboard.writeText(location.href);
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy link"), 1500);
}

class Call {
  #room;
  #box = $("#call");
  #tiles = new Tiles($("#tiles"));
  #chat;

  constructor(room, name) {
    this.#room = room;
    $("h2", this.#box).textContent = name;
    this.#chat = new Chat($("#chat"), this.#button("chat"), (text) => this.#say(text));
    this.#listen();
    for (const button of this.#box.querySelectorAll("footer button"))
      button.onclick = () => this.#do(button.dataset.do).catch((error) => this.toast(error.message));
    $(".invite", this.#box).onclick = (event) => copyLink(event.target).catch(() => this.toast(`The link is ${location.href}`));
    this.ended = new Promise((resolve) => {
      room.once(RoomEvent.Disconnected, (reason) => {
        this.#box.hidden = true;
        this.#tiles.clear();
        resolve(FAREWELLS[reason] ?? "The connection was lost.");
      });
    });
    this.#box.hidden = false;
    this.#redraw();
  }

  /** Show a problem for a while. */
  toast(text) {
    const box = $(".toast", this.#box);
    box.textContent = text;
    box.hidden = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (box.hidden = true), 6000);
  }

  #timer;

  #listen() {
    const room = this.#room;
    for (const event of REDRAW) room.on(event, () => this.#redraw());
    room.on(RoomEvent.TrackSubscribed, (track) => track.kind === Track.Kind.Audio && this.#tiles.play(track));
    room.on(RoomEvent.TrackUnsubscribed, (track) => track.kind === Track.Kind.Audio && this.#tiles.silence(track));
    room.on(RoomEvent.ChatMessage, ({ message }, sender) => this.#chat.add(sender?.name || sender?.identity || "", message));
    room.on(RoomEvent.ConnectionStateChanged, (state) => {
      $(".status", this.#box).textContent = STATUS[state] ?? "";
    });
  }

  async #say(text) {
    await this.#room.localParticipant.sendChatMessage(text).catch((error) => this.toast(error.message));
  }

  #do(what) {
    const me = this.#room.localParticipant;
    switch (what) {
      case "microphone":
        return me.setMicrophoneEnabled(!me.isMicrophoneEnabled);
      case "camera":
        return me.setCameraEnabled(!me.isCameraEnabled);
      case "screen":
        return me.setScreenShareEnabled(!me.isScreenShareEnabled, { audio: true });
      case "chat":
        return Promise.resolve(this.#chat.toggle());
      default:
        return this.#room.disconnect();
    }
  }

  #redraw() {
    const me = this.#room.localParticipant;
    const count = this.#room.remoteParticipants.size + 1;
    $(".people", this.#box).textContent = count === 1 ? "only you" : `${count} people`;
    this.#tiles.show(this.#room);
    this.#label("microphone", me.isMicrophoneEnabled, me.isMicrophoneEnabled ? "Mute" : "Unmute", !me.isMicrophoneEnabled);
    this.#label("camera", me.isCameraEnabled, "Camera", !me.isCameraEnabled);
    this.#label("screen", me.isScreenShareEnabled, "Screen");
    this.#label("chat", !$("#chat").hidden, "Chat");
    this.#label("leave", false, "Leave");
  }

  #label(what, pressed, text, off = false) {
    const button = this.#button(what);
    button.ariaPressed = String(pressed);
    button.replaceChildren(icon(what, off), text);
  }

  #button(what) {
    return $(`[data-do="${what}"]`, this.#box);
  }
}
