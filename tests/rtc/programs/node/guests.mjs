// Guests in LiveKit's Node SDK, at the command of the tests: the README has the protocol.

import {
  AudioFrame,
  AudioSource,
  AudioStream,
  DataPacketKind,
  DisconnectReason,
  LocalAudioTrack,
  LocalVideoTrack,
  Room,
  RpcError,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
  VideoBufferType,
  VideoCodec,
  VideoFrame,
  VideoSource,
  VideoStream,
  dispose,
} from "@livekit/rtc-node";
import { say, serve } from "../protocol.mjs";

const RATE = 48_000;
const FRAME = RATE / 100;
const FRAMES_PER_S = 15;
/** Y, U and V. */
const COLOURS = { red: [82, 90, 240], green: [145, 54, 34], blue: [41, 240, 110] };
const SOURCES = {
  microphone: TrackSource.SOURCE_MICROPHONE,
  camera: TrackSource.SOURCE_CAMERA,
  screen_share: TrackSource.SOURCE_SCREENSHARE,
  screen_share_audio: TrackSource.SOURCE_SCREENSHARE_AUDIO,
};
const PATTERN = Uint8Array.from({ length: 256 }, (_, value) => value);

const nameOf = (table, value) => Object.keys(table).find((name) => table[name] === value);

/** What was heard of a track since somebody last asked. */
class Ear {
  frames = 0;
  samples = [];

  constructor(track) {
    this.reader = new AudioStream(track, RATE, 1).getReader();
    this.listen();
  }

  async listen() {
    for (let next; !(next = await this.reader.read()).done; this.frames++) {
      this.samples.push(next.value.data.slice());
      if (this.samples.length > 50) this.samples.shift();
    }
  }

  report() {
    const samples = this.samples.flatMap((frame) => [...frame]);
    this.samples = [];
    if (!samples.length) return { frames: this.frames, rms: 0, hz: 0 };
    const crossings = samples.filter((sample, at) => at && sample < 0 !== samples[at - 1] < 0).length;
    const energy = samples.reduce((sum, sample) => sum + (sample / 32768) ** 2, 0);
    return {
      frames: this.frames,
      rms: Math.sqrt(energy / samples.length),
      hz: (crossings / 2 / samples.length) * RATE,
    };
  }
}

/** What was seen of a track. */
class Eye {
  frames = 0;

  constructor(track) {
    this.reader = new VideoStream(track).getReader();
    this.watch();
  }

  async watch() {
    for (let next; !(next = await this.reader.read()).done; this.frames++) this.last = next.value.frame;
  }

  report() {
    if (!this.last) return { frames: 0, width: 0, height: 0, colour: null };
    const { width, height, data } = this.last.convert(VideoBufferType.I420);
    const [halfWidth, halfHeight] = [(width + 1) >> 1, (height + 1) >> 1];
    const u = width * height + (halfHeight >> 1) * halfWidth + (halfWidth >> 1);
    const v = u + halfWidth * halfHeight;
    const distance = (name) => Math.hypot(COLOURS[name][1] - data[u], COLOURS[name][2] - data[v]);
    const colour = Object.keys(COLOURS).reduce((best, name) => (distance(name) < distance(best) ? name : best));
    return { frames: this.frames, width, height, colour };
  }
}

/** One participant. Each method without a leading # is a command. */
class Guest {
  #room = new Room();
  #senses = new Map();
  #playing = new Map();
  #tell;

  constructor(who) {
    this.#tell = (event, details) => say({ who, event, ...details });
    const tell = this.#tell;
    this.#room
      .on("participantConnected", ({ identity }) => tell("participant_connected", { identity }))
      .on("participantDisconnected", ({ identity }) => tell("participant_disconnected", { identity }))
      .on("disconnected", (reason) => tell("disconnected", { reason: DisconnectReason[reason] }))
      .on("reconnecting", () => tell("reconnecting"))
      .on("reconnected", () => tell("reconnected"))
      .on("moved", () => tell("moved", { room: this.#room.name }))
      .on("activeSpeakersChanged", (speakers) => tell("speakers", { identities: speakers.map((one) => one.identity) }))
      .on("trackSubscribed", (track, { sid, name }, { identity }) => {
        this.#senses.set(sid, track.kind === TrackKind.KIND_AUDIO ? new Ear(track) : new Eye(track));
        tell("track_subscribed", { identity, name });
      })
      .on("trackUnsubscribed", (_track, { sid, name }, { identity }) => {
        this.#senses.delete(sid);
        tell("track_unsubscribed", { identity, name });
      })
      .on("dataReceived", (payload, sender, kind, topic) =>
        tell("data", {
          payload: Buffer.from(payload).toString(),
          topic: topic ?? "",
          sender: sender?.identity ?? null,
          reliable: kind === DataPacketKind.KIND_RELIABLE,
        }),
      );
  }

  get #me() {
    return this.#room.localParticipant;
  }

  async connect({ url, token, passphrase }) {
    const encryption = passphrase && { keyProviderOptions: { sharedKey: Buffer.from(passphrase) } };
    await this.#room.connect(url, token, { autoSubscribe: true, dynacast: false, ...(encryption && { encryption }) });
    return { sid: this.#me.sid, room: this.#room.name };
  }

  async disconnect() {
    for (const name of [...this.#playing.keys()]) this.#stop(name);
    await this.#room.disconnect();
  }

  async publish({ name, source, hz = 440, colour = "red", width = 320, height = 180, simulcast = false }) {
    const audio = source === "microphone" || source === "screen_share_audio";
    const origin = audio ? new AudioSource(RATE, 1) : new VideoSource(width, height);
    const track = audio
      ? LocalAudioTrack.createAudioTrack(name, origin)
      : LocalVideoTrack.createVideoTrack(name, origin);
    const playing = { on: true };
    this.#playing.set(name, playing);
    const play = audio ? sing(origin, hz, playing) : paint(origin, colour, playing);
    play.catch(() => {}); // the source may be closed under it
    const options = new TrackPublishOptions({ source: SOURCES[source], simulcast, videoCodec: VideoCodec.VP8 });
    const publication = await this.#me.publishTrack(track, options);
    playing.sid = publication.sid;
    return publication.sid;
  }

  async unpublish({ name }) {
    await this.#me.unpublishTrack(this.#stop(name).sid);
  }

  #stop(name) {
    const playing = this.#playing.get(name);
    this.#playing.delete(name);
    playing.on = false;
    return playing;
  }

  async senses({ identity, name }) {
    return this.#senses.get(this.#publication(identity, name)?.sid)?.report();
  }

  async subscribe({ identity, name, on }) {
    this.#publication(identity, name).setSubscribed(on);
  }

  #publication(identity, name) {
    const other = this.#room.remoteParticipants.get(identity);
    return [...(other?.trackPublications.values() ?? [])].find((one) => one.name === name);
  }

  async send({ payload, topic = "", reliable = true, to = [] }) {
    await this.#me.publishData(Buffer.from(payload), { topic, reliable, destination_identities: to });
  }

  async send_text({ text, topic, to }) {
    await this.#me.sendText(text, { topic, destinationIdentities: to });
  }

  async send_bytes({ size, topic, to }) {
    const writer = await this.#me.streamBytes({ topic, destinationIdentities: to, totalSize: size });
    for (let sent = 0; sent < size; sent += 256) await writer.write(PATTERN);
    await writer.close();
  }

  async listen({ topic }) {
    this.#room.registerTextStreamHandler(topic, async (reader, { identity }) =>
      this.#tell("text", { topic, text: await reader.readAll(), sender: identity }),
    );
    this.#room.registerByteStreamHandler(topic, async (reader, { identity }) => {
      const content = Buffer.concat(await reader.readAll());
      const intact = content.every((value, at) => value === at % 256);
      this.#tell("bytes", { topic, size: content.length, intact, sender: identity });
    });
  }

  async answer({ method, prefix = "", error = null }) {
    this.#me.registerRpcMethod(method, async ({ payload }) => {
      if (error) throw new RpcError(...error);
      return prefix + payload;
    });
  }

  async call({ identity, method, payload }) {
    try {
      return { reply: await this.#me.performRpc({ destinationIdentity: identity, method, payload }) };
    } catch (error) {
      if (error instanceof RpcError) return { error: [error.code, error.message] };
      throw error;
    }
  }

  async describe({ name, metadata, attributes }) {
    if (name !== undefined) await this.#me.updateName(name);
    if (metadata !== undefined) await this.#me.updateMetadata(metadata);
    if (attributes !== undefined) await this.#me.setAttributes(attributes);
  }

  async state() {
    return {
      connected: this.#room.isConnected,
      room: this.#room.name,
      metadata: this.#room.metadata,
      me: this.#me ? participant(this.#me) : null,
      others: Object.fromEntries(
        [...this.#room.remoteParticipants].map(([identity, other]) => [identity, participant(other)]),
      ),
    };
  }
}

function participant({ sid, name, metadata, attributes, trackPublications }) {
  const tracks = [...trackPublications.values()].map((one) => [one.name, publication(one)]);
  return { sid, name, metadata, attributes, tracks: Object.fromEntries(tracks) };
}

function publication({ sid, source, muted, simulcasted, encryptionType, subscribed = false }) {
  return {
    sid,
    source: nameOf(SOURCES, source),
    muted,
    simulcast: simulcasted,
    encrypted: encryptionType !== 0,
    subscribed,
  };
}

/** A tone, as long as `playing.on`. */
async function sing(source, hz, playing) {
  for (let start = 0; playing.on; start += FRAME) {
    const samples = Int16Array.from({ length: FRAME }, (_, at) =>
      Math.round(Math.sin((2 * Math.PI * hz * (start + at)) / RATE) * 10_000),
    );
    await source.captureFrame(new AudioFrame(samples, RATE, 1, FRAME));
  }
}

/** A plain colour, with a bar that wanders at the upper edge so that no frame is like the one before. */
async function paint(source, colour, playing) {
  const { width, height } = source;
  const size = width * height;
  const [y, u, v] = COLOURS[colour];
  for (let step = 0; playing.on; step++) {
    const picture = new Uint8Array((size * 3) / 2).fill(y, 0, size).fill(u, size, (size * 5) / 4).fill(v, (size * 5) / 4);
    const bar = (step * 8) % (width - 16);
    for (let row = 0; row < height >> 3; row++) picture.fill(235, row * width + bar, row * width + bar + 16);
    source.captureFrame(new VideoFrame(picture, width, height, VideoBufferType.I420));
    await new Promise((resolve) => setTimeout(resolve, 1000 / FRAMES_PER_S));
  }
}

const guests = new Map();

await serve(async (who, command, given) => {
  if (!guests.has(who)) guests.set(who, new Guest(who));
  const guest = guests.get(who);
  if (command === "disconnect") guests.delete(who);
  return guest[command](given);
});
await Promise.all([...guests.values()].map((guest) => guest.disconnect()));
await dispose();
