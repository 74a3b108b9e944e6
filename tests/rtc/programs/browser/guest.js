// A guest in livekit-client, in a page; `window.tell(event, details)` reaches the tests.

const { ConnectionState, DisconnectReason, ExternalE2EEKeyProvider, Room, RpcError, Track, VideoQuality } =
  window.LivekitClient;

const COLOURS = { red: [220, 30, 30], green: [30, 200, 30], blue: [30, 30, 220] };
const FRAMES_PER_S = 15;
const PATTERN = Uint8Array.from({ length: 256 }, (_, value) => value);
const nameOf = (table, value) => Object.keys(table).find((name) => table[name] === value);
const tell = window.tell;

/** What is heard of a track at the moment. */
class Ear {
  constructor(track) {
    this.track = track;
    this.element = track.attach(); // Chromium decodes only what is played
    this.context = new AudioContext();
    this.analyser = new AnalyserNode(this.context, { fftSize: 16384 });
    this.context.createMediaStreamSource(new MediaStream([track.mediaStreamTrack])).connect(this.analyser);
  }

  async report() {
    const samples = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(samples);
    const crossings = samples.filter((sample, at) => at && sample < 0 !== samples[at - 1] < 0).length;
    const energy = samples.reduce((sum, sample) => sum + sample ** 2, 0);
    const stats = await received(this.track);
    return {
      frames: Math.floor((stats.totalSamplesReceived ?? 0) / (this.context.sampleRate / 100)),
      rms: Math.sqrt(energy / samples.length),
      hz: (crossings / 2 / samples.length) * this.context.sampleRate,
    };
  }

  close() {
    this.track.detach();
    this.context.close();
  }
}

/** What is seen of a track. */
class Eye {
  constructor(track) {
    this.track = track;
    this.element = track.attach();
    document.body.append(this.element);
    this.canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  }

  async report() {
    const { videoWidth: width, videoHeight: height } = this.element;
    if (!width) return { frames: 0, width: 0, height: 0, colour: null };
    this.canvas.drawImage(this.element, width / 2, height / 2, 1, 1, 0, 0, 1, 1);
    const pixel = [...this.canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    const colour = Object.keys(COLOURS)[pixel.indexOf(Math.max(...pixel))];
    return { frames: (await received(this.track)).framesDecoded ?? 0, width, height, colour };
  }

  close() {
    for (const element of this.track.detach()) element.remove();
  }
}

async function received(track) {
  const report = await track.getRTCStatsReport();
  return [...(report?.values() ?? [])].find((entry) => entry.type === "inbound-rtp") ?? {};
}

let onlyAudioCodec = "";
const { addTransceiver } = RTCPeerConnection.prototype;

/** The SDK has no say in codecs of audio: what is published while there is one has no other. */
RTCPeerConnection.prototype.addTransceiver = function (...given) {
  const transceiver = addTransceiver.apply(this, given);
  if (onlyAudioCodec && given[0].kind === "audio") {
    const { codecs } = RTCRtpSender.getCapabilities("audio");
    transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => mimeType.toLowerCase() === `audio/${onlyAudioCodec}`));
  }
  return transceiver;
};

/** The participant. Each method without a leading # is a command. */
class Guest {
  #room;
  #senses = new Map();
  #playing = new Map();
  #dataTracks = new Map();

  get #me() {
    return this.#room.localParticipant;
  }

  async connect({ url, token, passphrase }) {
    const encryption = passphrase && (await encryptionWith(passphrase));
    this.#room = new Room({ adaptiveStream: false, dynacast: false, ...(encryption && { encryption }) });
    this.#listenToEvents();
    if (encryption) await this.#room.setE2EEEnabled(true);
    await this.#room.connect(url, token);
    return { sid: this.#me.sid, room: this.#room.name };
  }

  #listenToEvents() {
    this.#room
      .on("participantConnected", ({ identity }) => tell("participant_connected", { identity }))
      .on("participantDisconnected", ({ identity }) => tell("participant_disconnected", { identity }))
      .on("disconnected", (reason) => tell("disconnected", { reason: DisconnectReason[reason] }))
      .on("signalReconnecting", () => tell("reconnecting"))
      .on("reconnecting", () => tell("reconnecting"))
      .on("reconnected", () => tell("reconnected"))
      .on("moved", () => tell("moved", { room: this.#room.name }))
      .on("activeSpeakersChanged", (speakers) => tell("speakers", { identities: speakers.map((one) => one.identity) }))
      .on("chatMessage", ({ message }, sender) => tell("chat", { text: message, sender: sender?.identity ?? null }))
      .on("trackSubscribed", (track, { trackSid, trackName }, { identity }) => {
        this.#senses.set(trackSid, track.kind === Track.Kind.Audio ? new Ear(track) : new Eye(track));
        tell("track_subscribed", { identity, name: trackName });
      })
      .on("trackUnsubscribed", (_track, { trackSid, trackName }, { identity }) => {
        this.#senses.get(trackSid)?.close();
        this.#senses.delete(trackSid);
        tell("track_unsubscribed", { identity, name: trackName });
      })
      .on("dataTrackPublished", (track) => {
        this.#dataTracks.set(`${track.publisherIdentity} ${track.info.name}`, track);
        tell("data_track_published", { identity: track.publisherIdentity, name: track.info.name, sid: track.info.sid });
      })
      .on("dataTrackUnpublished", (sid) => tell("data_track_unpublished", { sid }))
      .on("dataReceived", (payload, sender, kind, topic) =>
        tell("data", {
          payload: new TextDecoder().decode(payload),
          topic: topic ?? "",
          sender: sender?.identity ?? null,
          reliable: kind === 0,
        }),
      );
  }

  async disconnect() {
    await this.#room?.disconnect();
  }

  async publish({ name, source, hz = 440, colour = "red", width = 320, height = 180, simulcast = false, codec = "vp8" }) {
    const audio = source === "microphone" || source === "screen_share_audio";
    const track = audio ? sing(hz) : paint(colour, width, height);
    onlyAudioCodec = codec.startsWith("pcm") ? codec : "";
    const more = onlyAudioCodec && { audioPreset: { maxBitrate: 64_000 } }; // G.711 has no lower rate
    const publication = await this.#me.publishTrack(track, { name, source, simulcast, videoCodec: codec, ...more });
    this.#playing.set(name, publication);
    return publication.trackSid;
  }

  async perform({ width = 640, height = 360, simulcast = false, codec = "vp8" }) {
    const tracks = show(width, height);
    const sids = {};
    for (const [name, track] of Object.entries(tracks)) {
      const publication = await this.#me.publishTrack(track, { name, source: name, simulcast, videoCodec: codec });
      this.#playing.set(name, publication);
      sids[name] = publication.trackSid;
    }
    return sids;
  }

  async unpublish({ name }) {
    await this.#me.unpublishTrack(this.#playing.get(name).track);
    this.#playing.delete(name);
  }

  async mute({ name }) {
    await this.#playing.get(name).mute();
  }

  async unmute({ name }) {
    await this.#playing.get(name).unmute();
  }

  async senses({ identity, name }) {
    return this.#senses.get(this.#publication(identity, name)?.trackSid)?.report();
  }

  async subscribe({ identity, name, on }) {
    this.#publication(identity, name).setSubscribed(on);
  }

  async quality({ identity, name, level }) {
    this.#publication(identity, name).setVideoQuality(VideoQuality[level.toUpperCase()]);
  }

  #publication(identity, name) {
    const other = this.#room.remoteParticipants.get(identity);
    return [...(other?.trackPublications.values() ?? [])].find((one) => one.trackName === name);
  }

  async send({ payload, topic = "", reliable = true, to = [] }) {
    const content = new TextEncoder().encode(payload);
    await this.#me.publishData(content, { topic, reliable, destinationIdentities: to });
  }

  async publish_data({ name }) {
    const track = await this.#me.publishDataTrack({ name });
    this.#dataTracks.set(name, track);
    return track.info.sid;
  }

  async unpublish_data({ name }) {
    await this.#dataTracks.get(name).unpublish();
  }

  async push({ name, fill, size }) {
    this.#dataTracks.get(name).tryPush({ payload: new TextEncoder().encode(fill.repeat(size)) });
  }

  async follow({ identity, name }) {
    const reader = this.#dataTracks.get(`${identity} ${name}`).subscribe().getReader();
    const read = async () => {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        const text = new TextDecoder().decode(next.value.payload);
        const intact = text === text.slice(0, 1).repeat(text.length);
        tell("frame", { name, fill: text.slice(0, 1), size: text.length, intact });
      }
      tell("followed", { name });
    };
    read();
  }

  async send_text({ text, topic, to }) {
    await this.#me.sendText(text, { topic, destinationIdentities: to });
  }

  async send_bytes({ size, topic, to }) {
    const writer = await this.#me.streamBytes({ topic, destinationIdentities: to, totalSize: size });
    for (let sent = 0; sent < size; sent += 256) await writer.write(PATTERN);
    await writer.close();
  }

  async chat({ text }) {
    await this.#me.sendChatMessage(text);
  }

  async listen({ topic }) {
    this.#room.registerTextStreamHandler(topic, async (reader, { identity }) =>
      tell("text", { topic, text: await reader.readAll(), sender: identity }),
    );
    this.#room.registerByteStreamHandler(topic, async (reader, { identity }) => {
      const content = new Uint8Array(await new Blob(await reader.readAll()).arrayBuffer());
      const intact = content.every((value, at) => value === at % 256);
      tell("bytes", { topic, size: content.length, intact, sender: identity });
    });
  }

  async answer({ method, prefix = "", error = null }) {
    this.#room.registerRpcMethod(method, async ({ payload }) => {
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
    if (name !== undefined) await this.#me.setName(name);
    if (metadata !== undefined) await this.#me.setMetadata(metadata);
    if (attributes !== undefined) await this.#me.setAttributes(attributes);
  }

  async state() {
    return {
      connected: this.#room.state === ConnectionState.Connected,
      room: this.#room.name,
      metadata: this.#room.metadata,
      me: participant(this.#me),
      others: Object.fromEntries(
        [...this.#room.remoteParticipants].map(([identity, other]) => [identity, participant(other)]),
      ),
    };
  }
}

function participant({ sid, name = "", metadata = "", attributes, trackPublications }) {
  const tracks = [...trackPublications.values()].map((one) => [one.trackName, publication(one)]);
  return { sid, name, metadata, attributes: { ...attributes }, tracks: Object.fromEntries(tracks) };
}

function publication({ trackSid, source, isMuted, simulcasted = false, isEncrypted, isSubscribed = false }) {
  return { sid: trackSid, source, muted: isMuted, simulcast: simulcasted, encrypted: isEncrypted, subscribed: isSubscribed };
}

async function encryptionWith(passphrase) {
  const keyProvider = new ExternalE2EEKeyProvider();
  await keyProvider.setKey(passphrase);
  return { keyProvider, worker: new Worker(URL.createObjectURL(new Blob([window.e2eeWorker]))) };
}

/** A track with a tone. */
function sing(hz) {
  const context = new AudioContext();
  const volume = new GainNode(context, { gain: 0.3 });
  const out = context.createMediaStreamDestination();
  const tone = new OscillatorNode(context, { frequency: hz });
  tone.connect(volume).connect(out);
  tone.start();
  return out.stream.getAudioTracks()[0];
}

/** A track with a plain colour, and a bar that wanders at the upper edge. */
function paint(colour, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d");
  let step = 0;
  setInterval(() => {
    pen.fillStyle = `rgb(${COLOURS[colour]})`;
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = "white";
    pen.fillRect((step++ * 8) % width, 0, 16, height / 8);
  }, 1000 / FRAMES_PER_S);
  return canvas.captureStream(FRAMES_PER_S).getVideoTracks()[0];
}

// The source of tests/egress/source.py, which tells its time: bars with the number of the frame, a beep at each flash.
function show(width, height) {
  const context = new AudioContext();
  const out = context.createMediaStreamDestination();
  const begin = context.currentTime + 0.5;
  for (let second = 0; second < 60; second++) {
    const tone = new OscillatorNode(context, { frequency: 500 + 150 * (second % 16) });
    tone.connect(new GainNode(context, { gain: 0.5 })).connect(out);
    tone.start(begin + second);
    tone.stop(begin + second + 0.06);
  }
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d");
  let last = -1;
  setInterval(() => {
    const number = Math.max(0, Math.floor((context.currentTime - begin) * 30));
    if (number === last) return;
    last = number;
    const bits = [1, 0, ...Array.from({ length: 16 }, (_, place) => (number >> (15 - place)) & 1)];
    bits.forEach((bit, place) => {
      pen.fillStyle = bit ? "white" : "black";
      pen.fillRect(Math.floor((place * width) / 18), 0, Math.ceil(width / 18), height / 2);
    });
    pen.fillStyle = number % 30 < 2 ? "white" : "gray";
    pen.fillRect(0, height / 2, width, height / 2);
  }, 8);
  return { camera: canvas.captureStream(30).getVideoTracks()[0], microphone: out.stream.getAudioTracks()[0] };
}

window.guest = new Guest();
