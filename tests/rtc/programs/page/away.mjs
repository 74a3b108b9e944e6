// The page /admin while its server is away and back: says what it sees, and goes on at each line of input.
//
// Usage: away.mjs URL

import { createInterface } from "node:readline";
import { launch } from "../chromium.mjs";

const [url] = process.argv.slice(2);
const told = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const browser = await launch();
const page = await browser.newPage();
page.setDefaultTimeout(60_000);
await page.goto(`${url}/admin#dev`);
await page.locator(".live.on").waitFor();
console.log("live");
await told.next();
await page.locator("#desk > .problem", { hasText: "cannot be reached" }).waitFor();
await page.locator(".live:not(.on)").waitFor();
console.log("away");
await told.next();
await page.locator(".live.on").waitFor();
await page.locator("#desk > .problem").waitFor({ state: "hidden" });
await page.locator("#list .card", { hasText: "afterwards" }).waitFor();
console.log("live again");
await browser.close();
process.exit(0);
