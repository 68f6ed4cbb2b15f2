// Shows a map: its places on two canvases, what to expect of them, and edits by hand.
// Text of the map is set as text, never as HTML.
import { palette } from './canvas.js';
import { at, element } from './dom.js';
import { spread, valuesOf } from './map_values.js';
import { RouteCanvas } from './route_canvas.js';
import { StripCanvas } from './strip_canvas.js';

let map = null;       // as /map.json
let outlook = null;   // as /outlook.json, once it is ready
let selected = null;
let waiting = false;
// What is drawn: the value of each place, and the colours of the classes. They change less often
// than the view of them.
let shown = new Float32Array(0);
let colours = [];

const route = new RouteCanvas(at('route'), redraw, (place) => select(place, false));
const strip = new StripCanvas(at('strip'), (place) => select(place, true));
const turned = () => at('layer').value === 'ratio';

function link(words, place) {
  const made = element('a', words);
  made.href = `#${place}`;
  made.addEventListener('click', (event) => { event.preventDefault(); select(place, true); });
  return made;
}

function items(id, made) {
  at(id).replaceChildren(...made.map((each) => {
    const item = document.createElement('li');
    item.append(each);
    return item;
  }));
}

const called = (place) => (map.labels[place] ? `${place} (${map.labels[place]})` : String(place));

// ---- drawing

function draw() {
  waiting = false;
  if (!map) return;
  route.draw(shown, colours, map.labels, selected);
  strip.draw(shown, colours, turned(), selected);
}

function redraw() {
  if (!waiting) { waiting = true; requestAnimationFrame(draw); }
}

function recolour() {
  if (!map) return;
  shown = valuesOf(at('layer').value, map, outlook);
  colours = palette(turned());
  at('scale').replaceChildren(...colours.map((each) => {
    const made = document.createElement('i');
    made.style.background = each;
    return made;
  }));
  redraw();
}

// ---- the selected place

function select(place, centre) {
  selected = place;
  if (centre) route.centre(place);
  at('label').value = map.labels[place] || '';
  at('places').value = String(place);
  showSelected();
}

// Leaves what is being typed as it is.
function showSelected() {
  const place = selected;
  at('place').textContent = called(place);
  at('thumbnail').src = `thumbnail.jpg?place=${place}&revision=${map.revision}`;
  at('thumbnail').hidden = false;
  const facts = [];
  const posed = map.points && map.points[place];
  if (posed) facts.push(['position', `${posed[0].toFixed(2)}, ${posed[1].toFixed(2)} m`]);
  let segment = 0;
  for (let end = map.segments[0]; place >= end; end += map.segments[segment]) segment += 1;
  if (map.segments.length > 1) facts.push(['segment', String(segment)]);
  at('twin').hidden = true;
  if (outlook) {
    const percent = (value) => `${Math.round(100 * value)} %`;
    if (outlook.tested.length) {
      facts.push(['single frames', percent(spread(map.places, outlook.tested, outlook.single)[place])]);
      facts.push(['behind the filter', percent(spread(map.places, outlook.tested, outlook.confidence)[place])]);
    }
    const number = outlook.compared.indexOf(place);
    if (number >= 0 && outlook.alike[number] !== place) {
      const other = outlook.alike[number];
      at('twinwords').replaceChildren('most similar: ', link(called(other), other),
                                      `, likeness ${percent(outlook.ratio[number])}`);
      at('twinthumbnail').src = `thumbnail.jpg?place=${other}&revision=${map.revision}`;
      at('twin').hidden = false;
    }
  }
  at('facts').replaceChildren(...facts.flatMap(([name, text]) => [element('dt', name), element('dd', text)]));
  redraw();
}

// ---- lists

function showMap() {
  at('path').textContent = map.path;
  at('hint').textContent = map.points
    ? `in metres, frame ${map.frame}`
    : 'the map has no poses: places are in rows, in their order';
  at('phase').textContent = `revision ${map.revision}, ${map.places} places`;
  at('phase').dataset.level = 'ok';
  items('labels', Object.entries(map.labels).map(([place, name]) => link(`${place}: ${name}`, Number(place))));
  items('revisions', [`1: trained, ${map.created}`,
    ...map.edits.map((each) => `${each.revision}: ${each.edit}, ${each.created}`)].reverse());
  items('traverses', map.traverses);
  at('labelling').hidden = !map.editing;
  at('forgetting').hidden = !map.forgets;
  at('undo').hidden = !map.undo;
  at('reason').textContent = map.editing ? map.reason : 'served to other computers, so it cannot be edited here';
}

function showOutlook() {
  const tried = outlook.tested.map((place, number) => [outlook.single[number], place]);
  tried.sort((one, other) => one[0] - other[0]);
  const weak = [];
  for (const [value, place] of tried) {
    // One for each stretch.
    if (value < 1 && weak.every(([, other]) => Math.abs(other - place) > 3 * map.tolerance)) weak.push([value, place]);
    if (weak.length === 8) break;
  }
  items('weak', weak.map(([value, place]) => link(`place ${called(place)}: ${Math.round(100 * value)} % of single frames`, place)));
  if (!outlook.tested.length) items('weak', ['not known: the map holds no training data']);
  else if (!weak.length) items('weak', ['nowhere: all frames that were tried are recognised']);
  const pairs = outlook.compared.map((place, number) => [outlook.ratio[number], place, outlook.alike[number]]);
  pairs.sort((one, other) => other[0] - one[0]);
  const seen = new Set();
  const distinct = pairs.filter(([, place, other]) => {
    const pair = [Math.min(place, other), Math.max(place, other)].join();
    return place !== other && !seen.has(pair) && seen.add(pair);
  });
  items('alike', distinct.slice(0, 8).map(([value, place, other]) => (
    link(`${called(place)} and ${called(other)}: ${Math.round(100 * value)} %`, place))));
  at('hyperactive').replaceChildren(...(outlook.hyperactive.length
    ? outlook.hyperactive.slice(0, 40).flatMap((place) => [link(called(place), place), ' '])
    : ['none']));
}

// ---- what the server knows

async function fetched(path) {
  const response = await fetch(path);
  const found = await response.json();
  if (!response.ok) throw new Error(found.error);
  return found;
}

function fail(error) {
  at('phase').textContent = error.message;
  at('phase').dataset.level = 'error';
}

async function follow() {
  try {
    const found = await fetched('outlook.json');
    if (found.state === 'ready') {
      outlook = found;
      showMap();
      showOutlook();
      if (selected !== null) showSelected();
      recolour();
      return;
    }
    if (found.state === 'failed') throw new Error(found.reason);
    at('phase').textContent = `revision ${map.revision}, ${map.places} places; ${found.what} `
      + `${Math.round((100 * found.done) / found.of)} %`;
    setTimeout(follow, 500);
  } catch (error) { fail(error); }
}

async function load() {
  try {
    map = await fetched('map.json');
    outlook = null;
    if (selected !== null && selected >= map.places) selected = null;
    showMap();
    recolour();
    route.show(map);
    strip.show(map);
    if (selected !== null) select(selected, false);
    follow();
  } catch (error) { fail(error); }
}

async function edit(request) {
  at('outcome').textContent = 'editing';
  at('outcome').dataset.level = '';
  try {
    const response = await fetch('edit', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(request),
    });
    const found = await response.json();
    if (!response.ok) throw new Error(found.error);
    at('outcome').textContent = `saved as revision ${found.revision}`;
    if (request.action !== 'label') selected = null;
    await load();
  } catch (error) {
    at('outcome').textContent = error.message;
    at('outcome').dataset.level = 'error';
  }
}

at('layer').addEventListener('change', recolour);
window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', recolour);
at('whole').addEventListener('click', () => route.showAll());
at('labelling').addEventListener('submit', (event) => {
  event.preventDefault();
  if (selected !== null) edit({ action: 'label', places: String(selected), name: at('label').value });
});
at('forgetting').addEventListener('submit', (event) => {
  event.preventDefault();
  if (window.confirm(`Forget places ${at('places').value}? Those after them are numbered again; undo brings them back.`)) {
    edit({ action: 'forget', places: at('places').value });
  }
});
at('undo').addEventListener('click', () => edit({ action: 'undo' }));
window.addEventListener('resize', redraw);
load();
