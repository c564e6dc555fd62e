// The list of the map page in headless Chromium: what comes first, its order, reports without a place,
// walking through it, the focus, the browser's history, and a service that goes away.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { audit, folderFor, launch, program, serve } from "./helpers.mjs";

const folder = folderFor("list");
const store = join(folder, "city.db");
const CITY = "#city=boston.gov&lang=fr";
/** Reports with a place, and without one. */
const PLACED = 60;
const PLACELESS = 4;

let service;
let base;
let browser;
let page;

function boston() {
  const rows = ["case_enquiry_id,open_dt,closed_dt,case_status,case_title,type,reason,neighborhood,location,latitude,longitude,source"];
  for (let n = 0; n < PLACED + PLACELESS; n++) {
    const place = n < PLACED ? `${(42.3 + (n % 10) * 0.004).toFixed(4)},${(-71.1 + Math.floor(n / 10) * 0.006).toFixed(4)}` : ",";
    const time = `2011-07-01 ${String(Math.floor(n / 60)).padStart(2, "0")}:${String(n % 60).padStart(2, "0")}:00`;
    rows.push(`${3000 + n},${time},,Open,Case ${n},Graffiti Removal,Graffiti,Roxbury,${n} Main St,${place},Self Service`);
  }
  return rows.join("\n") + "\n";
}

before(async () => {
  writeFileSync(join(folder, "boston.csv"), boston());
  execFileSync(program, ["import", join(folder, "boston.csv"), "--store", `sqlite:${store}`], { cwd: folder });
  ({ child: service, address: base } = await serve(folder));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  service?.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function open(hash = CITY, { width = 1280, height = 800 } = {}) {
  await page?.close();
  page = await browser.newPage({ viewport: { width, height }, reducedMotion: "reduce" });
  await page.goto(base + hash);
  await page.waitForFunction(() => document.body.dataset.idle && window.pointchaudMap?.loaded(), null, { timeout: 30000 });
}

const ids = () => page.locator("#list-items .row").evaluateAll((rows) => rows.map((row) => row.dataset.id));
const focused = () => page.evaluate(() => document.activeElement.dataset.focus);
const summary = (start) => page.waitForFunction(
  (text) => document.querySelector("#summary").textContent.startsWith(text), String(start));

test("a phone shows five rows as soon as the list is opened", async () => {
  await open(CITY, { width: 390, height: 844 });
  await page.locator("#panel-toggle").click();
  const visible = await page.locator("#list-items .row").evaluateAll((rows) =>
    rows.filter((row) => row.getBoundingClientRect().bottom <= window.innerHeight).length);
  assert.ok(visible >= 5, `${visible} rows`);
  assert.deepEqual((await audit(page)).violations, []);
});

test("the list can begin with the oldest, and its pages go on from there", async () => {
  await open();
  assert.equal((await ids())[0], "3059");
  await page.selectOption("#sort", "oldest");
  await page.waitForFunction(() => document.querySelector("#list-items .row").dataset.id === "3000");
  assert.match(page.url(), /sort=oldest/);
  await page.locator("#list-more").click();
  await page.waitForFunction(() => document.querySelectorAll("#list-items .row").length > 40);
  assert.deepEqual(await ids(), Array.from({ length: PLACED }, (_, n) => String(3000 + n)));
});

test("the reports without a place are one press away, and so is the way back", async () => {
  await open();
  await page.locator("#placeless").click();
  await summary(PLACELESS);
  await page.waitForFunction((n) => document.querySelectorAll("#list-items .row").length === n, PLACELESS);
  assert.deepEqual(await ids(), ["3063", "3062", "3061", "3060"]);
  assert.deepEqual((await audit(page)).violations, []);
  await page.getByRole("button", { name: /Retirer le filtre/ }).click();
  await summary(PLACED + PLACELESS);
});

test("whoever walks through the list keeps the list and the focus", async () => {
  await open();
  const before = await ids();
  await page.locator("#list-items .row").nth(1).focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("#card h2");
  await page.waitForFunction(() => window.pointchaudMap.getZoom() >= 15);
  await page.waitForTimeout(300);
  assert.deepEqual(await ids(), before, "the move of the map does not reshuffle the list");
  assert.match(await page.locator(".walk").innerText(), /2 sur 40/);
  await page.locator('[data-focus="card.next"]').focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction((id) => document.querySelector("#card code").textContent === id, before[2]);
  assert.equal(await focused(), "card.next");
  assert.match(await page.locator("#announce").innerText(), /3 sur 40/);
});

test("a chip keeps the focus, and the browser goes back over filters and cards", async () => {
  await open();
  await page.locator("#filters-title").click();
  await page.locator('[data-focus="status-closed"]').focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => /closed/.test(location.hash));
  await page.waitForTimeout(400);
  assert.equal(await focused(), "status-closed");
  await page.locator("#list-items .row").first().click();
  await page.waitForSelector("#card h2");
  await page.goBack();
  await page.waitForFunction(() => document.querySelector("#card").hidden);
  assert.match(page.url(), /closed/);
  await page.goBack();
  await page.waitForFunction(() => !/closed/.test(location.hash));
  assert.equal(await page.locator("#active-filters .chip").count(), 0);
  await page.goForward();
  await page.waitForFunction(() => document.querySelectorAll("#active-filters .chip").length === 1);
});

test("a slow report does not cover the card of a later one", async () => {
  await open();
  const [slow, quick] = await ids();
  await page.route(`**/api/v1/reports/${slow}*`, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 700));
    await route.continue();
  });
  await page.locator(`[data-id="${slow}"]`).click();
  await page.locator(`[data-id="${quick}"]`).click();
  await page.waitForTimeout(1200);
  assert.equal(await page.locator("#card code").innerText(), quick);
});

test("when the service is gone the page says so, and never that a request does not exist", async () => {
  await open();
  const { child, address } = await serve(folder);
  try {
    await page.goto(`${address}${CITY}`);
    await page.waitForFunction(() => document.body.dataset.idle);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    await page.locator("#list-items .row").first().click();
    await page.waitForFunction(() => /ne répond pas/.test(document.querySelector("#notice").textContent));
    assert.equal(await page.locator("#card").isVisible(), false);
  } finally {
    child.kill();
  }
});
