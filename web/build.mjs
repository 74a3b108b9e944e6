// Builds the pages: each one file with everything in it, and beside them the licences of what is in them.
//
// Usage: node build.mjs [FOLDER]   (default: where the server's package has it)

import { readFile, readdir, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const here = (path) => new URL(path, import.meta.url).pathname;
const folder = process.argv[2] ?? here("../server/roomwright/pages");

async function bundle(entry, minify) {
  const { outputFiles } = await build({
    absWorkingDir: here("."),
    entryPoints: [entry],
    bundle: true,
    minify,
    write: false,
    target: "es2022",
    legalComments: "none", // licences.txt has them all
  });
  return outputFiles[0].text.trim();
}

/** Name, version and licence text of every package that the page is made of. */
async function licences() {
  const { packages } = JSON.parse(await readFile(here("package-lock.json"), "utf8"));
  const inside = Object.entries(packages).filter(([path, { dev, optional, peer }]) => path && !dev && !optional && !peer);
  const texts = inside.map(async ([path, { version, license }]) => {
    const file = (await readdir(here(path))).find((name) => /^(licen[cs]e|copying)/i.test(name));
    const text = file ? await readFile(`${here(path)}/${file}`, "utf8") : "";
    return `${path.replace(/.*node_modules\//, "")} ${version} (${license})\n\n${text.trim()}\n`;
  });
  return (await Promise.all(texts)).join(`\n${"-".repeat(80)}\n\n`);
}

/** Write one page from the files of a folder. Our own code stays readable, other people's is made small. */
async function page(name, { html, from, minify }) {
  const script = (await bundle(`${from}/main.js`, minify)).replaceAll("</script", "<\\/script");
  const style = await bundle(`${from}/style.css`, minify);
  const text = (await readFile(here(html), "utf8"))
    .replace("/* style.css */", () => style)
    .replace("/* main.js */", () => script);
  await writeFile(`${folder}/${name}.html`, text);
}

await page("meet", { html: "index.html", from: "src", minify: true });
await page("admin", { html: "admin/index.html", from: "admin", minify: false });
await writeFile(`${folder}/licences.txt`, await licences());
