// Shows the parts that the stream delivers. Text from messages is set as text, never as HTML;
// drawings are made by the server, which escapes the text in them.
import { at, element } from './dom.js';

const say = (id, words) => { at(id).textContent = words; };

function draw(id, svg) {
  const place = at(id);
  if (!svg) return place.replaceChildren();
  const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
  if (parsed.nodeName === 'svg') place.replaceChildren(document.importNode(parsed, true));
}

function row(pair) {
  const made = document.createElement('tr');
  made.append(...pair.map((words) => element('td', words)));
  return made;
}

// A known status keeps its element and only its text changes, so that open details stay open.
const known = new Map();

function showStatuses(statuses) {
  const names = new Set(statuses.map((status) => status.name));
  for (const [name, parts] of known) {
    if (!names.has(name)) { parts.whole.remove(); known.delete(name); }
  }
  for (const status of statuses) {
    if (!known.has(status.name)) {
      const whole = document.createElement('details');
      const head = document.createElement('summary');
      const table = document.createElement('table');
      whole.open = statuses.length === 1;
      whole.append(head, table);
      at('statuses').append(whole);
      known.set(status.name, { whole, head, table });
    }
    const { whole, head, table } = known.get(status.name);
    whole.dataset.status = status.name;
    const name = element('small', status.name);
    const level = element('b', status.level);
    level.dataset.level = status.level;
    head.replaceChildren(level, status.message, name);
    table.replaceChildren(...status.values.map(row));
  }
}

const show = {
  phase(phase) {
    say('phase', phase.text);
    at('phase').dataset.level = phase.level;
    document.body.classList.toggle('away', phase.level === 'stale');
  },
  match(match) {
    say('place', match.place);
    say('confidence', match.confidence ? match.confidence.toFixed(2) : '–');
    say('then', match.then || '–');
    say('stamp', match.stamp || '–');
    at('level').style.width = `${100 * match.confidence}%`;
  },
  about(about) {
    say('node', about.node);
    say('method', about.method);
    say('map', about.map && `map ${about.map}`);
    document.title = `${about.node} · place recognition`;
  },
  pose(words) { say('pose', words || '–'); },
  legend(svg) { draw('legend', svg); },
  route(svg) { draw('route', svg); },
  over(svg) { draw('over', svg); },
  belief(svg) { draw('belief', svg); },
  strip(svg) { draw('strip', svg); },
  picture(number) {
    at('picture').hidden = !number;
    at('nopicture').hidden = Boolean(number);
    if (number) at('picture').src = `match.jpg?${number}`;
  },
  statuses: showStatuses,
};

let stream = null;

function listen() {
  stream = new EventSource('events');
  stream.onmessage = (event) => {
    for (const [name, value] of Object.entries(JSON.parse(event.data))) show[name]?.(value);
  };
  // The browser reconnects automatically, unless it was refused.
  stream.onerror = () => {
    show.phase({ level: 'stale', text: 'no connection to view, reconnecting' });
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => stream && listen(), 2000);
  };
}

function leave() {
  stream?.close();
  stream = null;
}

// A hidden page disconnects, so that the robot computes nothing for it.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) leave();
  else if (!stream) listen();
});
if (!document.hidden) listen();
