// The route from above, moved and zoomed by the pointer.
import { classOf, cleared, colour } from './canvas.js';

// A click selects a place within REACH pixels; a move of less than STILL pixels is a click.
const REACH = 20;
const STILL = 4;

// Points of places: those of the map in metres, else rows, back and forth so that neighbours stay
// neighbours.
function laidOut(map) {
  if (map.points) return map.points;
  const row = Math.max(1, Math.ceil(Math.sqrt(map.places * 3)));
  return Array.from({ length: map.places }, (_, place) => {
    const line = Math.floor(place / row);
    return [line % 2 ? row - 1 - (place % row) : place % row, -line];
  });
}

export class RouteCanvas {
  constructor(canvas, redraw, select) {
    this.canvas = canvas;
    this.redraw = redraw;
    this.select = select;
    this.points = [];
    this.view = { x: 0, y: 0, zoom: 1 };  // the middle in points, pixels per unit
    this.listen();
  }

  show(map) {
    this.points = laidOut(map);
    this.showAll();
  }

  showAll() {
    let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const point of this.points) {
      if (!point) continue;
      left = Math.min(left, point[0]); right = Math.max(right, point[0]);
      low = Math.min(low, point[1]); high = Math.max(high, point[1]);
    }
    this.view = {
      x: (left + right) / 2,
      y: (low + high) / 2,
      zoom: 0.92 * Math.min(this.canvas.clientWidth / Math.max(right - left, 1e-3),
                            this.canvas.clientHeight / Math.max(high - low, 1e-3), 60),
    };
    this.redraw();
  }

  centre(place) {
    if (this.points[place]) [this.view.x, this.view.y] = this.points[place];
  }

  draw(shown, palette, labels, selected) {
    const [context, width, height] = cleared(this.canvas);
    const pixels = ([x, y]) => [width / 2 + (x - this.view.x) * this.view.zoom,
                                height / 2 - (y - this.view.y) * this.view.zoom];
    const size = Math.max(2.5, Math.min(9, this.view.zoom * 0.6));
    // One path for each colour: a fill for each of 27,592 places would not be smooth.
    const groups = new Map();
    this.points.forEach((point, place) => {
      if (!point) return;
      const [x, y] = pixels(point);
      if (x < -9 || y < -9 || x > width + 9 || y > height + 9) return;
      const group = classOf(shown[place]);
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(x, y);
    });
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
    for (const [place, name] of Object.entries(labels)) {
      if (!this.points[place]) continue;
      const [x, y] = pixels(this.points[place]);
      context.fillText(name, x + 8, y + 4);
    }
    if (selected !== null && this.points[selected]) {
      context.strokeStyle = colour('match');
      context.lineWidth = 3;
      context.beginPath();
      context.arc(...pixels(this.points[selected]), 9, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  // Pixels from the middle of the canvas, to the right and down.
  fromMiddle(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
  }

  nearest(event) {
    const [right, down] = this.fromMiddle(event);
    const x = this.view.x + right / this.view.zoom;
    const y = this.view.y - down / this.view.zoom;
    let [best, least] = [null, Infinity];
    this.points.forEach((point, place) => {
      const apart = point ? (point[0] - x) ** 2 + (point[1] - y) ** 2 : Infinity;
      if (apart < least) [best, least] = [place, apart];
    });
    return Math.sqrt(least) * this.view.zoom < REACH ? best : null;
  }

  listen() {
    let from = null;
    let moved = false;
    this.canvas.addEventListener('pointerdown', (event) => {
      from = { x: event.clientX, y: event.clientY, view: { ...this.view } };
      moved = false;
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener('pointermove', (event) => {
      if (!from) return;
      const [right, down] = [event.clientX - from.x, event.clientY - from.y];
      moved = moved || Math.hypot(right, down) > STILL;
      if (moved) {
        this.view.x = from.view.x - right / this.view.zoom;
        this.view.y = from.view.y + down / this.view.zoom;
        this.redraw();
      }
    });
    this.canvas.addEventListener('pointerup', (event) => {
      const place = from && !moved ? this.nearest(event) : null;
      if (place !== null) this.select(place);
      from = null;
    });
    this.canvas.addEventListener('wheel', (event) => {
      event.preventDefault();
      const [right, down] = this.fromMiddle(event);
      const factor = Math.exp(-event.deltaY * 0.0015);
      // What is under the pointer stays there.
      this.view.x += (right / this.view.zoom) * (1 - 1 / factor);
      this.view.y -= (down / this.view.zoom) * (1 - 1 / factor);
      this.view.zoom *= factor;
      this.redraw();
    }, { passive: false });
  }
}
