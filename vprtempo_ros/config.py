"""
The whole configuration as two trees of dataclasses, with defaults, units and checks.

`TrainerConfig` is what `trainer_node` takes and what a map carries; `NodeConfig` is what
`vpr_node` takes. ROS parameters, config/*.yaml and the tables in docs/ are made from these.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .options import option

EVENTS = 'events'
"""`input.type`, and the sensor of a map, for event cameras."""


@dataclass
class EventsConfig:
    """How the events of an event camera become images; a map carries it for the live input."""

    window: str = option('time', 'What makes an image: all events of a window of time, so many '
                                 'events, or a trace in which older events fade',
                         choices=('time', 'count', 'leaky'))
    period: float = option(0.1, 'Length of a window of time, and time between looks at a fading '
                                'trace, in seconds', low=1e-3, high=60.0)
    count: int = option(50000, 'With window count: events of an image', low=1, high=10**9)
    decay: float = option(0.1, 'With window leaky: time in which an event fades to 1/e, in '
                               'seconds', low=1e-3, high=60.0)
    polarity: str = option('merged', 'merged: brighter and darker count alike; split: each in an '
                                     'image of its own, one below the other; signed: brighter '
                                     'minus darker', choices=('merged', 'split', 'signed'))
    hot_pixels: float = option(8.0, 'A pixel with so many times the events of its neighbours is '
                                    'masked; 0: none', low=0.0, high=1e6)
    roi_x: int = option(0, 'First column of the region of interest, in pixels', low=0)
    roi_y: int = option(0, 'First row of the region of interest, in pixels', low=0)
    roi_width: int = option(0, 'Columns of the region of interest; 0: to the right edge', low=0)
    roi_height: int = option(0, 'Rows of the region of interest; 0: to the lower edge', low=0)


_DECODERS = ('', 'own', 'event_camera_py')
_DECODER_DOC = ('Events: what decodes packets; empty: event_camera_py where it is installed, else '
                'own')


@dataclass
class BagInputConfig:
    """What is read from the bags or folders of the reference traverses."""

    type: str = option('image', 'What the traverses hold: images of a camera, or events of an '
                                'event camera (folders: event-count images)',
                       choices=('image', 'events'))
    topic: str = option('', 'Topic of the images or events in the bags; empty: the only one there '
                            'is')
    decoder: str = option('', _DECODER_DOC, choices=_DECODERS)
    names: str = option('', 'Folders of images only: a text file with the file names to use, '
                            'one a line; empty: every image')
    start: int = option(0, 'Frames to leave out at the beginning of each traverse', low=0)
    events: EventsConfig = field(default_factory=EventsConfig)


@dataclass
class LiveInputConfig:
    """What `vpr_node` subscribes to."""

    type: str = option('image', 'Message type of the input topic',
                       choices=('image', 'compressed', 'events'))
    message: str = option('packet', 'Events: packet is event_camera_msgs/EventPacket, array is '
                                    'dvs_msgs/EventArray', choices=('packet', 'array'))
    decoder: str = option('', _DECODER_DOC, choices=_DECODERS)
    max_delay: float = option(0.25, 'Events: packets that waited longer than this are dropped, in '
                                   'seconds', low=1e-3, high=10.0)
    reliability: str = option('best_effort', 'Reliability of the subscription',
                              choices=('best_effort', 'reliable'))
    depth: int = option(0, 'Messages that the middleware may queue; 0: 5 images or 200 packets of '
                           'events', low=0, high=1000)
    any_size: bool = option(False, 'Accept images or events of another size than the map was made '
                                   'from')
    odometry: bool = option(False, 'Subscribe to odom (nav_msgs/Odometry) and tell the sequence '
                                   'filter how far the robot has come')


@dataclass
class EncodingConfig:
    """How a frame becomes spikes."""

    width: int = option(28, 'Columns of the encoded image, in pixels', low=4, high=512)
    height: int = option(28, 'Rows of the encoded image, in pixels', low=4, high=512)
    patch: int = option(15, 'Side of the square over which contrast is normalised, in pixels, odd',
                        low=3, high=255, odd=True)
    resize: str = option('area', 'How the image is made small: area averages all pixels below one '
                                 'of the result, bilinear looks at four of them (as upstream); '
                                 'events: area, or nth, which takes every n-th pixel (as LENS)',
                         choices=('area', 'bilinear', 'nth'))
    adapt: bool = option(True, 'Standardise each pixel by its own mean and deviation along the '
                               'route, which on the robot follow what it sees')
    tone: str = option('', 'Events: how counts are bent, so that few busy pixels do not outshine '
                           'all others; empty: sqrt',
                       choices=('', 'linear', 'sqrt', 'root4', 'log'))
    contrast: str = option('patch', 'patch normalises; events: none takes counts as they are (as '
                                    'LENS)', choices=('patch', 'none'))


@dataclass
class PlacesConfig:
    """How places are cut from a traverse."""

    by: str = option('frames', 'What the spacing is measured in',
                     choices=('frames', 'seconds', 'metres'))
    spacing: float = option(1.0, 'Distance between places, in the unit of places.by',
                            low=1e-3, high=1e6)
    count: int = option(0, 'Places at the most; 0: as many as there are', low=0)
    radius: float = option(0.0, 'A frame of a further traverse belongs to the nearest place within '
                                'this many metres; 0: the mean distance between places', low=0.0)
    tolerance: int = option(1, 'A match so many places off is still right; what confidence means '
                               'is fitted to that', low=0, high=1000)


@dataclass
class PosesConfig:
    """Where the poses of the places come from."""

    topic: str = option('', 'Odometry, PoseStamped, PoseWithCovarianceStamped or NavSatFix topic '
                            'in the bags; empty: the only one there is, if any; none: no poses')
    max_gap: float = option(1.0, 'Poses further apart than this are not interpolated between, '
                                 'in seconds', low=0.0, high=3600.0)


@dataclass
class BootstrapConfig:
    """Training method bootstrap: a spiking network for Loihi, trained by gradient with lava-dl."""

    steps: int = option(32, 'Time steps that a frame is shown for', low=4, high=1000)
    hidden: int = option(1024, 'Hidden neurons of a module', low=2, high=100000)
    epochs: int = option(40, 'Times that as many samples are shown as there are places', low=1,
                         high=10000)
    spiking_epochs: int = option(5, 'Epochs at the end in which the hidden layer spikes',
                                 low=0, high=10000)
    batch: int = option(50, 'Frames in a step of the gradient', low=1, high=10000)
    rate: float = option(0.001, 'Learning rate at the beginning', low=0.0, high=1.0)
    noise: float = option(0.3, 'Noise added to each pixel, as a part of its range',
                          low=0.0, high=2.0)


@dataclass
class TrainingConfig:
    """The learning rule and its constants (VPRTempo, ICRA 2024)."""

    method: str = option('stdp', 'stdp: VPRTempo; bootstrap: a spiking network for Loihi, trained '
                                 'by gradient, which backends cuba and lava run',
                         choices=('stdp', 'bootstrap'))
    epochs: int = option(0, 'Times that each sample is shown; 0: 4 times the places, or 2000 '
                            'presentations, which short routes need', low=0, high=10000)
    seed: int = option(0, 'Seed of everything random; the same seed gives the same map', low=0,
                       high=2**31 - 1)
    copies: bool = option(True, 'Learn each reference frame also shifted and zoomed a little, as '
                                'a robot that drives a little differently sees it')
    places_per_module: int = option(3000, 'Places that a module holds at the most', low=2)
    feature_multiplier: float = option(2.0, 'Feature neurons for each input pixel',
                                       low=0.01, high=64.0)
    readout: str = option('linear', 'linear: one matrix a module; clamped: spikes are limited to '
                                    '[0, 0.9] after each layer, as published',
                          choices=('linear', 'clamped'))
    outputs: str = option('settled', 'settled: output weights at which the delta rule comes to '
                                     'rest, computed at once; stdp: learnt presentation by '
                                     'presentation, as published', choices=('settled', 'stdp'))
    threshold_rule: str = option('paper', "paper: a threshold follows its neuron's spike; "
                                          'upstream: as in the vprtempo package',
                                 choices=('paper', 'upstream'))
    stdp_rate: float = option(0.005, 'Learning rate of the weights, eta', low=0.0, high=1.0)
    threshold_rate: float = option(0.15, 'Learning rate of the thresholds, eta_ip',
                                   low=0.0, high=1.0)
    excitatory: float = option(0.1, 'Probability of an excitatory synapse in the feature layer',
                               low=0.0, high=1.0)
    inhibitory: float = option(0.5, 'Probability of an inhibitory synapse in the feature layer',
                               low=0.0, high=1.0)
    quantize: str = option('none', 'none: floats; qat: learn with int8 weights and activations in '
                                   'the loop, and put integers into the map',
                           choices=('none', 'qat'))
    engine: str = option('', 'With qat: the int8 kernels to learn for; empty: x86 on x86-64, '
                             'else qnnpack', choices=('', 'fbgemm', 'x86', 'qnnpack'))
    keep_fp32: bool = option(True, 'With qat: keep the floats beside the integers in the map; '
                                   'false: a quarter of the size')
    threads: int = option(0, 'Threads for training; 0: all cores. The result does not depend '
                             'on it', low=0, high=1024)
    bootstrap: BootstrapConfig = field(default_factory=BootstrapConfig)


@dataclass
class LavaConfig:
    """Backend lava: how the network runs on Loihi 2, or in simulation of it."""

    mode: str = option('one_at_a_time', 'one_at_a_time: all steps of a frame are run at once; '
                                        'streaming: a frame a step, the answer comes two steps '
                                        'later', choices=('one_at_a_time', 'streaming'))
    target: str = option('', 'Where it runs; empty: on Loihi 2 where lava-loihi is installed, '
                             'else in simulation', choices=('', 'simulation', 'loihi2'))
    host: str = option('', 'Loihi 2: slurm, slurm:PARTITION, or the address of a board on the '
                           'network; empty: as the environment has it')
    chip: str = option('N3B3', 'Loihi 2: generation of the chip',
                       choices=('N3B2', 'N3B3', 'N3C1', 'N3D1'))


@dataclass
class SinabsConfig:
    """Backend sinabs: the network with spikes of one size, at rates that stand for amplitudes."""

    steps: int = option(100, 'Time steps that a frame is shown for, T', low=1, high=10000)
    threshold: float = option(1.0, 'Membrane potential at which a feature neuron spikes, in units '
                                   'of a response', low=0.01, high=100.0)
    output_threshold: float = option(0.0, 'The same for output neurons; 0: they do not spike, '
                                          'their potential is the answer', low=0.0, high=100.0)
    seed: int = option(0, 'Seed of the spike trains; the same frame always gets the same',
                       low=0, high=2**31 - 1)


@dataclass
class BackendConfig:
    """Which engine runs the network."""

    name: str = option('', 'Backend by name; empty: the best that is installed')
    threads: int = option(1, 'Threads of the backend', low=1, high=1024)
    engine: str = option('', 'Backend torch_int8: the int8 kernels; empty: those of this machine',
                         choices=('', 'fbgemm', 'x86', 'qnnpack'))
    lava: LavaConfig = field(default_factory=LavaConfig)
    sinabs: SinabsConfig = field(default_factory=SinabsConfig)


@dataclass
class SequenceConfig:
    """How the scores of successive frames are put together."""

    filter: str = option('bayes', 'none: each frame by itself; seqslam: a short window at constant '
                                 'speed; bayes: a belief over all places with a motion model',
                         choices=('none', 'seqslam', 'bayes'), dynamic=True)
    length: int = option(10, 'seqslam: frames in the window, about a place apart; the time it '
                             'takes grows with the square', low=2, high=50, dynamic=True)
    slowest: float = option(-1.0, 'Lowest speed along the route relative to the reference, '
                                  'negative in reverse', low=-10.0, high=10.0, dynamic=True)
    fastest: float = option(3.0, 'Highest speed along the route relative to the reference',
                            low=-10.0, high=10.0, dynamic=True)
    odometry: bool = option(True, 'Where there is odometry and the map has poses, take the way '
                                  'from it and not from time and speed', dynamic=True)
    sharpness: float = option(0.8, 'bayes: by how much the right place is expected to stand out, '
                                   'in standard deviations of the scores', low=0.1, high=10.0,
                              dynamic=True)
    leaving: float = option(0.01, 'bayes: probability to leave the map, or to be carried '
                                  'elsewhere on it, for each place of the way',
                            low=1e-6, high=0.5, dynamic=True)
    returning: float = option(0.05, 'bayes: probability to come back onto the map, anywhere, for '
                                    'each place of the way', low=1e-6, high=0.5, dynamic=True)


@dataclass
class MatchConfig:
    """From similarities to an answer."""

    top_k: int = option(5, 'Places in an answer', low=1, high=1000, dynamic=True)
    min_confidence: float = option(0.5, 'Answers below this confidence become "no match"',
                                   low=0.0, high=1.0, dynamic=True)
    normalise: bool = option(True, 'Score each place against its own usual response, which the '
                                   'map has from the reference', dynamic=True)
    sequence: SequenceConfig = field(default_factory=SequenceConfig)


@dataclass
class PoseConfig:
    """What a matched place does not tell about the pose of the robot."""

    across: float = option(0.5, 'Standard deviation of the way beside the recorded route, in '
                                'metres', low=0.001, high=100.0)
    heading: float = option(0.1, 'Standard deviation of the heading from that of the recorded '
                                 'route, in radians', low=0.001, high=3.1416)


@dataclass
class LiveConfig:
    """Live teaching: `trainer_node` records what it hears while the robot drives, and trains."""

    enabled: bool = option(False, 'Listen to live topics between ~/start and ~/finish in place of '
                                  'reading bags')
    recording: str = option('', 'Folder to record to, numbered if it is there already; empty: the '
                                "map's name with .recording")
    load_into: str = option('', 'Node that is told to load the map once it is written, as '
                                'vpr_node; empty: none')
    reliability: str = option('best_effort', 'Reliability of the subscriptions',
                              choices=('best_effort', 'reliable'))
    max_rate: float = option(0.0, 'Images recorded in a second at the most; 0: all. Events are '
                                  'always recorded whole', low=0.0, high=1000.0)
    sync: float = option(1.0, 'What was recorded is made safe against a loss of power so often, '
                              'in seconds', low=0.1, high=60.0)
    buffer: float = option(256.0, 'Messages that wait for a slow disk, in MB; what comes beyond '
                                  'is dropped', low=1.0, high=65536.0)
    min_free: float = option(200.0, 'Recording stops when no more than this is left on its disk, '
                                    'in MB', low=0.0, high=1e9)


@dataclass
class TrainerConfig:
    """Everything that makes a map."""

    bags: list[str] = option([], 'Bags (or folders of images) of the reference traverses, '
                                 'the first defines the places')
    map: str = option('', 'Folder to write the map to', dynamic=True)
    overwrite: bool = option(False, 'Replace a map that is already there', dynamic=True)
    input: BagInputConfig = field(default_factory=BagInputConfig)
    encoding: EncodingConfig = field(default_factory=EncodingConfig)
    places: PlacesConfig = field(default_factory=PlacesConfig)
    poses: PosesConfig = field(default_factory=PosesConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    live: LiveConfig = field(default_factory=LiveConfig)


@dataclass
class DiagnosticsConfig:
    """From when on `vpr_node` reports that something is wrong, and for how long."""

    period: float = option(1.0, 'Time between diagnostics, in seconds', low=0.05, high=60.0,
                           dynamic=True)
    silence: float = option(2.0, 'Without a message for this long the input counts as missing, in '
                                 'seconds', low=0.1, high=3600.0, dynamic=True)
    min_rate: float = option(0.0, 'Messages a second that the input has at least; 0: not checked',
                             low=0.0, high=1e5, dynamic=True)
    max_bad: float = option(0.05, 'Part of the messages that may be unusable, over some seconds',
                            low=0.0, high=1.0, dynamic=True)
    max_dropped: float = option(0.05, 'Part of the messages that may be dropped for newer ones, '
                                      'over some seconds', low=0.0, high=1.0, dynamic=True)
    max_load: float = option(0.9, 'Part of the time that may be spent working on frames, of one '
                                  'thread', low=0.01, high=1.0, dynamic=True)
    lost_after: float = option(10.0, 'The robot counts as lost when most frames have been unknown '
                                     'for this long, in seconds; 0: never', low=0.0, high=3600.0,
                               dynamic=True)
    raise_after: float = option(2.0, 'What is wrong is reported once it has lasted so long, in '
                                     'seconds', low=0.0, high=600.0, dynamic=True)
    clear_after: float = option(5.0, 'What was reported is taken back once it has been gone for so '
                                     'long, in seconds', low=0.0, high=600.0, dynamic=True)


@dataclass
class NodeConfig:
    """Everything that `vpr_node` needs beside the map."""

    map: str = option('', 'Folder of the map; set while running, it is loaded anew, and kept out '
                          'if it does not fit', dynamic=True)
    autostart: bool = option(True, 'Configure and activate without a lifecycle manager, if need be '
                                   'once a map that fits is set')
    input: LiveInputConfig = field(default_factory=LiveInputConfig)
    backend: BackendConfig = field(default_factory=BackendConfig)
    match: MatchConfig = field(default_factory=MatchConfig)
    pose: PoseConfig = field(default_factory=PoseConfig)
    diagnostics: DiagnosticsConfig = field(default_factory=DiagnosticsConfig)


@dataclass
class EnergyConfig:
    """Energy of an operation in pJ, for the tool `energy`; see docs/neuromorphic.md."""

    mac_fp32: float = option(4.6, 'CPU, 45 nm: float32 multiplication 3.7 and addition 0.9 '
                                  '(Horowitz, ISSCC 2014)', low=0.0)
    mac_int8: float = option(0.3, 'CPU, 45 nm: 8-bit multiplication 0.2 and 32-bit addition 0.1 '
                                  '(Horowitz, ISSCC 2014)', low=0.0)
    loihi_synop: float = option(23.6, 'Loihi: synaptic operation (Davies et al., IEEE Micro 2018)',
                                low=0.0)
    loihi_neuron: float = option(81.0, 'Loihi: update of an active neuron (Davies et al., IEEE '
                                       'Micro 2018)', low=0.0)
    speck_synop: float = option(10.0, 'Speck: synaptic operation (SynSense, sinabs tutorial)',
                                low=0.0)
