// A room is watched and moderated on the page /admin; each line of output is something that was seen.
//
// Usage: admin.mjs URL ROOM MODERATOR LISTER [FOLDER FOR SCREENSHOTS]     In the room are ada, who publishes a camera and
// a microphone, which is recorded, and <img src=x onerror=alert(1)>. One token administers the room and nothing else, the
// other lists rooms and nothing else.

import { launch } from "../chromium.mjs";
import { faults } from "./accessible.mjs";

const [url, room, moderator, lister, folder] = process.argv.slice(2);
const browser = await launch();
const requests = [];
const NASTY = "<img src=x onerror=alert(1)>";

async function open(where, viewport, colorScheme) {
  const page = await (await browser.newContext({ viewport, colorScheme })).newPage();
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => fail(`${error.stack}`));
  page.on("dialog", (dialog) => fail(`a dialog: ${dialog.message()}`));
  page.on("console", (message) => /Content.Security|Trusted/.test(message.text()) && fail(message.text()));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(`${url}${where}`);
  return page;
}

function fail(reason) {
  console.log(reason);
  process.exit(1);
}

const seen = (what) => console.log(what);
const button = (page, name) => page.getByRole("button", { name, exact: true });
const person = (page, identity) => page.locator(".person", { hasText: identity });

/** Take a picture, and judge what is on it. */
async function picture(page, name) {
  const found = await faults(page);
  if (found.length) fail(`${name}: ${found.join("; ")}`);
  if (folder) await page.screenshot({ path: `${folder}/admin-${name}.png` });
}

async function fits(page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  if (!wide) fail("the page is wider than its window");
}

const dark = await open("/admin#dev", { width: 1280, height: 800 }, "dark");
await button(dark, "Create room").waitFor();
seen("the link of development signs in by itself");
await dark.locator(".live.on").waitFor();
seen("the page is live");
await dark.locator("#list .card", { hasText: room }).click();
await person(dark, "ada").locator(".track").nth(1).waitFor();
await dark.locator(".person h4", { hasText: NASTY }).waitFor();
if (await dark.locator(".person img").count()) fail("a name became an element");
seen("a room is opened, and a name is only a text");
await picture(dark, "room-dark-1280");
await fits(dark);

const microphone = person(dark, "ada").locator(".track", { hasText: "microphone" });
await microphone.getByRole("button", { name: /^Mute/ }).click();
await microphone.getByText("muted", { exact: true }).waitFor();
seen("a track is muted");
await microphone.getByRole("button", { name: /^Unmute/ }).click();
await dark.locator("#desk > .problem", { hasText: "unmut" }).waitFor();
seen(`refused: ${await dark.locator("#desk > .problem").textContent()}`);

await button(dark, "Send data").click();
await dark.getByRole("textbox", { name: "Text", exact: true }).fill("Good morning ☀");
await dark.getByRole("textbox", { name: "Topic", exact: true }).fill("greeting");
await dark.getByRole("button", { name: "Send", exact: true }).click();
await dark.locator("dialog").waitFor({ state: "hidden" });
await button(dark, "Edit metadata").click();
await dark.getByRole("textbox", { name: "Metadata", exact: true }).fill('{"topic": "<b>"}');
await dark.getByRole("button", { name: "Save" }).click();
await dark.locator("#room > .facts", { hasText: '{"topic": "<b>"}' }).waitFor();
seen("data is sent, and metadata changed");

await person(dark, "ada").getByRole("button", { name: "Edit ada" }).click();
await dark.getByRole("textbox", { name: "Name", exact: true }).fill("Ada Lovelace");
await dark.getByLabel("May send data").uncheck();
await dark.getByRole("button", { name: "Save" }).click();
await dark.locator(".person h4", { hasText: "Ada Lovelace (ada)" }).waitFor();
seen("a participant is renamed");

await button(dark, "Create room").click();
await dark.getByRole("textbox", { name: "Name", exact: true }).fill("x".repeat(256));
await dark.getByRole("textbox", { name: "Metadata", exact: true }).fill("é".repeat(300_000));
await dark.getByRole("dialog").getByRole("button", { name: "Create room" }).click();
seen(`refused: ${(await dark.locator("dialog .problem:not([hidden])").textContent()).slice(0, 40)}`);
await dark.keyboard.press("Escape");
await button(dark, "Create room").click();
await dark.getByRole("textbox", { name: "Name", exact: true }).fill(`${room}-too`);
await dark.keyboard.press("Enter");
await dark.locator("#room-title", { hasText: `${room}-too` }).waitFor();
if ((await dark.evaluate(() => document.activeElement.id)) !== "room-title") fail("the focus is not in the new room");
seen("a room is created with the keyboard alone");

const asked = button(dark, "Delete room");
await asked.click();
if ((await dark.evaluate(() => document.activeElement.textContent)) !== "Cancel") fail("the question is not careful");
await picture(dark, "question-dark-1280");
await dark.keyboard.press("Enter");
await dark.locator("dialog").waitFor({ state: "hidden" });
if (!(await dark.locator("#room-title").isVisible())) fail("it was deleted without an answer");
await asked.click();
await dark.getByRole("dialog").getByRole("button", { name: "Delete room" }).click();
await dark.locator("#list .card", { hasText: `${room}-too` }).waitFor({ state: "detached" });
seen("a room is deleted, once that was confirmed");

await button(dark, "Egress").click();
const egress = dark.locator("#egress .card", { hasText: `${room} · EG_` });
await egress.getByText("active · track").waitFor();
await picture(dark, "egress-dark-1280");
await egress.getByRole("button", { name: /^Stop EG_/ }).click();
await dark.getByRole("dialog").getByRole("button", { name: "Stop egress" }).click();
await egress.getByText(/complete · track.*ada\.ogg/).waitFor();
seen("a recording is stopped");

await button(dark, "Rooms").click();
await dark.locator("#list .card", { hasText: room }).click();
await button(dark, "Record").click();
if ((await dark.getByRole("combobox", { name: "Room" }).inputValue()) !== room) fail("another room would be recorded");
await picture(dark, "record-dark-1280");
await dark.getByRole("combobox", { name: "What" }).selectOption("speaker");
await dark.getByRole("textbox", { name: "File" }).fill("desk/{room_name}-{utc}");
await dark.keyboard.press("Enter");
const composite = dark.locator("#egress .card", { hasText: "room composite" });
await composite.getByText("active · room composite").waitFor();
if ((await dark.evaluate(() => document.activeElement.textContent)) !== "Egress") fail("the focus is not where the recording is");
seen("a room is recorded");
await composite.getByRole("button", { name: /^Stop EG_/ }).focus();
await dark.keyboard.press("Enter");
await dark.getByRole("dialog").getByRole("button", { name: "Stop egress" }).click();
await composite.getByText(/complete · room composite.*\.mp4/).waitFor();
seen(`file: ${(await composite.textContent()).match(/desk\S+/)[0]}`);
await button(dark, "Record a room").click();
await dark.getByRole("textbox", { name: "File" }).fill("x".repeat(1000));
await button(dark, "Start recording").click();
seen(`refused: ${await dark.locator("dialog .problem:not([hidden])").textContent()}`);
await dark.keyboard.press("Escape");

await button(dark, "Webhooks").click();
await dark.locator("#outbox .card", { hasText: "http://127.0.0.1:9/hook" }).waitFor();
await dark.locator("#outbox .card", { hasText: /[1-9]\d* waiting/ }).waitFor();
seen("webhooks that wait are counted");
const dead = dark.locator("#outbox .dead .card");
await dead.nth(1).waitFor();
await picture(dark, "webhooks-dark-1280");
await dark.setViewportSize({ width: 390, height: 800 });
await fits(dark);
await picture(dark, "webhooks-dark-390");
await dark.setViewportSize({ width: 1280, height: 800 });
await dead.filter({ hasText: `${room}-too` }).getByRole("button", { name: /^Replay room started/ }).click();
await dark.getByText("1 event will be delivered again.").waitFor();
await dead.filter({ hasText: `${room}-too` }).waitFor({ state: "detached" });
if ((await dead.count()) !== 1) fail("more than that was replayed");
seen("a webhook that was given up is delivered again");
await button(dark, "Replay all").focus();
await dark.keyboard.press("Enter");
await dead.waitFor({ state: "detached" });
await dark.locator("#outbox .card", { hasText: "0 waiting · 0 given up" }).waitFor();
if ((await dark.evaluate(() => document.activeElement.textContent)) !== "Webhooks") fail("the focus is lost with its button");
seen("and so are all others");
await button(dark, "Events").click();
for (const what of ["room started", "room finished", "participant name changed"]) {
  await dark.locator("#log li", { hasText: what }).waitFor();
}
if (await dark.locator("#log img").count()) fail("an event became an element");
seen("what happened is told");
await picture(dark, "events-dark-1280");

const light = await open("/admin", { width: 390, height: 800 }, "light");
await picture(light, "door-light-390");
await light.getByLabel("API key", { exact: true }).fill("devkey");
await light.getByLabel("API secret").fill("not the secret, but as long as one");
await button(light, "Sign in").click();
seen(`refused: ${await light.locator("#door .problem:not([hidden])").textContent()}`);
await light.getByLabel("API secret").fill("secret");
await light.getByLabel("Stay signed in").check();
await button(light, "Sign in").click();
await light.locator("#list .card", { hasText: room }).waitFor();
await picture(light, "rooms-light-390");
await fits(light);
await light.reload();
await light.locator("#list .card", { hasText: room }).click();
await person(light, "ada").locator(".track").nth(1).waitFor();
await picture(light, "room-light-390");
await fits(light);
seen("a phone shows the same, and stays signed in");
await person(light, NASTY).getByRole("button", { name: /^Remove/ }).click();
await light.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
await person(light, NASTY).waitFor({ state: "detached" });
await button(dark, "Rooms").click();
await person(dark, "ada").waitFor();
await person(dark, NASTY).waitFor({ state: "detached" });
seen("a participant is removed, and the other page sees it");
for (const [width, height] of [[1280, 800], [390, 800]]) {
  for (const colorScheme of ["light", "dark"]) {
    await dark.setViewportSize({ width, height });
    await dark.emulateMedia({ colorScheme });
    await fits(dark);
    await picture(dark, `after-${colorScheme}-${width}`);
  }
}
await button(light, "Sign out").click();
await light.getByLabel("A token").check();
await light.getByRole("textbox", { name: "Token" }).fill("nonsense");
await button(light, "Sign in").click();
seen(`refused: ${await light.locator("#door .problem:not([hidden])").textContent()}`);
await light.getByRole("textbox", { name: "Token" }).fill(moderator);
await button(light, "Sign in").click();
await person(light, "ada").locator(".track").nth(1).waitFor();
await light.locator(".live.on").waitFor();
await button(light, "Record").click();
await fits(light);
await picture(light, "record-light-390");
await button(light, "Start recording").click();
seen(`refused: ${await light.locator("dialog .problem:not([hidden])").textContent()}`);
await light.keyboard.press("Escape");
await button(light, "All rooms").click();
await button(light, "Create room").click();
await light.getByRole("textbox", { name: "Name", exact: true }).fill("more");
await light.getByRole("dialog").getByRole("button", { name: "Create room" }).click();
seen(`refused: ${await light.locator("dialog .problem:not([hidden])").textContent()}`);
await light.keyboard.press("Escape");
seen("a token shows its room, and no more");
await button(light, "Sign out").click();
await light.getByRole("textbox", { name: "Token" }).fill(lister);
await button(light, "Sign in").click();
await light.locator("#list .card", { hasText: room }).click();
await light.locator("#desk > .problem", { hasText: "roomAdmin" }).waitFor();
await light.locator("#room-title", { hasText: room }).waitFor();
await button(light, "Webhooks").click();
await light.locator("#outbox .card").first().waitFor();
seen("a token that lists rooms is told what it may not see");
await button(light, "Sign out").click();
await light.reload();
await button(light, "Sign in").waitFor();
if (await light.evaluate(() => sessionStorage.length + localStorage.length)) fail("something was kept after signing out");
seen("signing out forgets");

const shaped = requests.filter((one) => !one.startsWith(url) && !one.startsWith("data:"));
if (shaped.length) fail(`requests elsewhere: ${shaped}`);
if (requests.some((one) => /secret|eyJ/.test(one))) fail("a secret or a token is in an address");
await browser.close();
