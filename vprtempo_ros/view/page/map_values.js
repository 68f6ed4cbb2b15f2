// What is shown of each place: numbers from 0 to 1, NaN where nothing is known.

// The values of the nearest of the places that were tried, whose numbers rise.
export function spread(places, numbers, values) {
  const found = new Float32Array(places).fill(NaN);
  for (let place = 0, next = 0; place < places && numbers.length; place += 1) {
    while (next + 1 < numbers.length
           && Math.abs(numbers[next + 1] - place) <= Math.abs(numbers[next] - place)) next += 1;
    found[place] = values[next];
  }
  return found;
}

export function valuesOf(layer, map, outlook) {
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
  if (layer === 'ratio') return spread(map.places, outlook.compared, outlook.ratio);
  return spread(map.places, outlook.tested, outlook[layer]);
}
