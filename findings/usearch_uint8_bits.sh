#!/usr/bin/env bash
# usearch 2.26.6 (PyPI; NumPy 2.4.6): arrays of uint8 are taken for packed bits, of which an eighth is read.
#
# Behaviour: Index.add() and Index.search() take an array of dtype uint8 for vectors of bits, 8 in a byte,
# whatever the dtype of the index, 'u8' included. Of a vector of 32 numbers they read the first 4 as 32
# bits, and the other 28 not at all. With dtype='u8' in each call, numbers are numbers; the same numbers as
# float32 in an index of float32 are right too. The function search() has nan for distances of uint8.
#
# Output seen (1000 descriptors of 32 x uint8; 100 queries differ by at most 5 in each number; exact search):
#   uint8 into u8: the nearest is found for fewer than half, first distance 8
#   uint8 into f32: the nearest is found for fewer than half, first distance 8
#   uint8 into u8, dtype='u8' in each call: the nearest is found for all, first distance 303
#   float32 into f32: the nearest is found for all, first distance 303
#   search() of uint8: the nearest is found for fewer than half, first distance nan
#   first descriptor 95 130 194 217 207 235 15 163, the index has 0 1 0 1 1 1 1 1
#   the last 28 numbers of all descriptors set to 0: the index has the same vectors: True
#
# Why one would guess otherwise: 'u8' is the name of a kind of index, whose get() gives uint8; lengths are
# checked, and 32 numbers for 32 dimensions pass; the library says that it converts between types by
# itself. 8-bit descriptors, such as SIFT, small images or quantised networks have, are the case that
# such an index is for, and a recall of 0.3, as here, looks like hard data. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q usearch==2.26.6 numpy==2.4.6

cat > look.py <<'PYTHON'
import numpy as np
from usearch.index import Index, search

random = np.random.default_rng(0)
stored = random.integers(0, 256, (1000, 32), dtype=np.uint8)
queries = np.clip(stored[:100].astype(int) + random.integers(-5, 6, (100, 32)), 0, 255)
queries = queries.astype(np.uint8)
number = np.arange(len(queries))


def show(what, matches):
    # How many fewer depends on the order of ties.
    share = np.mean(matches.keys.ravel() == number)
    found = 'all' if share == 1 else 'fewer than half' if share < 0.5 else f'{share:.2f}'
    distance = float(matches.distances.ravel()[0])
    print(f'{what}: the nearest is found for {found}, first distance {distance:g}')


def index(kind, vectors, **options):
    made = Index(ndim=vectors.shape[1], metric='l2sq', dtype=kind)
    made.add(np.arange(len(vectors)), vectors, **options)
    return made


bits = index('u8', stored)
show('uint8 into u8', bits.search(queries, 1, exact=True))
show('uint8 into f32', index('f32', stored).search(queries, 1, exact=True))
told = index('u8', stored, dtype='u8').search(queries, 1, exact=True, dtype='u8')
show("uint8 into u8, dtype='u8' in each call", told)
real, real_queries = stored.astype(np.float32), queries.astype(np.float32)
show('float32 into f32', index('f32', real).search(real_queries, 1, exact=True))
show('search() of uint8', search(stored, queries, 1, 'l2sq', exact=True))
first = ' '.join(str(value) for value in bits.get(0)[:8])
print('first descriptor', *stored[0, :8], end='')
print(f', the index has {first}')
cut = stored.copy()
cut[:, 4:] = 0
other = index('u8', cut)
same = all(np.array_equal(bits.get(each), other.get(each)) for each in range(len(stored)))
print(f'the last 28 numbers of all descriptors set to 0: the index has the same vectors: {same}')
PYTHON

cat > expected <<'TEXT'
uint8 into u8: the nearest is found for fewer than half, first distance 8
uint8 into f32: the nearest is found for fewer than half, first distance 8
uint8 into u8, dtype='u8' in each call: the nearest is found for all, first distance 303
float32 into f32: the nearest is found for all, first distance 303
search() of uint8: the nearest is found for fewer than half, first distance nan
first descriptor 95 130 194 217 207 235 15 163, the index has 0 1 0 1 1 1 1 1
the last 28 numbers of all descriptors set to 0: the index has the same vectors: True
TEXT
env/bin/python look.py 2> messages | tee found
diff expected found
