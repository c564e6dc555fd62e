// The map page in headless Chromium, on imported data: filters, zoom, cards, keyboard, two languages,
// phone size, hotspots, hexagons, basemap; and no error on the console.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { JSON_BODY, audit, folderFor, launch, program, serve } from "./helpers.mjs";

const folder = folderFor("page");
const store = join(folder, "city.db");

let service;
let base;
let browser;
let page;
let consoleErrors;

const run = (...words) => execFileSync(program, [...words, "--store", `sqlite:${store}`], { cwd: folder });

/** A small city with known counts. */
function boston() {
  const header = "case_enquiry_id,open_dt,closed_dt,case_status,case_title,type,reason,neighborhood,location,latitude,longitude,source";
  const rows = [header];
  for (let n = 0; n < 300; n++) {
    const closed = n % 3 === 0;
    const light = n % 4 === 0;
    rows.push([
      1000 + n, `2011-07-${String(1 + (n % 28)).padStart(2, "0")} 10:00:00`, closed ? "2011-08-01 10:00:00" : "",
      closed ? "Closed" : "Open", `Case ${n}`, light ? "Street Light Outages" : "Request for Pothole Repair",
      light ? "Street Lights" : "Highway Maintenance", n % 2 ? "Roxbury" : "Dorchester", `${n} Main St`,
      (42.3 + (n % 20) * 0.003).toFixed(4), (-71.1 + Math.floor(n / 20) * 0.004).toFixed(4), "Self Service",
    ].join(","));
  }
  // Five reports at one place, which no zoom separates.
  for (let n = 0; n < 5; n++) {
    rows.push(`20${n},2011-07-30 10:00:00,,Open,Stack ${n},Graffiti Removal,Graffiti,Fenway,1 Stack Sq,42.4000,-71.0000,Twitter`);
  }
  return rows.join("\n") + "\n";
}

/** A year of two services all over a city, and a recent burst of potholes in one place. */
function burst() {
  const header = "case_enquiry_id,open_dt,closed_dt,case_status,case_title,type,reason,neighborhood,location,latitude,longitude,source";
  const rows = [header];
  // A seeded random generator (MINSTD): the same data in every run.
  let seed = 7;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const row = (id, type, hours, lat, lon) => {
    const opened = new Date(Date.now() - hours * 3600e3).toISOString().slice(0, 19).replace("T", " ");
    rows.push([id, opened, "", "Open", `Case ${id}`, type, "Highway Maintenance", "Midtown", "9 Main St", lat.toFixed(5), lon.toFixed(5), "Self Service"].join(","));
  };
  for (let n = 0; n < 1600; n++) {
    const type = n % 2 ? "Street Light Outages" : "Request for Pothole Repair";
    row(5000 + n, type, 100 + random() * 8000, 42.28 + random() * 0.06, -71.12 + random() * 0.08);
  }
  for (let n = 0; n < 25; n++) {
    row(9000 + n, "Request for Pothole Repair", 30 + random() * 60, 42.3 + random() * 0.001, -71.08 + random() * 0.001);
  }
  return rows.join("\n") + "\n";
}

before(async () => {
  // The first city is the default one.
  run("generate", "--reports", "2000", "--seed", "4");
  writeFileSync(join(folder, "boston.csv"), boston());
  writeFileSync(join(folder, "burst.csv"), burst());
  run("import", join(folder, "burst.csv"), "--profile", "boston", "--jurisdiction", "burst.example");
  run("import", join(folder, "boston.csv"));
  ({ child: service, address: base } = await serve(folder));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  service?.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function open(hash, { width = 1280, height = 800, url = base, locale = "fr-CA" } = {}) {
  await page?.close();
  page = await browser.newPage({ viewport: { width, height }, locale, reducedMotion: "reduce" });
  consoleErrors = [];
  page.on("console", (message) => message.type() === "error" && consoleErrors.push(message.text()));
  page.on("pageerror", (error) => consoleErrors.push(error.message));
  await page.goto(url + hash);
  await settled();
}

/** Waits until every request has been answered and drawn. */
async function settled() {
  await page.waitForFunction(() => document.body.dataset.idle && window.pointchaudMap?.loaded(), null, { timeout: 30000 });
  await page.waitForTimeout(150);
  await page.waitForFunction(() => window.pointchaudMap.loaded());
}

const openFilters = () => page.locator("#filters-title").click();
const text = (selector) => page.locator(selector).innerText();
const api = async (path) => (await fetch(base + path)).json();
const digits = (words) => Number(words.replace(/[^\d]/g, ""));
const spots = () => page.evaluate(async () => {
  const data = await window.pointchaudMap.getSource("clusters").getData();
  return data.features.map((f) => ({ ...f.properties, at: f.geometry.coordinates }));
});

test("the page shows what the API counts, and filters it", async () => {
  await open("#city=boston.gov&lang=fr");
  const open_ = await api("api/v1/stats?jurisdiction_id=boston.gov&status=open,in_progress");
  assert.equal(digits(await text("#summary")), open_.total);
  assert.equal(open_.total, 205);
  const drawn = await spots();
  assert.equal(drawn.reduce((sum, spot) => sum + (spot.count ?? 1), 0), 205, "every report is on the map");

  await openFilters();
  await page.locator("#status .chip", { hasText: "Fermées" }).click();
  await page.waitForFunction(() => document.querySelector("#summary").textContent.startsWith("305"));
  await page.locator("#services-box > summary").click();
  const light = page.locator("#services .group > .check", { hasText: "Éclairage" });
  assert.equal(digits(await light.locator(".count").innerText()), 75);
  await light.locator("input").check();
  await page.waitForFunction(() => document.querySelector("#summary").textContent.startsWith("75"));
  assert.match(page.url(), /service=street-light-outages/);
  await settled();
  assert.ok((await page.locator("#list-items strong").allInnerTexts()).every((name) => name === "Street Light Outages"));
  await page.locator("#reset").click();
  await page.waitForFunction(() => document.querySelector("#summary").textContent.startsWith("205"));
  assert.deepEqual(consoleErrors, []);
});

test("a click on a group zooms in, a stack opens its list, a row opens its card", async () => {
  await open("#city=boston.gov&lang=en&status=open&map=9.00/42.35000/-71.05000");
  const click = async (spot) => {
    const at = await page.evaluate((c) => window.pointchaudMap.project(c), spot.at);
    const box = await page.locator("#map").boundingBox();
    await page.mouse.click(box.x + at.x, box.y + at.y);
  };
  const [largest] = (await spots()).sort((a, b) => (b.count ?? 1) - (a.count ?? 1));
  const zoom = await page.evaluate(() => window.pointchaudMap.getZoom());
  await click(largest);
  await page.waitForFunction((z) => window.pointchaudMap.getZoom() > z, zoom);
  await settled();

  await open("#city=boston.gov&lang=en&status=open&map=14.00/42.40000/-71.00000");
  const stack = (await spots()).find((spot) => spot.count === 5);
  await click(stack);
  await page.waitForFunction(() => /In this group/.test(document.querySelector("#list-title").textContent));
  assert.equal(await page.locator("#list-items .row").count(), 5);
  await page.locator("#list-items .row").first().click();
  await page.waitForSelector("#card h2");
  assert.equal(await text("#card h2"), "Graffiti Removal");
  assert.match(await text("#card"), /Stack \d/);
  assert.match(page.url(), /report=20\d/);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#card").isVisible(), false);
  assert.deepEqual(consoleErrors, []);
});

test("a link opens the same view", async () => {
  await open("#map=13.50/42.33000/-71.08000&city=boston.gov&status=closed&period=all&service=request-for-pothole-repair&report=1003&lang=en");
  await page.waitForSelector("#card h2");
  assert.equal(await text("#card h2"), "Request for Pothole Repair");
  assert.equal(await page.locator("#city").inputValue(), "boston.gov");
  assert.ok(Math.abs((await page.evaluate(() => window.pointchaudMap.getZoom())) - 13.5) < 0.01);
  assert.equal(await page.locator('#status .chip[aria-pressed="true"]').count(), 1);
  assert.equal(digits(await text("#summary")), 75);
  assert.deepEqual(consoleErrors, []);
});

test("another city and another language change all texts", async () => {
  await open("#lang=fr");
  assert.equal(await page.locator("html").getAttribute("lang"), "fr");
  assert.match(await text("#summary"), /demandes/);
  assert.equal(await page.locator(".maplibregl-ctrl-zoom-in").getAttribute("aria-label"), "Zoom avant");
  await page.locator("#language").click();
  await page.waitForFunction(() => /requests/.test(document.querySelector("#summary").textContent));
  await settled();
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  assert.equal(await page.locator(".maplibregl-ctrl-zoom-in").getAttribute("aria-label"), "Zoom in");
  await page.locator("#city").selectOption("boston.gov");
  await page.waitForFunction(() => document.querySelector("#summary").textContent.startsWith("205"));
  assert.deepEqual(consoleErrors, []);
});

test("neighbouring cities are shown on one map, and one press switches to each", async () => {
  const view = "map=12.00/42.33000/-71.07000&lang=fr";
  await open(`#city=boston.gov&status=open&${view}`);
  const alone = await spots();
  assert.ok(alone.every((spot) => !spot.city));
  assert.equal(await page.locator("#neighbours").isVisible(), false);
  await openFilters();
  const beside = page.locator("#neighbour-toggle .chip");
  await beside.focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("#neighbours .chip");
  await settled();
  assert.match(page.url(), /others=1/);
  const all = await spots();
  const of = (city) => all.filter((spot) => spot.city === city).reduce((sum, spot) => sum + (spot.count ?? 1), 0);
  assert.equal(of(undefined), alone.reduce((sum, spot) => sum + (spot.count ?? 1), 0), "ours as before");
  const button = page.locator("#neighbours .chip");
  assert.equal(await button.count(), 1, "Québec is not in view");
  assert.equal(of("burst.example"), digits(await button.locator(".count").innerText()));
  assert.ok(of("burst.example") > 1000, of("burst.example"));
  assert.deepEqual((await audit(page)).violations, []);

  await button.focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#city").value === "burst.example");
  // The first city is beside it now.
  await page.waitForFunction((n) => document.querySelector("#neighbours .count")?.textContent === String(n), of(undefined));
  await settled();
  assert.ok(Math.abs((await page.evaluate(() => window.pointchaudMap.getZoom())) - 12) < 0.01, "where the map was");

  // A report of the other city, on the map: its card opens, and its city is the page's.
  await open("#city=boston.gov&status=open&others=1&lang=fr&map=17.00/42.33000/-71.07000");
  const near = ([lon, lat]) => Math.abs(lon + 71.07) < 0.003 && Math.abs(lat - 42.33) < 0.002;
  const theirs = (await spots()).find((spot) => spot.city && !spot.cluster && near(spot.at));
  const at = await page.evaluate((c) => window.pointchaudMap.project(c), theirs.at);
  const box = await page.locator("#map").boundingBox();
  await page.mouse.click(box.x + at.x, box.y + at.y);
  await page.waitForSelector("#card h2");
  assert.equal(await page.locator("#city").inputValue(), "burst.example");
  assert.match(page.url(), new RegExp(`report=${theirs.service_request_id}`));
  assert.deepEqual(consoleErrors, []);
});

test("by keyboard alone: skip to the list, open a report, close it, and the focus is back on its row", async () => {
  await open("#city=boston.gov&lang=fr");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "skip");
  await page.locator("#list-items .row").nth(1).focus();
  const id = await page.evaluate(() => document.activeElement.dataset.id);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#card h2");
  assert.equal(await page.evaluate(() => document.activeElement.id), "card");
  assert.match(await text("#card"), new RegExp(id));
  await settled();
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.id), id);
  assert.deepEqual(consoleErrors, []);
});

test("the page passes the accessibility audit, at desktop and phone size", async () => {
  for (const size of [{ width: 1280, height: 800 }, { width: 390, height: 780 }]) {
    await open("#city=boston.gov&lang=fr&report=1003", size);
    await page.waitForSelector("#card h2", { state: "attached" });
    const { violations, passes } = await audit(page);
    assert.deepEqual(violations, []);
    assert.ok(passes > 20);
  }
});

test("on a phone the map is full and the list slides up", async () => {
  await open("#city=boston.gov&lang=fr", { width: 390, height: 780 });
  assert.equal(await page.locator("#panel-body").isVisible(), false);
  await page.locator("#panel-toggle").click();
  assert.equal(await page.locator("#list-items .row").first().isVisible(), true);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 390, `the page is ${wide} pixels wide`);
  assert.deepEqual(consoleErrors, []);
});

test("a crew merges two reports, splits them and undoes the split", async () => {
  const file = async (hours) => {
    const when = new Date(Date.now() - hours * 3600e3).toISOString();
    const body = { service_code: "nid-de-poule", lon: -71.2512, lat: 46.8333, requested_datetime: when };
    const answer = await fetch(`${base}api/v1/reports`, { method: "POST", headers: JSON_BODY, body: JSON.stringify(body) });
    return (await answer.json()).id;
  };
  const [older, newer] = [await file(30), await file(2)];
  await open(`#lang=fr&report=${newer}&map=16.00/46.83330/-71.25120`);
  await page.waitForSelector(".incident li");
  assert.match(await text(".incident"), new RegExp(`Peut-être le même problème[^]*${older}[^]*probabilité`));
  await page.locator(".incident summary").click();
  await page.locator(".incident input[type=text]").fill("Marie");
  await page.locator(".incident button", { hasText: "Réunir" }).first().focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => /Même incident/.test(document.querySelector(".incident")?.textContent));
  assert.match(await text("#card"), new RegExp(`Doublon de[^]*${older}[^]*Réunies · Marie`));
  const incident = await api(`api/v1/incidents/${older}`);
  assert.deepEqual(incident.features.map((one) => one.id), [older, newer]);
  await page.locator(".incident button", { hasText: "Séparer" }).click();
  await page.waitForFunction(() => /Séparées · Marie/.test(document.querySelector(".incident")?.textContent) || !/Même incident/.test(document.querySelector(".incident")?.textContent));
  assert.equal((await api(`api/v1/incidents/${older}`)).reports, 1);
  await page.locator(".incident button", { hasText: "Annuler" }).click();
  await page.waitForFunction(() => /Même incident/.test(document.querySelector(".incident")?.textContent));
  assert.equal((await api(`api/v1/incidents/${older}`)).reports, 2);
  const total = async () => digits(await text("#summary"));
  const { total: incidents } = await api("api/v1/stats?status=open,in_progress&count=incidents");
  const { total: reports } = await api("api/v1/stats?status=open,in_progress");
  assert.ok(incidents < reports);
  await openFilters();
  await page.locator("#counting .chip", { hasText: "Sans doublons" }).click();
  await page.waitForFunction(() => /count=incidents/.test(location.hash));
  await settled();
  assert.match(await text("#summary"), /incidents/);
  assert.ok(String(await total()).startsWith(String(incidents)), `${await total()} for ${incidents}`);
  assert.deepEqual((await audit(page)).violations, []);
  assert.deepEqual(consoleErrors, []);
});

test("areas are outlined and filter reports; vector tiles contain as many reports as the API counts", async () => {
  const square = (name, west, east) => ({
    type: "Feature", properties: { name },
    geometry: { type: "Polygon", coordinates: [[[west, 42.2], [east, 42.2], [east, 42.5], [west, 42.5], [west, 42.2]]] },
  });
  const file = join(folder, "halves.geojson");
  const features = [square("West", -71.2, -71.07), square("East", -71.07, -70.9)];
  writeFileSync(file, JSON.stringify({ type: "FeatureCollection", features }));
  run("boundaries", "add", file, "--name", "halves", "--jurisdiction", "boston.gov");
  const asked = `${base}api/v1/stats?jurisdiction_id=boston.gov&status=open,in_progress`;
  const total = async (more) => (await (await fetch(asked + more)).json()).total;
  // Another process wrote to the store: wait until the service has read it.
  while ((await fetch(`${asked}&area=West`)).status !== 200) await new Promise((r) => setTimeout(r, 50));
  await open("#city=boston.gov&lang=en");
  await page.waitForFunction(() => window.pointchaudMap.querySourceFeatures("outlines").length >= 2);
  await openFilters();
  await page.selectOption("#areas select", "West");
  await page.waitForFunction((n) => document.getElementById("summary").textContent.startsWith(String(n)), await total("&area=West"));
  const drawn = await page.evaluate(async (url) => {
    const map = window.pointchaudMap;
    map.addSource("tiles", { type: "vector", url });
    map.addLayer({ id: "tiles", type: "circle", source: "tiles", "source-layer": "reports" });
    await new Promise((done) => map.once("idle", done));
    const seen = new Map(map.querySourceFeatures("tiles", { sourceLayer: "reports" })
      .map(({ properties: p }) => [p.cluster_id ?? p.service_request_id, p.count ?? 1]));
    return [...seen.values()].reduce((sum, count) => sum + count, 0);
  }, `${base}tiles/reports.json?jurisdiction_id=boston.gov&status=open,in_progress&area=West`);
  assert.equal(drawn, await total("&area=West"));
  run("boundaries", "remove", "halves", "--jurisdiction", "boston.gov");
});

test("hotspots are on the map and in the list; the card has the explanation and the history", async () => {
  const of = "api/v1/hotspots?jurisdiction_id=burst.example&limit=50&lang=fr";
  await open("#city=burst.example&show=hotspots&lang=fr");
  const hotspots = await api(of);
  assert.ok(hotspots.features.length >= 1);
  assert.match(await text("#summary"), /^\d+ points? chauds? en 30\sjours$/);
  const drawn = await page.evaluate(async () => (await window.pointchaudMap.getSource("hotspots").getData()).features.length);
  assert.equal(drawn, hotspots.features.length);
  assert.equal(await page.locator("#list-items [data-hotspot]").count(), hotspots.features.length);
  assert.match(await text("#legend"), /Bien plus qu’attendu[^]*hasard/);
  if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, "hotspots.png") });
  const first = hotspots.features[0].properties;
  await page.locator("#list-items [data-hotspot]").first().focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("#card h2");
  const card = await text("#card");
  assert.ok(card.includes(first.explanation) && /Apparu/.test(card), card);
  assert.ok(card.includes(first.service_request_ids[0]));
  await settled();
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#card").isVisible(), false);
  await page.locator("#language").click();
  await page.waitForFunction(() => /hotspots? in 30\sdays/.test(document.querySelector("#summary").textContent));
  assert.match(await text("#legend"), /Far more than expected[^]*chance/);
  assert.match(page.url(), /show=hotspots/);
  // Hotspots have no period "all".
  assert.equal(await page.locator("#period .chip").count(), 4);
  assert.deepEqual(consoleErrors, []);
});

test("hexagons have their class on the map and in the list", async () => {
  await open("#city=burst.example&show=hexes&lang=fr&period=30&service=request-for-pothole-repair&map=12.00/42.31000/-71.08000");
  const drawn = await page.evaluate(async () => (await window.pointchaudMap.getSource("hexes").getData()).features.map((f) => f.properties));
  const strong = drawn.filter((hex) => hex.class && hex.class !== "none");
  assert.ok(drawn.length > 20, `${drawn.length} hexagons`);
  assert.ok(strong.some((hex) => hex.class === "hot99"), JSON.stringify(strong.slice(0, 5)));
  assert.equal(await page.locator("#list-items [data-hex]").count(), Math.min(strong.length, 40));
  assert.match(await text("#list-items"), /Bien plus qu’attendu[^]*attendues/);
  const at = await page.evaluate(() => window.pointchaudMap.project([-71.0795, 42.3005]));
  const box = await page.locator("#map").boundingBox();
  await page.mouse.click(box.x + at.x, box.y + at.y);
  await page.waitForFunction(() => /demandes ici/.test(document.querySelector("#notice").textContent));
  await page.locator("#layer .chip", { hasText: "Demandes" }).click();
  await page.waitForFunction(() => /demandes/.test(document.querySelector("#summary").textContent) && !document.querySelector("#status").hidden);
  assert.deepEqual(consoleErrors, []);
});

test("hotspots and hexagons pass the accessibility audit", async () => {
  for (const show of ["hotspots", "hexes"]) {
    await open(`#city=burst.example&show=${show}&lang=fr`);
    assert.deepEqual((await audit(page)).violations, [], show);
  }
});

test("the list is exported under its filters, by keyboard", async () => {
  await open("#city=boston.gov&status=closed&lang=fr");
  assert.equal(await text("#export-title"), "Exporter");
  await page.locator("#export-title").focus();
  await page.keyboard.press("Enter");
  assert.deepEqual((await audit(page)).violations, []);
  const downloading = page.waitForEvent("download");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const download = await downloading;
  assert.match(download.suggestedFilename(), /^boston\.gov-\d{4}-\d\d-\d\d\.csv$/);
  const listed = await (await fetch(download.url().replace("export.csv", "reports") + "&limit=1000")).json();
  const rows = readFileSync(await download.path(), "utf8").trim().split("\n").slice(1);
  assert.ok(listed.features.length > 0);
  assert.deepEqual(rows.map((row) => row.split(",")[0]), listed.features.map((feature) => feature.id));
  // Escape closes the menu and gives the focus back.
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.id), "export-title");
  assert.equal(await page.locator("#export").getAttribute("open"), null);
  await page.locator("#language").click();
  await page.waitForFunction(() => document.querySelector("#export-title").textContent === "Export");
  await page.locator("#layer .chip", { hasText: "Hotspots" }).click();
  await page.waitForFunction(() => document.querySelector("#export").hidden);
  assert.deepEqual(consoleErrors, []);
});

test("without a network the page has a plain background and no console errors", async (t) => {
  const { child, address } = await serve(folder, []);
  try {
    if ((await (await fetch(`${address}config.json`)).json()).basemap) return t.skip("the basemap can be reached from here");
    await open("#city=boston.gov&lang=fr", { url: address });
    assert.ok((await spots()).length > 0);
    assert.deepEqual(consoleErrors, []);
  } finally {
    child.kill();
  }
});

test("a basemap that answers is below the data; without an answer the background is plain", async () => {
  const tiles = createServer((request, response) => {
    response.setHeader("Access-Control-Allow-Origin", "*");
    if (request.url === "/hang") return;
    if (request.url !== "/tiles.json") return response.writeHead(204).end();
    const tile = `http://127.0.0.1:${tiles.address().port}/{z}/{x}/{y}.pbf`;
    response.end(JSON.stringify({ tilejson: "3.0.0", tiles: [tile], maxzoom: 14, attribution: "test" }));
  });
  await new Promise((listening) => tiles.listen(0, "127.0.0.1", listening));
  const url = (path) => `http://127.0.0.1:${tiles.address().port}${path}`;
  try {
    for (const [path, there] of [["/tiles.json", true], ["/hang", false]]) {
      const { child, address } = await serve(folder, ["--basemap", url(path)]);
      await open("#city=boston.gov&lang=fr", { url: address });
      if (there) {
        await page.waitForFunction(() => window.pointchaudMap.getSource("basemap"));
        const layers = await page.evaluate(() => window.pointchaudMap.getStyle().layers.map((l) => l.id));
        assert.ok(layers.indexOf("areas") > 100, "the basemap's layers lie below ours");
      } else {
        await page.waitForFunction(() => /fond uni/.test(document.querySelector("#notice").textContent));
      }
      assert.ok((await spots()).length > 0);
      assert.deepEqual(consoleErrors, []);
      child.kill();
    }
  } finally {
    tiles.closeAllConnections();
    tiles.close();
  }
});
