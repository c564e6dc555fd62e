// npm supercluster under a filter never asked before: filter, load, first answer. Lines: name TAB ms.
import fs from 'node:fs';
import Supercluster from 'supercluster';

const [data, end] = [new Float64Array(fs.readFileSync(process.argv[2]).buffer), Number(process.argv[3])];
const features = [];
for (let i = 0; i < data.length; i += 4) {
  const [lon, lat, service, second] = data.subarray(i, i + 4);
  features.push({type: 'Feature', properties: {service, second}, geometry: {type: 'Point', coordinates: [lon, lat]}});
}
const viewport = zoom => {
  const degrees = 360 / (512 * 2 ** zoom);
  const [w, h] = [640 * degrees, 400 * degrees * 0.684];
  return [-71.3 - w, 46.85 - h, -71.3 + w, 46.85 + h];
};
const filters = {
  'no filter': () => true,
  '30 days': p => p.second >= end - 30 * 86400,
  'one service': p => p.service === 0,
};
const median = list => list.sort((a, b) => a - b)[list.length >> 1];
for (const [name, keep] of Object.entries(filters)) {
  const taken = {10: [], 12: [], 14: []};
  for (let round = 0; round < 3; round++) {
    const began = performance.now();
    const index = new Supercluster({radius: 60, maxZoom: 16, extent: 512});
    index.load(features.filter(f => keep(f.properties)));
    const loaded = performance.now() - began;
    for (const zoom of [10, 12, 14]) {
      const asked = performance.now();
      index.getClusters(viewport(zoom), zoom);
      taken[zoom].push(loaded + performance.now() - asked);
    }
  }
  for (const [zoom, list] of Object.entries(taken)) console.log(`${name} z${zoom}\t${median(list)}`);
}
