// The audit page in headless Chromium: a day of crew work is read and searched by keyboard, in two
// languages, on a desk and on a phone; the key is asked for where the service has one.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { addCity, audit, folderFor, JSON_BODY, launch, program, serve } from "./helpers.mjs";

const SHOTS = process.env.POINTCHAUD_SHOTS;
const folder = folderFor("audit");
let service;
let browser;
let page;
let consoleErrors;
const ids = [];

const send = async (method, path, body) => {
  const answer = await fetch(new URL(path, service.address), { method, headers: JSON_BODY, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.json();
};

before(async () => {
  addCity(folder, "ville.quebec.qc.ca");
  service = await serve(folder);
  for (let n = 0; n < 3; n++) {
    const report = await send("POST", "/api/v1/reports", { service_code: "graffiti", lon: -71.21, lat: 46.81 });
    ids.push(report.id);
  }
  await send("PATCH", `/api/v1/reports/${ids[0]}`, { status: "in_progress", address: "<b>12</b> rue Cartier" });
  await send("POST", `/api/v1/incidents/${ids[0]}/merge`, { reports: [ids[1]] });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  service?.child.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function open(path, { width = 1280, locale = "fr-CA", until = null } = {}) {
  await page?.context().close();
  const context = await browser.newContext({ viewport: { width, height: 800 }, locale, reducedMotion: "reduce" });
  page = await context.newPage();
  consoleErrors = [];
  page.on("console", (message) => message.type() === "error" && consoleErrors.push(message.text()));
  page.on("pageerror", (error) => consoleErrors.push(error.message));
  await page.goto(new URL(path, service.address).href);
  if (until) await page.waitForSelector(until);
  else await page.waitForFunction(() => document.body.dataset.ready);
}

/** Waits until the page has been drawn once more after `act`. */
async function redrawn(act) {
  const ready = await page.evaluate(() => document.body.dataset.ready);
  await act();
  await page.waitForFunction((n) => document.body.dataset.ready !== n, ready);
}

const shot = async (name) => SHOTS && page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
const rows = () => page.locator("#lines tbody tr").allInnerTexts();

async function assertAccessible() {
  const { violations, passes } = await audit(page);
  assert.deepEqual(violations, []);
  assert.ok(passes > 10, `${passes} rules`);
}

test("a day of crew work is read on the page, newest first, and searched by keyboard", async () => {
  await open("/journal");
  assert.match(await page.title(), /^Journal · /);
  const all = await rows();
  assert.equal(all.length, 6, all.join("\n"));
  assert.match(all[0], /Cette machine.*Doublons rattachés.*Incident/s);
  assert.match(all[1], /Demande modifiée.*<b>12<\/b> rue Cartier/s);
  assert.match(all[5], /pointchaud city.*city add/s);
  assert.equal(await page.locator("#lines a").first().getAttribute("href"), `/suivi/${ids[0]}?lang=fr`);
  await shot("audit-1280");
  await assertAccessible();

  await page.focus("#search-operation");
  await page.keyboard.type("change_report");
  await redrawn(() => page.keyboard.press("Enter"));
  assert.equal((await rows()).length, 1);
  assert.match(await page.locator("#found").innerText(), /^1 ligne\.$/);
  assert.match(page.url(), /operation=change_report/);
  // The address brings the search back.
  await page.reload();
  await page.waitForFunction(() => document.body.dataset.ready);
  assert.equal((await rows()).length, 1);
  assert.deepEqual(consoleErrors, []);
});

test("the file, the other language and a phone", async () => {
  await open("/journal?lang=en", { width: 390, locale: "en-CA" });
  assert.equal(await page.locator("h1").innerText(), "Audit");
  assert.match((await rows())[1], /Report changed/);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), "it fits the phone");
  await shot("audit-390");
  await assertAccessible();
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#file")]);
  assert.equal(download.suggestedFilename(), "ville.quebec.qc.ca-audit.csv");
  await page.click("#language");
  assert.equal(await page.locator("h1").innerText(), "Journal");
  assert.match((await rows())[1], /Demande modifiée/);
  assert.deepEqual(consoleErrors, []);
});

test("where the service has a key, the page asks for one and says what is wrong with it", async () => {
  const store = `sqlite:${join(folder, "city.db")}`;
  const create = (name, role) =>
    execFileSync(program, ["key", "create", "--name", name, "--role", role, "--store", store]).toString().trim();
  const [crew, chief] = [create("marie", "crew"), create("chantal", "supervisor")];
  const drawn = () => page.evaluate(() => document.body.dataset.ready ?? "0");
  const logIn = async (key) => {
    await page.locator("#crew-dialog input[type=password]").fill(key);
    const before = await drawn();
    await page.locator("#crew-dialog .primary").click();
    await page.waitForFunction((n) => (document.body.dataset.ready ?? "0") !== n, before);
  };
  // The running service takes the keys up within a second.
  for (;;) {
    await open("/journal", { until: "#crew-dialog, #lines table" });
    if (await page.locator("#crew-dialog").isVisible()) break;
  }
  assert.equal(await page.locator("#lines").isVisible(), false);
  await assertAccessible();
  await logIn(crew);
  assert.match(await page.locator("#problem").innerText(), /supervisor/);
  await page.locator("#crew").click();
  await redrawn(() => page.locator("#crew-dialog .primary").click());
  await page.locator("#crew").click();
  await logIn(chief);
  assert.equal(await page.locator("#problem").isVisible(), false);
  assert.match((await rows()).join("\n"), /Clé chantal/);
});
