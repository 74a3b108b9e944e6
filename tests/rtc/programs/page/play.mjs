// Recordings as somebody sees them who opens them in a browser: each from its beginning to its end, twice as fast.
//
// Usage: play.mjs FILE…   Output: a line of JSON for each, what its player says at the end.

import { pathToFileURL } from "node:url";
import { launch } from "../chromium.mjs";

const browser = await launch();
const page = await browser.newPage();

/** In the page: play what it shows, and tell what was played. */
const played = async () => {
  const player = document.querySelector("video");
  const over = new Promise((resolve) => {
    player.onended = () => resolve("");
    player.onerror = () => resolve(player.error.message || `error ${player.error.code}`);
    if (player.error) player.onerror();
  });
  player.playbackRate = 2;
  player.currentTime = 0;
  const refused = await Promise.race([player.play().then(() => null, String), over]);
  const error = refused ?? (await over);
  return {
    error,
    duration: player.duration,
    reached: player.currentTime,
    width: player.videoWidth,
    height: player.videoHeight,
    pictures: player.getVideoPlaybackQuality().totalVideoFrames,
    soundBytes: player.webkitAudioDecodedByteCount,
  };
};

for (const file of process.argv.slice(2)) {
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector("video", { state: "attached" });
  console.log(JSON.stringify(await page.evaluate(played)));
}
await browser.close();
