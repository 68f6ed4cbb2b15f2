"""
Rendered routes with moved views: the same route on days that differ as real ones do.

A world (corridors of an office, a pavement between house fronts and parked cars, a park, a street)
is drawn from a seed, with textures, houses, trees, cars and streets of the demo. A `Day` says how
it is driven (metres to the side, degrees turned, speed, stops, detours, jumps), its light, the
camera, and what has changed or is in the way. A ray caster renders 160x120 grey pixels.

`rendered.py` has the routes by kind and seed, `days.py` the days.
"""
