#!/usr/bin/env bash
# dv-processing 2.0.4 (PyPI, CPython 3.11): writing a slice of events writes all of its packets.
#
# Behaviour: EventStore.slice(), sliceTime() and sliceBack() give views of the store's packets.
# MonoCameraWriter.writeEvents() writes the packets whole, not the part that the view shows: a slice
# of 10 of 100 events in one packet puts 100 into the .aedat4 file, and two halves written one after
# the other put every event there twice, with times that go back. A store that the events of the
# slice are copied to, one by one, is written right. Reading is not at fault: dv-processing and the
# independent reader aedat 2.3.0 find the same events in the file.
#
# Output seen:
#   slice of 10 events, 40 to 49 ms: aedat reads 100, dv-processing 100, 0 to 99 ms
#   sliceTime of 10 events, 40 to 49 ms: aedat reads 100, dv-processing 100, 0 to 99 ms
#   two halves of 50 events: aedat reads 200, times go back
#   copy of the slice: aedat reads 10, dv-processing 10, 40 to 49 ms
#
# Why one would guess otherwise: size(), the times and iteration of the slice are those of its 10
# events, and cutting a recording by sliceTime() before writing is what the two are for. Nothing is
# said, and the file is valid.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q dv-processing==2.0.4 aedat==2.3.0

cat > look.py <<'PYTHON'
import aedat
import dv_processing as dv

START = 1_700_000_000_000_000


def write(*stores):
    config = dv.io.MonoCameraWriter.EventOnlyConfig('camera', (32, 24))
    writer = dv.io.MonoCameraWriter('events.aedat4', config)
    for store in stores:
        writer.writeEvents(store)
    # The file is complete once the writer is gone.
    del writer


def with_aedat():
    packets = (packet for packet in aedat.Decoder('events.aedat4') if 'events' in packet)
    return [time - START for packet in packets for time in packet['events']['t'].tolist()]


def with_dv():
    recording = dv.io.MonoCameraRecording('events.aedat4')
    count = 0
    while recording.isRunning():
        batch = recording.getNextEventBatch()
        if batch is None:
            break
        count += batch.size()
    return count


def span(times):
    return f'{times[0] // 1000} to {times[-1] // 1000} ms'


def of(store):
    return span([store.getLowestTime() - START, store.getHighestTime() - START])


whole = dv.EventStore()
for number in range(100):
    whole.push_back(START + 1000 * number, number % 32, number % 24, number % 2 == 0)

part = whole.slice(40, 10)
by_time = whole.sliceTime(START + 40_000, START + 50_000)
for name, store in (('slice', part), ('sliceTime', by_time)):
    write(store)
    times = with_aedat()
    print(
        f'{name} of {store.size()} events, {of(store)}: aedat reads {len(times)}, '
        f'dv-processing {with_dv()}, {span(times)}'
    )

write(whole.slice(0, 50), whole.slice(50, 50))
times = with_aedat()
order = 'times rise' if times == sorted(times) else 'times go back'
print(f'two halves of 50 events: aedat reads {len(times)}, {order}')

copy = dv.EventStore()
for event in part:
    copy.push_back(event.timestamp(), event.x(), event.y(), event.polarity())
write(copy)
times = with_aedat()
print(
    f'copy of the slice: aedat reads {len(times)}, dv-processing {with_dv()}, {span(times)}'
)
PYTHON

cat > expected <<'TEXT'
slice of 10 events, 40 to 49 ms: aedat reads 100, dv-processing 100, 0 to 99 ms
sliceTime of 10 events, 40 to 49 ms: aedat reads 100, dv-processing 100, 0 to 99 ms
two halves of 50 events: aedat reads 200, times go back
copy of the slice: aedat reads 10, dv-processing 10, 40 to 49 ms
TEXT
timeout 120 env/bin/python look.py | tee found
diff expected found
