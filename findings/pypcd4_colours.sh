#!/usr/bin/env bash
# pypcd4 1.5.1 (PyPI; NumPy 2.4.6, python-neo-lzf 0.3.5, pydantic 2.14.4): colours are black in text, and two for each point.
#
# Behaviour: in a PCD file rgb is three bytes packed into a float32, as a number below 2.4e-38. save() as
# ascii writes floats with ten digits after the point: every colour is 0.0000000000. As binary it is kept.
# numpy() gives all fields one type; where one of them is float64 or uint32, as labels are, rgb is converted
# as a number, and decode_rgb() reads the 8 bytes of each as two colours, neither of them right.
#
# Output seen (3 points: red, green, blue; colours by decode_rgb):
#   binary: 255 0 0, 0 255 0, 0 0 255
#   binary_compressed: 255 0 0, 0 255 0, 0 0 255
#   ascii: 0 0 0, 0 0 0, 0 0 0; first line 0.0000000000 2.0000000000 0.5000000000 0.0000000000
#   numpy() of x y z rgb: float32: 255 0 0, 0 255 0, 0 0 255
#   numpy() of x y z rgb label: float64: 0 0 0, 31 224 0, 0 0 0, 159 224 0, 0 0 0, 31 224 0
#   numpy() of x y z rgb, x y z float64: float64: 0 0 0, 31 224 0, 0 0 0, 159 224 0, 0 0 0, 31 224 0
#
# Why one would guess otherwise: from_xyzrgb_points(), encode_rgb() and decode_rgb() are the package's own,
# the packing is that of PCL, files of all three encodings are taken to hold the same, and of decode_rgb()
# it is said that it gives "Nx3 uint8 array with RGB values". Positions are right in all of them; colours
# are what is looked at last, in maps that are coloured by a camera. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q pypcd4==1.5.1 numpy==2.4.6 python-neo-lzf==0.3.5 pydantic==2.14.4

cat > look.py <<'PYTHON'
import numpy as np
from pypcd4 import Encoding, PointCloud

COLOURS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)
PLACES = np.array([[0, 2, 0.5], [1, 2, 0.5], [2, 2, 0.5]])


def show(packed):
    return ', '.join(' '.join(map(str, colour)) for colour in PointCloud.decode_rgb(packed))


def cloud(place_type, *more):
    columns = [*PLACES.T, PointCloud.encode_rgb(COLOURS), *(np.arange(3) for _ in more)]
    names = ('x', 'y', 'z', 'rgb', 'label')[: len(columns)]
    return PointCloud.from_points(columns, names, (place_type,) * 3 + (np.float32, *more))


for encoding in (Encoding.BINARY, Encoding.BINARY_COMPRESSED, Encoding.ASCII):
    cloud(np.float32).save('cloud.pcd', encoding)
    read = show(PointCloud.from_path('cloud.pcd').numpy(('rgb',)))
    with open('cloud.pcd', 'rb') as file:
        line = file.read().split(b'DATA ascii\n')[1:]
    first = f'; first line {line[0].decode().splitlines()[0]}' if line else ''
    print(f'{encoding.value}: {read}{first}')

for name, points in (
    ('x y z rgb', cloud(np.float32)),
    ('x y z rgb label', cloud(np.float32, np.uint32)),
    ('x y z rgb, x y z float64', cloud(np.float64)),
):
    table = points.numpy()
    print(f'numpy() of {name}: {table.dtype}: {show(table[:, 3])}')
PYTHON

cat > expected <<'TEXT'
binary: 255 0 0, 0 255 0, 0 0 255
binary_compressed: 255 0 0, 0 255 0, 0 0 255
ascii: 0 0 0, 0 0 0, 0 0 0; first line 0.0000000000 2.0000000000 0.5000000000 0.0000000000
numpy() of x y z rgb: float32: 255 0 0, 0 255 0, 0 0 255
numpy() of x y z rgb label: float64: 0 0 0, 31 224 0, 0 0 0, 159 224 0, 0 0 0, 31 224 0
numpy() of x y z rgb, x y z float64: float64: 0 0 0, 31 224 0, 0 0 0, 159 224 0, 0 0 0, 31 224 0
TEXT
env/bin/python look.py | tee found
diff expected found
