// What somebody brings into a call: real devices, or a picture and a tone that this page makes itself.

import { Track } from "livekit-client";

const FRAMES_PER_S = 15;

/** Publish what was chosen in the lobby. A device that cannot be had is told of by `complain`, the other is published. */
export async function bring(participant, media, complain) {
  const attempt = (publishing) => publishing.catch((error) => complain(`No device: ${error.message}`));
  if (media === "devices") {
    await attempt(participant.setMicrophoneEnabled(true));
    await attempt(participant.setCameraEnabled(true));
  } else if (media === "test") {
    await participant.publishTrack(tone(), { source: Track.Source.Microphone, name: "tone" });
    await participant.publishTrack(picture(participant.identity), { source: Track.Source.Camera, name: "picture" });
  }
}

/** A track with a quiet tone that comes and goes. */
function tone() {
  const context = new AudioContext();
  const out = context.createMediaStreamDestination();
  const tremolo = new GainNode(context, { gain: 0.05 });
  const slow = new OscillatorNode(context, { frequency: 0.5 });
  const depth = new GainNode(context, { gain: 0.05 });
  const sound = new OscillatorNode(context, { frequency: 330 });
  slow.connect(depth).connect(tremolo.gain);
  sound.connect(tremolo).connect(out);
  slow.start();
  sound.start();
  return out.stream.getAudioTracks()[0];
}

/** A track with a clock before a moving background. */
function picture(seed) {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
  const pen = canvas.getContext("2d");
  const hue = [...seed].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 360;
  const draw = () => {
    const now = new Date();
    const at = (now.getTime() / 4000) % 1;
    const sky = pen.createLinearGradient(0, 0, 640, 360);
    sky.addColorStop(0, `hsl(${hue} 55% 30%)`);
    sky.addColorStop(1, `hsl(${hue + 60} 55% 45%)`);
    pen.fillStyle = sky;
    pen.fillRect(0, 0, 640, 360);
    pen.fillStyle = "rgb(255 255 255 / 25%)";
    pen.beginPath();
    pen.arc(320 + 240 * Math.cos(at * 2 * Math.PI), 180 + 110 * Math.sin(at * 2 * Math.PI), 42, 0, 2 * Math.PI);
    pen.fill();
    pen.fillStyle = "white";
    pen.font = "600 64px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(now.toTimeString().slice(0, 8), 320, 180);
  };
  const track = canvas.captureStream(FRAMES_PER_S).getVideoTracks()[0];
  const timer = setInterval(() => (track.readyState === "ended" ? clearInterval(timer) : draw()), 1000 / FRAMES_PER_S);
  return track;
}
