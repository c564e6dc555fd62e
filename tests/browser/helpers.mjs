// Helpers of the browser tests: start the program on a new store, start Chromium, run the axe audit.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const require = createRequire(join(root, "static/package.json"));
const { chromium } = require("playwright-core");

/** The script of axe-core, to be evaluated in a page. */
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
export const program = process.env.POINTCHAUD_PROGRAM ?? join(root, "target/debug/pointchaud");

/** Headers of a request whose body is JSON. */
export const JSON_BODY = { "Content-Type": "application/json" };

/** A new temporary folder. */
export const folderFor = (name) => mkdtempSync(join(tmpdir(), `pointchaud-${name}-`));

/** Adds a city whose data is built in, such as Québec, to the store of a folder. */
export function addCity(folder, id) {
  execFileSync(program, ["city", "add", id, "--store", `sqlite:${join(folder, "city.db")}`]);
}

/** Creates a key in the store of a folder; its secret. */
export const createKey = (folder, name, role) => execFileSync(program,
  ["key", "create", "--name", name, "--role", role, "--store", `sqlite:${join(folder, "city.db")}`]).toString().trim();

/** Starts the program on the store of a folder; resolves to its process and address once it is ready. */
export async function serve(folder, basemap = ["--basemap", "none"]) {
  const store = `sqlite:${join(folder, "city.db")}`;
  const child = spawn(program, ["serve", "--listen", "127.0.0.1:0", ...basemap, "--store", store], { cwd: folder });
  const address = await new Promise((resolve, reject) => {
    child.stdout.on("data", (text) => resolve(String(text).match(/http:\S+/)[0]));
    child.on("exit", (code) => reject(new Error(`the service ended with ${code}`)));
  });
  while ((await fetch(`${address}readyz`)).status !== 200) await new Promise((r) => setTimeout(r, 20));
  return { child, address };
}

export const launch = () => chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
    "--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-dev-shm-usage"],
});

/** Accessibility violations that axe finds on a page, and the number of rules that the page passes. */
export async function audit(page) {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() => window.axe.run());
  const texts = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" | ")}`);
  return { violations: texts, passes: passes.length };
}
