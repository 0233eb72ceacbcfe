// A program in JavaScript that has the component of ../json parse: reads the measurements of stations.
import { Document } from 'bench:json/parser';

const STATIONS = ['Zürich', 'Lyon', 'Kraków', 'Porto'];
let counted = 0;

function makeText(seed) {
  const rows = [];
  for (let i = 0; i < 100; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    rows.push({ station: STATIONS[seed >>> 30], at: i, values: [seed % 40, seed % 7, (seed >>> 8) % 100 + 0.5], good: seed % 5 !== 0 });
  }
  return JSON.stringify({ unit: '°C', rows });
}

function addText(sum, text) {
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 16777619);
  return sum;
}

function addRow(document, row, sum) {
  counted += 3;
  if (!document.get(`${row}/good`).val) return sum;
  const station = document.get(`${row}/station`).val;
  sum = addText(sum, station);
  const values = document.items(`${row}/values`);
  for (let item = values.next(); item !== undefined; item = values.next()) {
    counted++;
    sum = Math.imul(sum ^ (item[1].val * 10), 16777619);
  }
  counted += 2;
  values[Symbol.dispose]();
  return sum;
}

export function run(n) {
  let sum = 2166136261 | 0;
  for (let i = 0; i < n; i++) {
    const document = Document.parse(makeText(i));
    const rows = document.get('/rows').val;
    for (let row = 0; row < rows; row++) sum = addRow(document, `/rows/${row}`, sum);
    counted += 3;
    document[Symbol.dispose]();
  }
  return sum >>> 0;
}

export function calls() {
  return counted;
}
