// What is switched on in the run directory's faults.json, looked at again when it has changed.
const { readFileSync, statSync } = require("node:fs");
const { join } = require("node:path");

const LOOK_MS = 100;
const path = join(process.env.SHOP_RUN ?? ".", "faults.json");
let faults = {};
let changed = 0;
let looked = 0;

function current() {
  const now = Date.now();
  if (now - looked < LOOK_MS) return faults;
  looked = now;
  try {
    const { mtimeMs } = statSync(path);
    if (mtimeMs !== changed) faults = JSON.parse(readFileSync(path, "utf8"));
    changed = mtimeMs;
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    faults = {};
  }
  return faults;
}

/** Tells whether a fault is on for this call: its share is drawn anew each time. */
exports.on = (name) => Math.random() < (current()[name]?.share ?? 0);
