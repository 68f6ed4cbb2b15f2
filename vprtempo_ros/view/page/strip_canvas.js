// The places in their order, as bars; a click selects one.
import { classOf, cleared, colour } from './canvas.js';

export class StripCanvas {
  constructor(canvas, select) {
    this.canvas = canvas;
    this.places = 0;
    canvas.addEventListener('click', (event) => {
      const box = canvas.getBoundingClientRect();
      const place = Math.floor(((event.clientX - box.left) / box.width) * this.places);
      if (this.places) select(Math.min(this.places - 1, place));
    });
  }

  show(map) {
    this.places = map.places;
  }

  // `turned`: high values are the bad ones.
  draw(shown, palette, turned, selected) {
    const [context, width, height] = cleared(this.canvas);
    const columns = Math.min(Math.floor(width), this.places);
    for (let column = 0; column < columns; column += 1) {
      const first = Math.floor((column * this.places) / columns);
      const last = Math.max(first + 1, Math.floor(((column + 1) * this.places) / columns));
      let worst = NaN;
      // The worst of the places that share a column.
      for (let place = first; place < last; place += 1) {
        const worse = turned ? shown[place] > worst : shown[place] < worst;
        if (Number.isNaN(worst) || worse) worst = shown[place];
      }
      const group = classOf(worst);
      const tall = Number.isNaN(worst) ? 2 : Math.max(2, worst * (height - 4));
      context.fillStyle = group < 0 ? colour('line') : palette[group];
      context.fillRect((column * width) / columns, height - tall, Math.max(1, width / columns - 0.3), tall);
    }
    if (selected !== null) {
      context.fillStyle = colour('match');
      context.fillRect(((selected + 0.5) * width) / this.places - 1, 0, 2, height);
    }
  }
}
