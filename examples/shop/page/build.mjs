// Bundles the page: node build.mjs DIRECTORY
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const [target] = process.argv.slice(2);
const from = (name) => new URL(name, import.meta.url).pathname;
await mkdir(target, { recursive: true });
await build({
  entryPoints: [from("src/page.js"), from("src/page.css")],
  outdir: target,
  bundle: true,
  minify: true,
  format: "esm",
  // zone.js carries a click's context through promises, and cannot through the await of later targets.
  target: "es2016",
  logLevel: "warning",
});
await copyFile(from("index.html"), join(target, "index.html"));
