// Builds the pages into the folder named on the command line. Every asset has a hash of its contents
// in its name, so that browsers can cache it forever, and a brotli-compressed copy beside it.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "dist");
const assets = join(out, "assets");
rmSync(out, { recursive: true, force: true });
mkdirSync(assets, { recursive: true });

/** Copies a file to the assets under a name with its hash, and returns that name. */
function copyAsset(path, name, extension) {
  const hash = createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 10);
  const asset = `${name}-${hash}.${extension}`;
  copyFileSync(path, join(assets, asset));
  return asset;
}

// MapLibre starts its worker from a URL: it cannot be part of the bundle.
const worker = copyAsset(join(here, "node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs"), "worker", "mjs");
const icon = copyAsset(join(here, "icon.svg"), "icon", "svg");

/** Each page with its entry point. */
const PAGES = {
  "index.html": "main.ts",
  "report-form.html": "report-form.ts",
  "tracking.html": "tracking.ts",
  "import-page.html": "import-page.ts",
  "audit-page.html": "audit-page.ts",
  "review-page.html": "review-page.ts",
  "api-docs.html": "api-docs.ts",
};

const result = await build({
  absWorkingDir: here,
  entryPoints: [...Object.values(PAGES), "style.css"],
  outdir: assets,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  target: "es2022",
  metafile: true,
  legalComments: "none",
  define: { WORKER_URL: JSON.stringify(`/assets/${worker}`) },
});

const outputs = Object.entries(result.metafile.outputs);
const urlOf = (path) => `/assets/${path.split("/").pop()}`;
for (const [page, entryPoint] of Object.entries(PAGES)) {
  const [script, { cssBundle }] = outputs.find(([, output]) => output.entryPoint === entryPoint);
  const [style] = outputs.find(([, output]) => output.entryPoint === "style.css");
  const html = readFileSync(join(here, page), "utf8")
    .replace(`"${entryPoint}"`, `"${urlOf(script)}"`)
    .replace('"style.css"', `"${urlOf(style)}"`)
    // The styles that the script imports.
    .replace('"api-docs.css"', `"${urlOf(cssBundle ?? "")}"`)
    .replace('"icon.svg"', `"/assets/${icon}"`);
  writeFileSync(join(out, page), html);
}

const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
for (const folder of [out, assets]) {
  for (const name of readdirSync(folder)) {
    if (!/\.(html|js|mjs|css|svg)$/.test(name)) continue;
    const bytes = readFileSync(join(folder, name));
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes, { params }));
  }
}
