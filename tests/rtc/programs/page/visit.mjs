// A call between two people on the page /meet, told step by step; each line of output is something that was seen.
//
// Usage: visit.mjs URL [FOLDER FOR SCREENSHOTS]

import { launch } from "../chromium.mjs";

const [url, folder] = process.argv.slice(2);
const browser = await launch();
const requests = [];

async function open(name, viewport, media) {
  const page = await (await browser.newContext({ viewport })).newPage();
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => fail(`${name}: ${error}`));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(`${url}/meet?${new URLSearchParams({ room: "attic", name, media })}`);
  await picture(page, `lobby-${viewport.width}`);
  await page.getByRole("button", { name: "Join" }).click();
  return page;
}

function fail(reason) {
  console.log(reason);
  process.exit(1);
}

async function picture(page, name) {
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
}

/** Wait until the video in somebody's tile shows moving pictures. */
async function moving(page, name) {
  await page.waitForFunction((name) => {
    const tile = [...document.querySelectorAll(".tile")].find((one) => one.textContent.includes(name));
    const video = tile?.querySelector("video");
    return video?.videoWidth > 0 && video.getVideoPlaybackQuality().totalVideoFrames > 20;
  }, name);
}

const tile = (page, name) => page.locator(".tile", { hasText: name });
const seen = (what) => console.log(what);

const ada = await open("Ada", { width: 1280, height: 760 }, "devices");
const grace = await open("Grace", { width: 390, height: 780 }, "test");
await moving(grace, "Ada");
seen("Grace sees Ada's camera");
await moving(ada, "Grace");
seen("Ada sees Grace's test picture");
await ada.locator(".tile.speaking", { hasText: "Grace" }).waitFor();
seen("Ada sees Grace speak");

await ada.getByRole("button", { name: "Mute" }).click();
await tile(grace, "Ada").locator(".caption svg").waitFor();
seen("Grace sees Ada muted");
await ada.getByRole("button", { name: "Unmute" }).click();
await tile(grace, "Ada").locator(".caption svg").waitFor({ state: "detached" });
seen("Grace sees Ada unmuted");

await ada.getByRole("button", { name: "Chat" }).click();
await ada.getByLabel("Message", { exact: true }).fill("Good morning <b>Grace</b>");
await ada.getByLabel("Message", { exact: true }).press("Enter");
await grace.locator('[data-do="chat"][data-unread="1"]').click();
await grace.locator("#chat li", { hasText: "Good morning <b>Grace</b>" }).waitFor();
seen("Grace reads Ada's message");
await picture(ada, "call-1280");
await picture(grace, "chat-390");
await grace.getByRole("button", { name: "Chat" }).click();
await picture(grace, "call-390");
const wide = await grace.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
if (!wide) fail("the page is wider than a phone");

await ada.getByRole("button", { name: "Camera" }).click();
await tile(grace, "Ada").locator("video").waitFor({ state: "detached" });
seen("Grace sees Ada's camera off");

await ada.getByRole("button", { name: "Leave" }).click();
await ada.getByRole("button", { name: "Join" }).waitFor();
await tile(grace, "Ada").waitFor({ state: "detached" });
seen("Grace sees Ada leave");

const foreign = requests.filter((one) => !one.startsWith(url) && !one.startsWith("data:") && !one.startsWith("blob:"));
if (foreign.length) fail(`requests elsewhere: ${foreign}`);
await browser.close();
