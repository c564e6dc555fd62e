// The citizens' pages in headless Chromium: a report filed by keyboard alone, "me too" in one tap, by
// the telephone's position, in two languages; and the page that follows it.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, before, test } from "node:test";
import { findings, folderFor, launch, serve } from "./stage.mjs";

const folder = folderFor("report");
const PHONE = { width: 390, height: 780 };
const HERE = { longitude: -71.2080, latitude: 46.8139, accuracy: 8 };

let service;
let base;
let browser;
let context;
let page;
let complaints;

before(async () => {
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
  complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(base + path);
  await page.waitForFunction(() => document.body.dataset.ready, null, { timeout: 30000 });
}

const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent.trim());

/** Tabs until the element of this id, or with this text, has the focus. */
async function tabTo(wanted) {
  for (let n = 0; n < 40; n++) {
    if ((await focused()) === wanted) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`the keyboard never came to ${wanted}: ${await focused()}`);
}

/** Fills the form up to the place with nothing but keys. */
async function fillByKeys(words, name) {
  await tabTo("what");
  await page.keyboard.type(words);
  await page.waitForSelector("#options [aria-selected=true]");
  assert.equal(await page.locator("#what").getAttribute("aria-activedescendant"), "option-0");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("#what").inputValue(), name);
  await tabTo("exact-label");
  await page.keyboard.press("Enter");
  await tabTo("lat");
  await page.keyboard.type("46,8139");
  await tabTo("lon");
  await page.keyboard.type("-71,2080");
  await page.keyboard.press("Tab");
  assert.match(await page.locator("#where-said").innerText(), /10 m/);
}

test("by keyboard alone: what people say, where, sent, followed; then the next one says me too", async () => {
  await open("signaler?lang=fr", { size: { width: 1280, height: 800 } });
  await fillByKeys("trou dans la rue", "Nid-de-poule");
  await tabTo("text");
  await page.keyboard.type("Profond, devant le café");
  await tabTo("send");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#done code");
  assert.equal(await focused(), "done");
  const first = await page.locator("#done code").innerText();
  const report = await json(`api/v1/reports/${first}`);
  assert.equal(report.properties.description, "Profond, devant le café");
  assert.deepEqual(report.geometry.coordinates, [-71.2080, 46.8139]);
  await tabTo("Suivre ma demande");
  await page.keyboard.press("Enter");
  await page.waitForURL(/suivi/);
  await page.waitForFunction(() => document.querySelector("#told h2"));
  assert.match(await page.locator("#told").innerText(), /Nid-de-poule[^]*personne n’y travaille encore[^]*Profond/);
  assert.deepEqual(complaints, []);

  await open("signaler?lang=fr", { size: { width: 1280, height: 800 } });
  await fillByKeys("gros trou chaussée", "Nid-de-poule");
  await page.waitForSelector("#candidates li");
  assert.match(await page.locator("#near-told").innerText(), /Déjà signalé tout près\s: 1/);
  assert.match(await page.locator("#candidates").innerText(), /même endroit[^]*encore ouverte[^]*probabilité/);
  await tabTo("Moi aussi");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#done code");
  const second = await page.locator("#done code").innerText();
  assert.equal((await json(`api/v1/reports/${second}`)).properties.parent_service_request_id, first);
  assert.match(await page.locator("#done").innerText(), new RegExp(`jointe à ${first}`));
  await tabTo("Suivre ma demande");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#told h2"));
  assert.match(await page.locator("#told").innerText(), /2 personnes ont signalé ce problème[^]*Doublon de/);
  assert.deepEqual(complaints, []);
});

test("on a phone by its own position: suggestions at once, one tap joins them", async () => {
  await open("signaler?lang=fr", { located: true });
  await page.locator("#what").fill("nids de poules");
  await page.locator("#options li").first().tap().catch(() => page.locator("#options li").first().click());
  await page.locator("#locate").click();
  await page.waitForSelector("#candidates li");
  assert.match(await page.locator("#where-said").innerText(), /à 8 m près/);
  assert.equal(await page.locator("#candidates li").count(), 1, "an incident is told once");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= PHONE.width, `the page is ${wide} pixels wide`);
  const small = await page.evaluate(() => [...document.querySelectorAll("#form button, #form input, #form .choice, #photo-label")]
    .filter((one) => !one.matches(".choice input, #photo"))
    .filter((one) => one.offsetParent && !one.closest("#map")).map((one) => one.getBoundingClientRect().height)
    .filter((height) => height < 44));
  assert.deepEqual(small, [], "targets are large enough for thumbs");
  await page.locator("#candidates button").click();
  await page.waitForSelector("#done code");
  const incident = await json(`api/v1/incidents/${await page.locator("#done code").innerText()}`);
  assert.equal(incident.reports, 3);
  assert.deepEqual(complaints, []);
});

test("the map under the pin tells the place, and whoever has seen the others sends all the same", async () => {
  await open("signaler?lang=en", { size: { width: 1280, height: 900 }, locale: "en-CA" });
  await page.locator("#what").fill("pothole");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => window.pointchaudPlace?.loaded());
  await page.evaluate(() => window.pointchaudPlace.jumpTo({ center: [-71.2080, 46.8139], zoom: 18 }));
  await page.waitForSelector("#candidates li");
  assert.match(await page.locator("#candidates").innerText(), /At the same place[^]*still open/);
  const before_ = (await json("api/v1/stats")).total;
  await page.locator("#send").click();
  await page.waitForSelector("#done code");
  const own = await json(`api/v1/reports/${await page.locator("#done code").innerText()}`);
  assert.equal(own.properties.parent_service_request_id, undefined, "who sends all the same is taken at their word");
  assert.equal((await json("api/v1/stats")).total, before_ + 1);
  assert.match(await page.locator("#done").innerText(), /Thank you, it is sent/);
  assert.deepEqual(complaints, []);
});

test("what is missing is said, and the keyboard goes there", async () => {
  await open("signaler?lang=fr");
  await page.locator("#send").click();
  assert.equal(await focused(), "what");
  assert.match(await page.locator("#trouble").innerText(), /quel est le problème/);
  await page.locator("#what").fill("lampadaire");
  await page.keyboard.press("Enter");
  await page.locator("#send").click();
  assert.equal(await focused(), "locate");
  await page.locator("#locate").click();
  await page.waitForFunction(() => /pas disponible/.test(document.querySelector("#trouble").textContent));
  await page.locator("#what").fill("qwxz");
  assert.match(await page.locator("#what-said").innerText(), /Aucun service/);
  assert.deepEqual(complaints, []);
});

test("a number however it is typed, one that does not exist, and no number at all", async () => {
  const { features } = await json("api/v1/reports?limit=1");
  const typed = features[0].id.toLowerCase().replaceAll("-", " ");
  await open("suivi");
  assert.match(await page.locator("#told").innerText(), /numéro de suivi que vous avez reçu/);
  await page.locator("#number").fill(typed);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#told h2"));
  assert.match(await page.locator("#told").innerText(), new RegExp(features[0].id));
  await page.locator("#language").click();
  await page.waitForFunction(() => /Follow a request/.test(document.querySelector("#title").textContent));
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  await open("suivi/XXX-XXX-XX?lang=fr");
  assert.match(await page.locator("#told").innerText(), /n’existe pas|mal copié/);
});

test("a duplicate is told what becomes of its original", async () => {
  const file = async (query, description) => {
    const body = { service_code: "graffiti", lon: -71.3, lat: 46.85, description };
    const answer = await fetch(`${base}api/v1/reports${query}`, { method: "POST", body: JSON.stringify(body) });
    return (await answer.json()).id;
  };
  const patch = (id, body) => fetch(`${base}api/v1/reports/${id}`, { method: "PATCH", body: JSON.stringify(body) });
  const first = await file("", "Mur du parc");
  const second = await file(`?confirm=${first}`, "Le mur du parc");
  const told = async () => {
    await open(`suivi/${second}?lang=fr`);
    return page.locator("#told .standing").innerText();
  };
  assert.match(await told(), /même problème\s; personne/);
  await patch(second, { status: "closed", closed_reason: "duplicate" });
  assert.match(await told(), /même problème\s; personne/, "closed as a duplicate is not fixed");
  await patch(first, { status: "in_progress" });
  assert.match(await told(), /quelqu’un s’en occupe/);
  await patch(first, { status: "closed", closed_reason: "done" });
  assert.match(await told(), /C’est réglé/);
});

/** A JPEG that a browser drew, which says that it was taken at 46° 48′ 30″ N, 71° 12′ 45″ W. */
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

test("a service's questions are asked, a photo is shown and tells the place, and all is on the report", async () => {
  await open("signaler?lang=fr");
  await page.locator("#what").fill("encombrants");
  await page.keyboard.press("Enter");
  await page.locator("#photo").setInputFiles({ name: "a.jpg", mimeType: "image/jpeg", buffer: await photo() });
  await page.waitForSelector("#photos img");
  await page.waitForFunction(() => /15 m/.test(document.querySelector("#where-said").textContent));
  assert.equal(await page.locator("#lat").inputValue(), "46.808333");
  await page.locator("#send").click();
  assert.match(await page.locator("#trouble").innerText(), /Répondez\s: Qu'y a-t-il à ramasser/);
  assert.equal(await focused(), "question-objets");
  await page.keyboard.press("Space");
  await page.getByLabel("Électroménager").check();
  await page.getByLabel("Précisions (facultatif)").fill("Un frigo\net un divan");
  // Another language asks the same, and what was answered stays.
  await page.locator("#language").click();
  await page.waitForFunction(() => document.documentElement.lang === "en" && document.querySelector("#questions legend"));
  assert.deepEqual(await page.locator("#questions input:checked").evaluateAll((all) => all.map((one) => one.value)),
    ["meuble", "electromenager"]);
  await page.locator("#language").click();
  await page.waitForFunction(() => document.documentElement.lang === "fr");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= PHONE.width, `the page is ${wide} pixels wide`);
  const { told } = await findings(page);
  assert.deepEqual(told, []);
  await page.locator("#send").click();
  await page.waitForSelector("#done code");
  const id = await page.locator("#done code").innerText();
  const { properties } = await json(`api/v1/reports/${id}`);
  assert.deepEqual(properties.attributes, { objets: ["meuble", "electromenager"], precisions: "Un frigo\net un divan" });
  assert.equal(properties.media_url.length, 1);
  await open(`suivi/${id}?lang=fr`);
  await page.waitForFunction(() => document.querySelector(".photos img")?.naturalWidth > 0);
  assert.match(await page.locator("#told").innerText(), /Qu'y a-t-il à ramasser[^]*Meuble, Électroménager/);
  // The crews' map, too.
  await page.goto(`${base}#lang=fr&report=${id}`);
  await page.waitForFunction(() => document.querySelector("#card .photos img")?.naturalWidth > 0);
  assert.match(await page.locator("#card").innerText(), /Qu'y a-t-il à ramasser[^]*Meuble, Électroménager/);
  assert.deepEqual(complaints, []);
});

test("a photo on its way is waited for", async () => {
  await open("signaler?lang=fr", { located: true });
  await page.route("**/api/v1/media*", async (route) => {
    await new Promise((later) => setTimeout(later, 1500));
    await route.continue();
  });
  await page.locator("#what").fill("graffiti");
  await page.keyboard.press("Enter");
  await page.locator("#locate").click();
  await page.waitForFunction(() => /8 m/.test(document.querySelector("#where-said").textContent));
  await page.locator("#photo").setInputFiles({ name: "a.jpg", mimeType: "image/jpeg", buffer: await photo() });
  await page.locator("#send").click();
  await page.waitForSelector("#done code");
  const { properties } = await json(`api/v1/reports/${await page.locator("#done code").innerText()}`);
  assert.equal(properties.media_url.length, 1);
  assert.deepEqual(complaints, []);
});

test("what is no photo is refused in words, and the form goes on", async () => {
  await open("signaler?lang=fr");
  const buffer = Buffer.from("<html>not a photo</html>");
  await page.locator("#photo").setInputFiles({ name: "a.jpg", mimeType: "image/jpeg", buffer });
  await page.waitForFunction(() => /photo JPEG, PNG ou WebP/.test(document.querySelector("#photo-said").textContent));
  assert.equal(await page.locator("#photos li").count(), 0);
});

test("both pages are open to assistive software, in both languages", async () => {
  const { features } = await json("api/v1/reports?limit=1");
  for (const language of ["fr", "en"]) {
    for (const path of ["signaler", `suivi/${features[0].id}`]) {
      await open(`${path}?lang=${language}`, { located: true });
      if (path === "signaler") {
        await page.locator("#what").fill("pothole");
        await page.keyboard.press("Enter");
        await page.locator("#locate").click();
        await page.waitForSelector("#candidates li");
      }
      const { told, passes } = await findings(page);
      assert.deepEqual(told, [], `${path} ${language}`);
      assert.ok(passes > 15);
    }
  }
});
