// Logging in and out on the map page in headless Chromium: by keyboard, in two browsers, in two languages, on a
// phone; and that no script of the page can read the key or the session.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, before, test } from "node:test";
import { addCity, audit, createKey, folderFor, JSON_BODY, launch, serve } from "./helpers.mjs";

const SHOTS = process.env.POINTCHAUD_SHOTS;
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 780 };

let browser;
let folder;
let service;
let base;
let secret;
const ids = [];

before(async () => {
  folder = folderFor("crew");
  addCity(folder, "ville.quebec.qc.ca");
  secret = createKey(folder, "marie.tremblay", "supervisor");
  const { child, address } = await serve(folder);
  [service, base] = [child, address];
  for (const hours of [30, 2]) {
    const when = new Date(Date.now() - hours * 3600e3).toISOString();
    const body = { service_code: "nid-de-poule", lon: -71.2512, lat: 46.8333, requested_datetime: when };
    const answer = await fetch(`${base}api/v1/reports`, { method: "POST", headers: JSON_BODY, body: JSON.stringify(body) });
    ids.push((await answer.json()).id);
  }
  browser = await launch();
});

after(async () => {
  await browser?.close();
  service?.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** A page of a browser of its own, with what its console said. */
async function open(hash = "#lang=fr", { size = DESKTOP, locale = "fr-CA" } = {}) {
  const context = await browser.newContext({ viewport: size, locale, reducedMotion: "reduce" });
  const page = await context.newPage();
  const errors = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(`${base}${hash}`);
  await page.waitForSelector("#crew:not([hidden])");
  return { context, page, errors };
}

const shot = async (page, name) => SHOTS && page.screenshot({ path: `${SHOTS}/${name}.png` });

async function assertAccessible(page) {
  const { violations, passes } = await audit(page);
  assert.deepEqual(violations, []);
  assert.ok(passes > 10, `${passes} rules`);
}

async function logIn(page) {
  await page.locator("#crew").focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("#crew-dialog[open]");
  await page.keyboard.type(secret);
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
  await page.waitForFunction(() => /marie/.test(document.querySelector("#crew")?.textContent));
}

/** What scripts of a page can read. */
const readable = (page) => page.evaluate(() => JSON.stringify([
  document.cookie, { ...sessionStorage }, { ...localStorage }, document.documentElement.outerHTML,
  [...document.querySelectorAll("input")].map((input) => input.value),
]));

test("by keyboard: a wrong key, the right one, a change, and logging out", async () => {
  const { context, page, errors } = await open(`#lang=fr&report=${ids[1]}&map=16.00/46.83330/-71.25120`);
  assert.match(await page.locator("#crew").getAttribute("aria-label"), /Connexion/);
  await page.locator("#crew").focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("#crew-dialog[open]");
  const field = page.locator("#crew-dialog input[type=password]");
  assert.equal(await field.getAttribute("autocomplete"), "current-password");
  await assertAccessible(page);
  await shot(page, "crew-log-in-1280");
  await page.keyboard.type("pch_wrong");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#crew-dialog .warning:not([hidden])");
  assert.match(await page.locator("#crew-dialog .warning").innerText(), /inconnue/);
  await assertAccessible(page);
  await shot(page, "crew-wrong-1280");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#crew-dialog").count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement.id), "crew", "the focus is back");
  // Only the wrong key was an error.
  assert.ok(errors.every((text) => /401/.test(text)), errors.join());
  errors.length = 0;

  await logIn(page);
  const seen = await readable(page);
  assert.ok(!seen.includes(secret) && !seen.includes(secret.slice(4, 20)), "the key is nowhere");
  const [cookie] = await context.cookies();
  assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite, cookie.path], ["pointchaud", true, "Strict", "/"]);
  assert.ok(!seen.includes(cookie.value), "no script reads the session");

  await page.waitForSelector(".incident .small");
  await page.locator(".incident .small", { hasText: "Réunir" }).first().click();
  await page.waitForFunction(() => /Réunies · marie.tremblay/.test(document.querySelector(".incident")?.textContent));

  await page.locator("#crew").focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("#crew-dialog[open]");
  assert.match(await page.locator("#crew-dialog").innerText(), /marie.tremblay · supervision/);
  await assertAccessible(page);
  await shot(page, "crew-logged-in-1280");
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
  await page.waitForFunction(() => /Équipe/.test(document.querySelector("#crew")?.textContent));
  assert.deepEqual(await context.cookies(), []);
  assert.deepEqual(errors, []);
  await context.close();
});

test("logging out everywhere ends the session of another browser, which then asks for the key", async () => {
  const here = await open();
  const there = await open(`#lang=en&report=${ids[1]}&map=16.00/46.83330/-71.25120`, { size: PHONE, locale: "en-CA" });
  await logIn(here.page);
  await logIn(there.page);
  assert.ok(await there.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), "it fits a phone");
  await shot(there.page, "crew-390");
  await here.page.locator("#crew").click();
  await Promise.all([
    here.page.waitForEvent("load"), here.page.locator("#crew-dialog button", { hasText: "partout" }).click(),
  ]);
  await there.page.waitForSelector(".incident .small");
  await there.page.locator(".incident .small").first().click();
  await there.page.waitForSelector("#crew-dialog[open]");
  assert.match(await there.page.locator("#crew-dialog h2").innerText(), /log-in/);
  await assertAccessible(there.page);
  await shot(there.page, "crew-again-390");
  await here.context.close();
  await there.context.close();
});
