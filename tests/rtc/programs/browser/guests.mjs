// Guests in livekit-client, each in a page of its own in headless Chromium: the README has the protocol.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { launch } from "../chromium.mjs";
import { say, serve } from "../protocol.mjs";

const require = createRequire(import.meta.url);
const SDK = require.resolve("livekit-client");
const E2EE_WORKER = await readFile(SDK.replace("livekit-client.umd.js", "livekit-client.e2ee.worker.js"), "utf8");

const browser = await launch();
const pages = new Map();

async function open(who, url) {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(`${who}: ${error}`));
  await page.exposeFunction("tell", (event, details) => say({ who, event, ...details }));
  await page.goto(url.replace(/^ws/, "http")); // any page of loopback: only there a script may use devices
  await page.addScriptTag({ path: SDK });
  await page.evaluate((source) => (window.e2eeWorker = source), E2EE_WORKER);
  await page.addScriptTag({ path: new URL("guest.js", import.meta.url).pathname });
  return page;
}

await serve(async (who, command, given) => {
  if (command === "connect" && !pages.has(who)) pages.set(who, await open(who, given.url));
  const page = pages.get(who);
  if (page === undefined) return null; // it never connected
  const [result, error] = await page.evaluate(
    ([command, given]) => window.guest[command](given).then((result) => [result], (error) => [null, [error.name, error.message]]),
    [command, given],
  );
  if (command === "disconnect") {
    pages.delete(who);
    await page.close();
  }
  if (error) throw Object.assign(new Error(error[1]), { name: error[0] });
  return result;
});
await browser.close();
