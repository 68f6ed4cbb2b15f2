// Canvases at the resolution of the screen, and the colours of values.

const CLASSES = 10;

export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);

// Much likeness is bad, much of the others good: `turned` is for likeness.
export function palette(turned) {
  const found = [];
  for (let number = 0; number < CLASSES; number += 1) {
    found.push(colour(`c${turned ? CLASSES - 1 - number : number}`));
  }
  return found;
}

// The number of a value's colour in the palette, -1 where there is no value.
export const classOf = (value) => (
  Number.isNaN(value) ? -1 : Math.min(CLASSES - 1, Math.floor(value * CLASSES)));

// Returns the context of an empty canvas with its width and height in CSS pixels.
export function cleared(canvas) {
  const scale = window.devicePixelRatio || 1;
  const [wide, tall] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
  if (canvas.width !== wide || canvas.height !== tall) { canvas.width = wide; canvas.height = tall; }
  const context = canvas.getContext('2d');
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  return [context, canvas.clientWidth, canvas.clientHeight];
}
