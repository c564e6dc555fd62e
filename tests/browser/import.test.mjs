// The import page in headless Chromium, on an empty store: the offer on the map page, a file of an
// unknown layout that is dropped, corrected and imported, the crew's key, two languages, a phone.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, before, test } from "node:test";
import { audit, folderFor, launch, serve } from "./helpers.mjs";

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 780 };
const SHOTS = process.env.POINTCHAUD_SHOTS;

const folders = [];
const services = [];
let browser;
let context;
let page;
let consoleErrors;

before(async () => {
  browser = await launch();
});

after(async () => {
  await browser?.close();
  services.forEach((service) => service.kill());
  folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
});

/** A service on a new, empty store; its address. */
async function start(extra = []) {
  const folder = folderFor("import");
  const { child, address } = await serve(folder, ["--basemap", "none", ...extra]);
  folders.push(folder);
  services.push(child);
  return address;
}

async function open(url, { size = DESKTOP, locale = "fr-CA" } = {}) {
  await context?.close();
  context = await browser.newContext({ viewport: size, locale, reducedMotion: "reduce" });
  page = await context.newPage();
  consoleErrors = [];
  page.on("console", (message) => message.type() === "error" && consoleErrors.push(message.text()));
  page.on("pageerror", (error) => consoleErrors.push(error.message));
  await page.addInitScript(() => {
    window.layoutShift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.layoutShift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(url);
}

const shot = async (name) => SHOTS && page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });

async function assertAccessible() {
  const { violations, passes } = await audit(page);
  assert.deepEqual(violations, []);
  assert.ok(passes > 10, `${passes} rules`);
}

/** Does the page fit the width of the screen? */
const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);

/** Requests of an invented city, under a header that no profile knows; the column `kwrx` says nothing. */
function csv() {
  const rows = ["meldingsnummer,aanmaakdatum,kwrx,status,breedtegraad,lengtegraad"];
  for (let n = 0; n < 60; n++) {
    const minute = String(n).padStart(2, "0");
    rows.push(`V${n},2025-03-02 08:${minute}:00,kuil,${n % 2 ? "Open" : "Gesloten"},52.1${minute},5.2${minute}`);
  }
  rows.splice(3, 0, "V99,gisteren,kuil,Open,52.1,5.2");
  return rows.join("\n");
}

/** Drops a file on the drop zone, as a mouse does. */
async function drop(name, text) {
  const data = await page.evaluateHandle(([name, text]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], name, { type: "text/csv" }));
    return transfer;
  }, [name, text]);
  await page.waitForSelector("#drop");
  await page.dispatchEvent("#drop", "dragover", { dataTransfer: data });
  await page.dispatchEvent("#drop", "drop", { dataTransfer: data });
}

/** Waits until the page has been drawn once more after `act`. */
async function redrawn(act) {
  const before = await page.evaluate(() => document.body.dataset.ready);
  await act();
  await page.waitForFunction((n) => document.body.dataset.ready !== n, before);
}

const text = (selector) => page.locator(selector).innerText();
const columnRow = (name) => page.locator("#columns tbody tr").filter({ has: page.locator("th", { hasText: name }) });

test("on an empty store the map page offers the import; a dropped file is corrected, imported and on the map", async () => {
  const base = await start();
  await open(base);
  await page.waitForSelector("#offer:not([hidden]) #drop");
  assert.match(await text("#offer h2"), /pas encore de demandes/);
  await shot("offer-1280");
  await assertAccessible();
  await drop("valmeer.csv", csv());
  await page.waitForURL(/\/importer\?lang=fr#[0-9a-f]{32}$/);
  await page.waitForSelector("#step-check:not([hidden])");
  await page.waitForFunction(() => document.body.dataset.ready);
  assert.equal(await page.locator("#steps [aria-current=step]").innerText(), "2\nVérification");
  // What has to be decided comes first, in the text and in the table.
  assert.match(await text("#doubts"), /De quelle ville.*fuseau horaire.*catégorie/s);
  const first = page.locator("#columns tbody tr").first();
  assert.equal(await first.locator("th").innerText(), "kwrx");
  assert.match(await columnRow("aanmaakdatum").innerText(), /presque certain.*2025-03-02 08:00:00/s);
  assert.match(await columnRow("aanmaakdatum").locator("select").inputValue(), /requested/);
  assert.equal(await page.locator("#run").getAttribute("aria-disabled"), "true");
  await shot("check-1280");
  await assertAccessible();

  await first.locator("select").focus();
  await redrawn(() => first.locator("select").selectOption("category"));
  assert.equal(await page.evaluate(() => document.activeElement.id), "column-2", "the focus stays");
  assert.match(await columnRow("kwrx").innerText(), /choisie par vous/);
  for (const [id, value] of [["jurisdiction", "valmeer.example"], ["time_zone", "Europe/Amsterdam"]]) {
    await redrawn(async () => {
      await page.locator(`#choice-${id}`).fill(value);
      await page.locator(`#choice-${id}`).press("Tab");
    });
  }
  assert.equal(await page.locator("#run").getAttribute("aria-disabled"), "false");
  assert.match(await text("#rows-summary"), /49, dont 49 sur la carte\s; refusées\s: 1/);
  assert.match(await text("#refused-rows"), /Ligne 4.*gisteren/s);
  await page.waitForFunction(() => window.pointchaudMap?.getSource("rows"));
  await page.waitForFunction(() => window.pointchaudMap.queryRenderedFeatures({ layers: ["rows"] }).length > 20);
  await shot("decided-1280");
  await page.setViewportSize(PHONE);
  assert.ok(await fits(), "the page fits a phone");
  await shot("decided-390");
  await assertAccessible();
  await page.setViewportSize(DESKTOP);

  // The same file after a reload, in English.
  await page.locator("#language").click();
  await page.waitForFunction(() => document.querySelector("#run")?.textContent === "Import");
  assert.match(await columnRow("kwrx").innerText(), /chosen by you/);
  await page.reload();
  await page.waitForSelector("#step-check:not([hidden])");
  assert.match(await columnRow("kwrx").innerText(), /chosen by you/);
  await page.locator("#language").click();
  await page.waitForFunction(() => document.querySelector("#run")?.textContent === "Importer");

  await page.locator("#run").click();
  await page.waitForSelector("#import-summary");
  assert.match(await text("#step-import"), /61 lignes ont été lues.*60 demandes sont nouvelles.*1 ligne a été refusée/s);
  assert.match(await text("#import-reasons"), /requested_datetime/);
  await shot("done-1280");
  await assertAccessible();
  const saved = page.waitForEvent("download");
  await page.getByText("Enregistrer les lignes refusées").click();
  assert.equal((await saved).suggestedFilename(), "valmeer.refused.csv");

  await page.locator("#to-map").click();
  await page.waitForFunction(() => /60/.test(document.querySelector("#summary")?.textContent ?? ""), null, { timeout: 20000 });
  assert.equal(await page.locator("#offer").isHidden(), true);
  await page.waitForFunction(() =>
    window.pointchaudMap?.loaded() && window.pointchaudMap.queryRenderedFeatures({ layers: ["clusters", "reports"] }).length > 0);
  assert.deepEqual(consoleErrors, []);
});

test("the pages for citizens say that there is no city yet", async () => {
  const base = await start();
  await open(`${base}signaler`, { size: PHONE });
  await page.waitForFunction(() => /aucune ville/.test(document.body.innerText));
  await open(`${base}suivi`, { size: PHONE, locale: "en-CA" });
  await page.waitForFunction(() => /no city here yet/.test(document.body.innerText));
});

test("the key of the crew is asked for where it is needed; by keyboard, on a phone, in English", async () => {
  const base = await start(["--crew-key", "sesame-ouvre-toi"]);
  await open(`${base}importer`, { size: PHONE, locale: "en-CA" });
  await page.waitForSelector(".key-form");
  assert.equal(await page.locator("#drop").count(), 0);
  await shot("key-390");
  await assertAccessible();
  await page.locator(".key-form input[type=password]").fill("wrong");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#step-file .warning:not([hidden])");
  await page.locator(".key-form input[type=password]").fill("sesame-ouvre-toi");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#drop");
  await page.waitForSelector("#crew:not([hidden])");
  assert.match(await page.locator("#crew").getAttribute("aria-label"), /crew-key/);
  assert.ok(await fits(), "the page fits a phone");
  await shot("file-390");
  await assertAccessible();
  let chooser = null;
  for (let tries = 0; tries < 4 && !chooser; tries++) {
    await page.locator("#import-file").focus();
    const opened = page.waitForEvent("filechooser", { timeout: 8000 }).catch(() => null);
    await page.keyboard.press("Enter");
    chooser = await opened;
  }
  await chooser.setFiles({ name: "photo.csv", mimeType: "text/csv", buffer: Buffer.from("%PDF-1.7 ...") });
  await page.waitForSelector("#step-file .warning");
  assert.match(await text("#step-file .warning"), /PDF/);
  await page.locator("#import-file").setInputFiles({ name: "a.csv", mimeType: "text/csv", buffer: Buffer.from(csv()) });
  await page.waitForSelector("#step-check:not([hidden])");
  assert.match(await text("#doubts"), /Which city/);
  assert.ok(await fits(), "the check fits a phone");
  await shot("check-390");
  await assertAccessible();
  assert.ok((await page.evaluate(() => window.layoutShift)) < 0.1, "the layout is stable");
  await page.locator("#discard").click();
  await page.waitForSelector("#step-file:not([hidden]) #drop");
  const { imports } = await (await fetch(`${base}api/v1/imports`, { headers: { Authorization: "Bearer sesame-ouvre-toi" } })).json();
  assert.deepEqual(imports, [], "the file is gone");
});
