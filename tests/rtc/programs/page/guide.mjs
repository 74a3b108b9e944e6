// The program of a document as somebody's page: it joins with a token, and shows what others publish.
//
// Usage: guide.mjs URL TOKEN FILE   Output: a line when the picture of somebody else moves. Ends with its input.

import { readFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer } from "node:http";
import { launch } from "../chromium.mjs";

const [url, token, file] = process.argv.slice(2);
const program = (await readFile(file, "utf8")).replaceAll("ws://127.0.0.1:7880", url);
const library = await readFile(new URL("../node_modules/livekit-client/dist/livekit-client.esm.mjs", import.meta.url), "utf8");
const html = `<!doctype html>
<script type="importmap">{"imports": {"livekit-client": "/client.mjs"}}</script>
<body><script type="module">const token = "${token}";
${program}</script>`;

const server = createServer(({ url: path }, answer) => {
  const isLibrary = path === "/client.mjs";
  answer.setHeader("Content-Type", isLibrary ? "text/javascript" : "text/html").end(isLibrary ? library : html);
}).listen(0, "127.0.0.1");
await once(server, "listening");
const browser = await launch();
const page = await browser.newPage();
page.on("pageerror", (error) => console.log(String(error)));
await page.goto(`http://127.0.0.1:${server.address().port}/`);
await page.waitForFunction(() => document.querySelector("body > video")?.getVideoPlaybackQuality().totalVideoFrames > 5);
console.log("somebody is seen");
process.stdin.resume();
await once(process.stdin, "end");
await browser.close();
server.close();
