// Builds the page: one file with everything in it.
//
// Usage: node build.mjs [OUTPUT]   (default: where the server's package has it)

import { readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const here = (path) => new URL(path, import.meta.url).pathname;
const output = process.argv[2] ?? here("../server/roomwright/pages/meet.html");

async function bundle(entry) {
  const { outputFiles } = await build({
    absWorkingDir: here("."),
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    target: "es2022",
    legalComments: "eof",
  });
  return outputFiles[0].text.trim();
}

const script = (await bundle("src/main.js")).replaceAll("</script", "<\\/script");
const style = await bundle("src/style.css");
const page = (await readFile(here("index.html"), "utf8"))
  .replace("/* style.css */", () => style)
  .replace("/* main.js */", () => script);
await writeFile(output, page);
