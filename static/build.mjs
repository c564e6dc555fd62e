// Builds the page into the folder named on the command line: one script, its worker, one style, each
// named by its contents, each with its brotli form beside it.
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

const hashed = (name, extension, bytes) =>
  `${name}-${createHash("sha256").update(bytes).digest("hex").slice(0, 10)}.${extension}`;

// MapLibre's worker must be a file of its own.
const workerPath = join(here, "node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs");
const worker = hashed("worker", "mjs", readFileSync(workerPath));
copyFileSync(workerPath, join(assets, worker));
const icon = hashed("icon", "svg", readFileSync(join(here, "icon.svg")));
copyFileSync(join(here, "icon.svg"), join(assets, icon));

const result = await build({
  absWorkingDir: here,
  entryPoints: ["main.ts", "report.ts", "follow.ts", "docs.ts", "style.css"],
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

const built = Object.entries(result.metafile.outputs);
const named = (entry) => built.find(([, output]) => output.entryPoint === entry)[0].split("/").pop();
for (const [page, script] of [["index", "main"], ["report", "report"], ["follow", "follow"], ["docs", "docs"]]) {
  const styled = page === "docs" ? built.find(([, o]) => o.entryPoint === "docs.ts")[1].cssBundle : undefined;
  const html = readFileSync(join(here, `${page}.html`), "utf8")
    .replace(`${script}.ts`, `/assets/${named(`${script}.ts`)}`)
    .replace("docs.css", `/assets/${styled?.split("/").pop()}`)
    .replace("style.css", `/assets/${named("style.css")}`)
    .replace("icon.svg", `/assets/${icon}`);
  writeFileSync(join(out, `${page}.html`), html);
}

for (const folder of [out, assets]) {
  for (const name of readdirSync(folder)) {
    if (!/\.(html|js|mjs|css|svg)$/.test(name)) continue;
    const bytes = readFileSync(join(folder, name));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes, { params }));
  }
}
