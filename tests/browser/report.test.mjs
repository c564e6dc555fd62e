// The citizens' pages in headless Chromium: reporting by keyboard alone, by the position of a phone and
// with "me too", photos and questions, in two languages; and the tracking page.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, before, test } from "node:test";
import { JSON_BODY, addCity, audit, folderFor, launch, serve } from "./helpers.mjs";

const folder = folderFor("report");
const PHONE = { width: 390, height: 780 };
const HERE = { longitude: -71.2080, latitude: 46.8139, accuracy: 8 };

let service;
let base;
let browser;
let context;
let page;
let consoleErrors;

before(async () => {
  addCity(folder, "ville.quebec.qc.ca");
  ({ child: service, address: base } = await serve(folder));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  service?.kill();
  rmSync(folder, { recursive: true, force: true });
});

const json = async (path) => (await fetch(base + path)).json();

async function open(path, { size = PHONE, locale = "fr-CA", located = false } = {}) {
  await context?.close();
  const permissions = located ? ["geolocation"] : [];
  context = await browser.newContext({ viewport: size, locale, reducedMotion: "reduce", geolocation: HERE, permissions });
  page = await context.newPage();
  consoleErrors = [];
  page.on("console", (message) => message.type() === "error" && consoleErrors.push(message.text()));
  page.on("pageerror", (error) => consoleErrors.push(error.message));
  await page.goto(base + path);
  await page.waitForFunction(() => document.body.dataset.ready, null, { timeout: 30000 });
}

const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent.trim());

/** Presses Tab until the element with this id or this text has the focus. */
async function tabTo(wanted) {
  for (let n = 0; n < 40; n++) {
    if ((await focused()) === wanted) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`the focus never came to ${wanted}: ${await focused()}`);
}

/** Chooses a service and enters coordinates with the keyboard. */
async function fillByKeys(words, name) {
  await tabTo("service");
  await page.keyboard.type(words);
  await page.waitForSelector("#options [aria-selected=true]");
  assert.equal(await page.locator("#service").getAttribute("aria-activedescendant"), "option-0");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("#service").inputValue(), name);
  await tabTo("coordinates-label");
  await page.keyboard.press("Enter");
  await tabTo("lat");
  await page.keyboard.type("46,8139");
  await tabTo("lon");
  await page.keyboard.type("-71,2080");
  await page.keyboard.press("Tab");
  assert.match(await page.locator("#location-status").innerText(), /10\sm/);
}

test('by keyboard alone: a report is sent and tracked, then a second one is added to it with "me too"', async () => {
  await open("signaler?lang=fr", { size: { width: 1280, height: 800 } });
  await fillByKeys("trou dans la rue", "Nid-de-poule");
  await tabTo("description");
  await page.keyboard.type("Profond, devant le café");
  await tabTo("send");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#confirmation code");
  assert.equal(await focused(), "confirmation");
  const first = await page.locator("#confirmation code").innerText();
  const report = await json(`api/v1/reports/${first}`);
  assert.equal(report.properties.description, "Profond, devant le café");
  assert.deepEqual(report.geometry.coordinates, [-71.2080, 46.8139]);
  await tabTo("Suivre ma demande");
  await page.keyboard.press("Enter");
  await page.waitForURL(/suivi/);
  await page.waitForFunction(() => document.querySelector("#result h2"));
  assert.match(await page.locator("#result").innerText(), /Nid-de-poule[^]*personne n’y travaille encore[^]*Profond/);
  assert.deepEqual(consoleErrors, []);

  await open("signaler?lang=fr", { size: { width: 1280, height: 800 } });
  await fillByKeys("gros trou chaussée", "Nid-de-poule");
  await page.waitForSelector("#candidates li");
  assert.match(await page.locator("#nearby-status").innerText(), /^1 demande semblable/);
  assert.match(await page.locator("#candidates").innerText(), /même endroit[^]*encore ouverte[^]*probabilité/);
  await tabTo("Moi aussi");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#confirmation code");
  const second = await page.locator("#confirmation code").innerText();
  assert.equal((await json(`api/v1/reports/${second}`)).properties.parent_service_request_id, first);
  assert.match(await page.locator("#confirmation").innerText(), new RegExp(`jointe à ${first}`));
  await tabTo("Suivre ma demande");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#result h2"));
  assert.match(await page.locator("#result").innerText(), /2 personnes ont signalé ce problème[^]*Doublon de/);
  assert.deepEqual(consoleErrors, []);
});

test("on a phone with its position: likely duplicates are shown at once, one tap adds the report", async () => {
  await open("signaler?lang=fr", { located: true });
  await page.locator("#service").fill("nids de poules");
  await page.locator("#options li").first().tap().catch(() => page.locator("#options li").first().click());
  await page.locator("#locate").click();
  await page.waitForSelector("#candidates li");
  assert.match(await page.locator("#location-status").innerText(), /à 8\sm près/);
  assert.equal(await page.locator("#candidates li").count(), 1, "an incident is listed once");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= PHONE.width, `the page is ${wide} pixels wide`);
  const small = await page.evaluate(() => [...document.querySelectorAll("#form button, #form input, #form .choice, #photo-label")]
    .filter((one) => !one.matches(".choice input, #photo"))
    .filter((one) => one.offsetParent && !one.closest("#map")).map((one) => one.getBoundingClientRect().height)
    .filter((height) => height < 44));
  assert.deepEqual(small, [], "touch targets are at least 44 pixels high");
  await page.locator("#candidates button").click();
  await page.waitForSelector("#confirmation code");
  const incident = await json(`api/v1/incidents/${await page.locator("#confirmation code").innerText()}`);
  assert.equal(incident.reports, 3);
  assert.deepEqual(consoleErrors, []);
});

test("the map under the pin sets the place, and a report is sent in spite of the likely duplicates shown", async () => {
  await open("signaler?lang=en", { size: { width: 1280, height: 900 }, locale: "en-CA" });
  await page.locator("#service").fill("pothole");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => window.pointchaudPicker?.loaded());
  await page.evaluate(() => window.pointchaudPicker.jumpTo({ center: [-71.2080, 46.8139], zoom: 18 }));
  await page.waitForSelector("#candidates li");
  assert.match(await page.locator("#candidates").innerText(), /At the same place[^]*still open/);
  const before_ = (await json("api/v1/stats")).total;
  await page.locator("#send").click();
  await page.waitForSelector("#confirmation code");
  const own = await json(`api/v1/reports/${await page.locator("#confirmation code").innerText()}`);
  assert.equal(own.properties.parent_service_request_id, undefined, "the user has decided that it is no duplicate");
  assert.equal((await json("api/v1/stats")).total, before_ + 1);
  assert.match(await page.locator("#confirmation").innerText(), /Thank you, your request has been sent/);
  assert.deepEqual(consoleErrors, []);
});

test("a missing answer is named and gets the focus", async () => {
  await open("signaler?lang=fr");
  await page.locator("#send").click();
  assert.equal(await focused(), "service");
  assert.match(await page.locator("#error").innerText(), /quel est le problème/);
  await page.locator("#service").fill("lampadaire");
  await page.keyboard.press("Enter");
  await page.locator("#send").click();
  assert.equal(await focused(), "locate");
  await page.locator("#locate").click();
  await page.waitForFunction(() => /pas disponible/.test(document.querySelector("#error").textContent));
  await page.locator("#service").fill("qwxz");
  assert.match(await page.locator("#service-hint").innerText(), /Aucun service/);
  assert.deepEqual(consoleErrors, []);
});

test("tracking: a number typed in any form, one that does not exist, and none", async () => {
  const { features } = await json("api/v1/reports?limit=1");
  const typed = features[0].id.toLowerCase().replaceAll("-", " ");
  await open("suivi");
  assert.match(await page.locator("#result").innerText(), /numéro de suivi que vous avez reçu/);
  await page.locator("#number").fill(typed);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#result h2"));
  assert.match(await page.locator("#result").innerText(), new RegExp(features[0].id));
  await page.locator("#language").click();
  await page.waitForFunction(() => /Track a request/.test(document.querySelector("#title").textContent));
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  await open("suivi/XXX-XXX-XX?lang=fr");
  assert.match(await page.locator("#result").innerText(), /n’existe pas|mal copié/);
});

test("the tracking page of a duplicate shows the status of its original", async () => {
  const file = async (query, description) => {
    const body = { service_code: "graffiti", lon: -71.3, lat: 46.85, description };
    const answer = await fetch(`${base}api/v1/reports${query}`, { method: "POST", headers: JSON_BODY, body: JSON.stringify(body) });
    return (await answer.json()).id;
  };
  const patch = (id, body) => fetch(`${base}api/v1/reports/${id}`, { method: "PATCH", headers: JSON_BODY, body: JSON.stringify(body) });
  const first = await file("", "Mur du parc");
  const second = await file(`?confirm=${first}`, "Le mur du parc");
  const sentence = async () => {
    await open(`suivi/${second}?lang=fr`);
    return page.locator("#result .status-sentence").innerText();
  };
  assert.match(await sentence(), /même problème\s; personne/);
  await patch(second, { status: "closed", closed_reason: "duplicate" });
  assert.match(await sentence(), /même problème\s; personne/, "closed as a duplicate is not fixed");
  await patch(first, { status: "in_progress" });
  assert.match(await sentence(), /quelqu’un s’en occupe/);
  await patch(first, { status: "closed", closed_reason: "done" });
  assert.match(await sentence(), /C’est réglé/);
});

/** A JPEG drawn by the browser, with EXIF data that say it was taken at 46° 48′ 30″ N, 71° 12′ 45″ W. */
async function photo() {
  const jpeg = Buffer.from(await page.evaluate(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#667";
    pen.fillRect(0, 0, 640, 480);
    pen.fillStyle = "#111";
    pen.ellipse(320, 300, 150, 70, 0, 0, 7);
    pen.fill();
    return canvas.toDataURL("image/jpeg").split(",")[1];
  }), "base64");
  const entry = (tag, kind, count, value) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt16LE(tag);
    bytes.writeUInt16LE(kind, 2);
    bytes.writeUInt32LE(count, 4);
    if (typeof value === "string") bytes.write(value, 8);
    else bytes.writeUInt32LE(value, 8);
    return bytes;
  };
  const u16 = (n) => Buffer.from([n & 255, n >> 8]);
  const fractions = Buffer.alloc(48);
  [46, 1, 48, 1, 30, 1, 71, 1, 12, 1, 45, 1].forEach((n, at) => fractions.writeUInt32LE(n, at * 4));
  const tiff = Buffer.concat([
    Buffer.from("II*\0\x08\0\0\0", "latin1"), u16(1), entry(0x8825, 4, 1, 26), Buffer.alloc(4), u16(4),
    entry(1, 2, 2, "N\0"), entry(2, 5, 3, 80), entry(3, 2, 2, "W\0"), entry(4, 5, 3, 104), Buffer.alloc(4), fractions,
  ]);
  const app1 = Buffer.concat([Buffer.from([0xff, 0xe1, 0, tiff.length + 8]), Buffer.from("Exif\0\0", "latin1"), tiff]);
  return Buffer.concat([jpeg.subarray(0, 2), app1, jpeg.subarray(2)]);
}

test("a service's questions and a photo with its position are on the report", async () => {
  await open("signaler?lang=fr");
  await page.locator("#service").fill("encombrants");
  await page.keyboard.press("Enter");
  await page.locator("#photo").setInputFiles({ name: "a.jpg", mimeType: "image/jpeg", buffer: await photo() });
  await page.waitForSelector("#photos img");
  await page.waitForFunction(() => /15\sm/.test(document.querySelector("#location-status").textContent));
  assert.equal(await page.locator("#lat").inputValue(), "46.808333");
  await page.locator("#send").click();
  assert.match(await page.locator("#error").innerText(), /Répondez à cette question\s: Qu’y a-t-il à ramasser/);
  assert.equal(await focused(), "attribute-objets");
  await page.keyboard.press("Space");
  await page.getByLabel("Électroménager").check();
  await page.getByLabel("Précisions (facultatif)").fill("Un frigo\net un divan");
  // The answers are kept when the language changes.
  await page.locator("#language").click();
  await page.waitForFunction(() => document.documentElement.lang === "en" && document.querySelector("#attributes legend"));
  assert.deepEqual(await page.locator("#attributes input:checked").evaluateAll((all) => all.map((one) => one.value)),
    ["meuble", "electromenager"]);
  await page.locator("#language").click();
  await page.waitForFunction(() => document.documentElement.lang === "fr");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= PHONE.width, `the page is ${wide} pixels wide`);
  assert.deepEqual((await audit(page)).violations, []);
  await page.locator("#send").click();
  await page.waitForSelector("#confirmation code");
  const id = await page.locator("#confirmation code").innerText();
  const { properties } = await json(`api/v1/reports/${id}`);
  assert.deepEqual(properties.attributes, { objets: ["meuble", "electromenager"], precisions: "Un frigo\net un divan" });
  assert.equal(properties.media_url.length, 1);
  await open(`suivi/${id}?lang=fr`);
  await page.waitForFunction(() => document.querySelector(".photos img")?.naturalWidth > 0);
  assert.match(await page.locator("#result").innerText(), /Qu’y a-t-il à ramasser[^]*Meuble, Électroménager/);
  // The map page shows them too.
  await page.goto(`${base}#lang=fr&report=${id}`);
  await page.waitForFunction(() => document.querySelector("#card .photos img")?.naturalWidth > 0);
  assert.match(await page.locator("#card").innerText(), /Qu’y a-t-il à ramasser[^]*Meuble, Électroménager/);
  assert.deepEqual(consoleErrors, []);
});

test("sending waits for a photo that is being uploaded", async () => {
  await open("signaler?lang=fr", { located: true });
  await page.route("**/api/v1/media*", async (route) => {
    await new Promise((later) => setTimeout(later, 1500));
    await route.continue();
  });
  await page.locator("#service").fill("graffiti");
  await page.keyboard.press("Enter");
  await page.locator("#locate").click();
  await page.waitForFunction(() => /8\sm/.test(document.querySelector("#location-status").textContent));
  await page.locator("#photo").setInputFiles({ name: "a.jpg", mimeType: "image/jpeg", buffer: await photo() });
  await page.locator("#send").click();
  await page.waitForSelector("#confirmation code");
  const { properties } = await json(`api/v1/reports/${await page.locator("#confirmation code").innerText()}`);
  assert.equal(properties.media_url.length, 1);
  assert.deepEqual(consoleErrors, []);
});

test("a file that is not a photo is refused with a reason", async () => {
  await open("signaler?lang=fr");
  const buffer = Buffer.from("<html>not a photo</html>");
  await page.locator("#photo").setInputFiles({ name: "a.jpg", mimeType: "image/jpeg", buffer });
  await page.waitForFunction(() => /photo JPEG, PNG ou WebP/.test(document.querySelector("#photo-status").textContent));
  assert.equal(await page.locator("#photos li").count(), 0);
});

test("both pages pass the accessibility audit, in both languages", async () => {
  const { features } = await json("api/v1/reports?limit=1");
  for (const language of ["fr", "en"]) {
    for (const path of ["signaler", `suivi/${features[0].id}`]) {
      await open(`${path}?lang=${language}`, { located: true });
      if (path === "signaler") {
        await page.locator("#service").fill("pothole");
        await page.keyboard.press("Enter");
        await page.locator("#locate").click();
        await page.waitForSelector("#candidates li");
      }
      const { violations, passes } = await audit(page);
      assert.deepEqual(violations, [], `${path} ${language}`);
      assert.ok(passes > 15);
    }
  }
});
