/** Fails when the built page is larger than its budgets (gzip kB; all assets together raw). Run after `npm run build`. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const STATIC = join(dirname(fileURLToPath(import.meta.url)), "../../src/clew/web/static");
const BUDGET_KB = { js: 180, css: 25, total: 3000 };
const PAGES_KB = { explore: 40, trace: 70, pipeline: 25, login: 25 };

const manifest = JSON.parse(readFileSync(join(STATIC, ".vite/manifest.json"), "utf8"));

/** Everything that loading one entry fetches: [scripts, style sheets]. */
function closure(key, scripts = new Set(), styles = new Set(), seen = new Set()) {
  if (seen.has(key)) return { scripts, styles };
  seen.add(key);
  const { file, imports = [], css = [] } = manifest[key];
  scripts.add(file);
  for (const sheet of css) styles.add(sheet);
  for (const next of imports) closure(next, scripts, styles, seen);
  return { scripts, styles };
}

const kb = (files) =>
  [...files].reduce((sum, file) => sum + gzipSync(readFileSync(join(STATIC, file)), { level: 9 }).length, 0) / 1000;

const rows = [];
const check = (name, value, limit) => rows.push({ name, value, limit, over: value > limit });

const entry = closure("index.html");
check("first load, JS", kb(entry.scripts), BUDGET_KB.js);
check("first load, CSS", kb(entry.styles), BUDGET_KB.css);
for (const [page, limit] of Object.entries(PAGES_KB)) {
  const key = Object.keys(manifest).find((one) => new RegExp(`/${page}Page\\.tsx$`, "i").test(one));
  if (!key) throw new Error(`the build has no chunk for ${page}`);
  const all = closure(key);
  check(
    `${page} page, JS beyond the first load`,
    kb([...all.scripts].filter((file) => !entry.scripts.has(file))),
    limit,
  );
}
const names = readdirSync(STATIC, { recursive: true, encoding: "utf8" });
const raw = names
  .map((name) => join(STATIC, name))
  .filter((path) => statSync(path).isFile() && !/\.(br|gz)$/.test(path));
check("all assets, raw", raw.reduce((sum, path) => sum + statSync(path).size, 0) / 1000, BUDGET_KB.total);

for (const { name, value, limit, over } of rows)
  console.log(`${over ? "OVER" : "ok  "} ${name.padEnd(40)} ${value.toFixed(1).padStart(7)} of ${limit} kB`);
process.exit(rows.some((row) => row.over) ? 1 : 0);
