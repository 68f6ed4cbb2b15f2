// Shows a map: its places on two canvases, what to expect of them, and edits by hand.
// Text of the map is set as text, never as HTML.
'use strict';

const at = (id) => document.getElementById(id);
const LAYERS = { single: 'single', confidence: 'confidence', ratio: 'ratio' };
const CLASSES = 10;

let map = null;       // as /map.json
let outlook = null;   // as /outlook.json, once it is ready
let points = [];      // x, y of each place, in metres or in a layout of rows
let selected = null;
let view = { x: 0, y: 0, zoom: 1 };  // the middle in points, pixels per unit
let waiting = false;
// What is drawn: the value of each place, and the colours of the classes. They change less often
// than the view of them.
let shown = new Float32Array(0);
let palette = [];

function element(name, words) {
  const made = document.createElement(name);
  made.textContent = words;
  return made;
}

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

// ---- what to expect of each place: the values of the nearest place that was tried

function spread(numbers, values) {
  const found = new Float32Array(map.places).fill(NaN);
  for (let place = 0, next = 0; place < map.places && numbers.length; place += 1) {
    while (next + 1 < numbers.length
           && Math.abs(numbers[next + 1] - place) <= Math.abs(numbers[next] - place)) next += 1;
    found[place] = values[next];
  }
  return found;
}

function values() {
  const layer = at('layer').value;
  if (layer === 'segments') {
    const found = new Float32Array(map.places);
    let place = 0;
    map.segments.forEach((count, number) => {
      found.fill((number % 4) / 3, place, place + count);
      place += count;
    });
    return found;
  }
  if (!outlook) return new Float32Array(map.places).fill(NaN);
  if (layer === 'ratio') return spread(outlook.compared, outlook.ratio);
  return spread(outlook.tested, outlook[LAYERS[layer]]);
}

// ---- drawing

const classOf = (value) => (Number.isNaN(value) ? -1 : Math.min(CLASSES - 1, Math.floor(value * CLASSES)));
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);

function colours() {
  // Much likeness is bad, much of the others good.
  const turned = at('layer').value === 'ratio';
  const found = [];
  for (let number = 0; number < CLASSES; number += 1) {
    found.push(colour(`c${turned ? CLASSES - 1 - number : number}`));
  }
  return found;
}

function canvas(id) {
  const found = at(id);
  const scale = window.devicePixelRatio || 1;
  const width = Math.round(found.clientWidth * scale);
  const height = Math.round(found.clientHeight * scale);
  if (found.width !== width || found.height !== height) { found.width = width; found.height = height; }
  const context = found.getContext('2d');
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, found.clientWidth, found.clientHeight);
  return [context, found.clientWidth, found.clientHeight];
}

function drawRoute() {
  const [context, width, height] = canvas('route');
  const size = Math.max(2.5, Math.min(9, view.zoom * 0.6));
  const groups = new Map();
  for (let place = 0; place < map.places; place += 1) {
    const point = points[place];
    if (!point) continue;
    const x = width / 2 + (point[0] - view.x) * view.zoom;
    const y = height / 2 - (point[1] - view.y) * view.zoom;
    if (x < -9 || y < -9 || x > width + 9 || y > height + 9) continue;
    const group = classOf(shown[place]);
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push(x, y);
  }
  for (const [group, drawn] of groups) {
    context.fillStyle = group < 0 ? colour('line') : palette[group];
    context.beginPath();
    for (let each = 0; each < drawn.length; each += 2) {
      context.rect(drawn[each] - size / 2, drawn[each + 1] - size / 2, size, size);
    }
    context.fill();
  }
  context.fillStyle = colour('ink');
  context.font = '12px system-ui, sans-serif';
  for (const [place, name] of Object.entries(map.labels)) {
    const point = points[place];
    if (!point) continue;
    context.fillText(name, width / 2 + (point[0] - view.x) * view.zoom + 8,
                     height / 2 - (point[1] - view.y) * view.zoom + 4);
  }
  if (selected !== null && points[selected]) {
    context.strokeStyle = colour('match');
    context.lineWidth = 3;
    context.beginPath();
    context.arc(width / 2 + (points[selected][0] - view.x) * view.zoom,
                height / 2 - (points[selected][1] - view.y) * view.zoom, 9, 0, 2 * Math.PI);
    context.stroke();
  }
}

function drawStrip() {
  const [context, width, height] = canvas('strip');
  const columns = Math.min(Math.floor(width), map.places);
  for (let column = 0; column < columns; column += 1) {
    const first = Math.floor((column * map.places) / columns);
    const last = Math.max(first + 1, Math.floor(((column + 1) * map.places) / columns));
    let worst = NaN;
    // The worst of the places that share a column.
    for (let place = first; place < last; place += 1) {
      const worse = at('layer').value === 'ratio' ? shown[place] > worst : shown[place] < worst;
      if (Number.isNaN(worst) || worse) worst = shown[place];
    }
    const group = classOf(worst);
    const tall = Number.isNaN(worst) ? 2 : Math.max(2, worst * (height - 4));
    context.fillStyle = group < 0 ? colour('line') : palette[group];
    context.fillRect((column * width) / columns, height - tall, Math.max(1, width / columns - 0.3), tall);
  }
  if (selected !== null) {
    context.fillStyle = colour('match');
    context.fillRect(((selected + 0.5) * width) / map.places - 1, 0, 2, height);
  }
}

function draw() {
  waiting = false;
  if (!map) return;
  drawRoute();
  drawStrip();
}

function recolour() {
  if (!map) return;
  shown = values();
  palette = colours();
  at('scale').replaceChildren(...palette.map((each) => {
    const made = document.createElement('i');
    made.style.background = each;
    return made;
  }));
  redraw();
}

function redraw() {
  if (!waiting) { waiting = true; requestAnimationFrame(draw); }
}

// ---- the route

function lay() {
  const row = Math.max(1, Math.ceil(Math.sqrt(map.places * 3)));
  points = map.points || Array.from({ length: map.places }, (_, place) => {
    const line = Math.floor(place / row);
    // Back and forth, so that neighbours stay neighbours.
    return [line % 2 ? row - 1 - (place % row) : place % row, -line];
  });
  at('hint').textContent = map.points
    ? `in metres, frame ${map.frame}`
    : 'the map has no poses: places are in rows, in their order';
}

function whole() {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const point of points) {
    if (!point) continue;
    left = Math.min(left, point[0]); right = Math.max(right, point[0]);
    low = Math.min(low, point[1]); high = Math.max(high, point[1]);
  }
  const canvasOfRoute = at('route');
  view = {
    x: (left + right) / 2,
    y: (low + high) / 2,
    zoom: 0.92 * Math.min(canvasOfRoute.clientWidth / Math.max(right - left, 1e-3),
                          canvasOfRoute.clientHeight / Math.max(high - low, 1e-3), 60),
  };
  redraw();
}

function nearest(event) {
  const box = at('route').getBoundingClientRect();
  const x = view.x + (event.clientX - box.left - box.width / 2) / view.zoom;
  const y = view.y - (event.clientY - box.top - box.height / 2) / view.zoom;
  let [best, least] = [null, Infinity];
  points.forEach((point, place) => {
    const apart = point ? (point[0] - x) ** 2 + (point[1] - y) ** 2 : Infinity;
    if (apart < least) [best, least] = [place, apart];
  });
  // Within 20 pixels.
  return Math.sqrt(least) * view.zoom < 20 ? best : null;
}

function moveWithPointer() {
  const canvasOfRoute = at('route');
  let from = null;
  let moved = false;
  canvasOfRoute.addEventListener('pointerdown', (event) => {
    from = { x: event.clientX, y: event.clientY, view: { ...view } };
    moved = false;
    canvasOfRoute.setPointerCapture(event.pointerId);
  });
  canvasOfRoute.addEventListener('pointermove', (event) => {
    if (!from) return;
    const [right, down] = [event.clientX - from.x, event.clientY - from.y];
    moved = moved || Math.hypot(right, down) > 4;
    if (moved) {
      view.x = from.view.x - right / view.zoom;
      view.y = from.view.y + down / view.zoom;
      redraw();
    }
  });
  canvasOfRoute.addEventListener('pointerup', (event) => {
    if (from && !moved) {
      const place = nearest(event);
      if (place !== null) select(place, false);
    }
    from = null;
  });
  canvasOfRoute.addEventListener('wheel', (event) => {
    event.preventDefault();
    const box = canvasOfRoute.getBoundingClientRect();
    const [right, down] = [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
    const factor = Math.exp(-event.deltaY * 0.0015);
    // What is under the pointer stays there.
    view.x += (right / view.zoom) * (1 - 1 / factor);
    view.y -= (down / view.zoom) * (1 - 1 / factor);
    view.zoom *= factor;
    redraw();
  }, { passive: false });
}

// ---- the selected place

function select(place, centre) {
  selected = place;
  if (centre && points[place]) [view.x, view.y] = points[place];
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
      facts.push(['single frames', percent(spread(outlook.tested, outlook.single)[place])]);
      facts.push(['behind the filter', percent(spread(outlook.tested, outlook.confidence)[place])]);
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
    lay();
    showMap();
    recolour();
    whole();
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
at('whole').addEventListener('click', whole);
at('strip').addEventListener('click', (event) => {
  const box = at('strip').getBoundingClientRect();
  select(Math.min(map.places - 1, Math.floor(((event.clientX - box.left) / box.width) * map.places)), true);
});
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
moveWithPointer();
load();
