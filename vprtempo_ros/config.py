"""
The whole configuration as two trees of dataclasses, with defaults, units and checks.

`TrainerConfig` is what `trainer_node` takes and what a map carries; `NodeConfig` is what
`vpr_node` takes. ROS parameters, config/*.yaml and docs/parameters.md are generated from these.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .options import option

EVENTS = 'events'
"""`input.type`, and the sensor of a map, for event cameras."""


@dataclass
class EventsConfig:
    """How the events of an event camera become images; stored in the map for the live input."""

    window: str = option(
        'time',
        'What makes an image: the events of a time window, a fixed number '
        'of events, or a trace in which older events fade',
        choices=('time', 'count', 'leaky'),
    )
    period: float = option(
        0.1,
        'Length of a time window, or the interval between images of a fading trace, in seconds',
        low=1e-3,
        high=60.0,
    )
    count: int = option(50000, 'With window count: events per image', low=1, high=10**9)
    decay: float = option(
        0.1, 'With window leaky: time constant of the decay, in seconds', low=1e-3, high=60.0
    )
    polarity: str = option(
        'merged',
        'merged: both polarities count alike; split: one image per '
        'polarity, stacked vertically; signed: ON minus OFF events',
        choices=('merged', 'split', 'signed'),
    )
    hot_pixels: float = option(
        8.0,
        'Mask a pixel with this many times the events of its neighbours; 0: no mask',
        low=0.0,
        high=1e6,
    )
    roi_x: int = option(0, 'First column of the region of interest, in pixels', low=0)
    roi_y: int = option(0, 'First row of the region of interest, in pixels', low=0)
    roi_width: int = option(0, 'Columns of the region of interest; 0: up to the right edge', low=0)
    roi_height: int = option(0, 'Rows of the region of interest; 0: down to the lower edge', low=0)


_DECODERS = ('', 'own', 'event_camera_py')
_DECODER_DOC = 'Events: packet decoder; empty: event_camera_py where it is installed, otherwise own'


_FRAME_ID_DOC = (
    'Only messages of this coordinate frame (header.frame_id), where several cameras are on one '
    'topic; empty: all'
)


@dataclass
class BagInputConfig:
    """What is read from the bags or folders of the reference traverses."""

    type: str = option(
        'image',
        'Sensor of the traverses: images of a camera, or events of an '
        'event camera (folders: event-count images)',
        choices=('image', EVENTS),
    )
    topic: str = option('', 'Topic of the images or events in the bags; empty: the only one')
    frame_id: str = option('', _FRAME_ID_DOC)
    decoder: str = option('', _DECODER_DOC, choices=_DECODERS)
    names: str = option(
        '',
        'Folders of images only: text file with the file names to use, one '
        'per line; empty: all images',
    )
    start: int = option(0, 'Frames to skip at the beginning of each traverse', low=0)
    events: EventsConfig = field(default_factory=EventsConfig)


@dataclass
class LiveInputConfig:
    """What `vpr_node` subscribes to."""

    type: str = option(
        'image', 'Message type of the input topic', choices=('image', 'compressed', EVENTS)
    )
    message: str = option(
        'packet',
        'Events: packet is event_camera_msgs/EventPacket, array is dvs_msgs/EventArray',
        choices=('packet', 'array'),
    )
    frame_id: str = option('', _FRAME_ID_DOC)
    decoder: str = option('', _DECODER_DOC, choices=_DECODERS)
    max_delay: float = option(
        0.25,
        'Events: packets that waited longer than this are dropped, in seconds',
        low=1e-3,
        high=10.0,
    )
    reliability: str = option(
        'best_effort', 'Reliability of the subscription', choices=('best_effort', 'reliable')
    )
    depth: int = option(
        0,
        'Queue depth of the subscription; 0: 5 for images, 200 for event packets',
        low=0,
        high=1000,
    )
    any_size: bool = option(
        False, 'Accept images or events of a different size than those of the map'
    )
    odometry: bool = option(
        False,
        'Subscribe to odom (nav_msgs/Odometry), from which the sequence '
        'filter takes the distance travelled',
    )


@dataclass
class CamerasConfig:
    """Several cameras, of which each gets a map of the same places."""

    names: list[str] = option(
        [],
        'Names of several cameras, the first of which defines the places; empty: one camera, with '
        'input.topic',
    )
    topics: list[str] = option(
        [],
        'Topics of these cameras in the bags, in the same order; empty: /NAME/image_raw. Folders '
        'of images hold a folder for each name instead',
    )


@dataclass
class OrientedConfig:
    """Encoder oriented: how edges are sorted by direction and pooled."""

    side: int = option(
        56, 'Side of the small image whose edges are encoded, in pixels', low=8, high=256
    )
    orientations: int = option(
        16, 'Edge directions over the full circle, an even number', low=2, high=64
    )
    cells: int = option(12, 'Cells per row and per column', low=2, high=64)
    opposite: float = option(
        0.3,
        'Response to an edge of opposite polarity (bright and dark '
        'exchanged), relative to that of its own',
        low=0.0,
        high=1.0,
    )


@dataclass
class DescriptorConfig:
    """Encoder descriptor: a neural network in an ONNX file, and the image that it takes."""

    model: str = option(
        '', 'ONNX file, from one image to one descriptor; training copies it into the map'
    )
    width: int = option(
        0, 'Columns of its image, in pixels; 0: as the file states', low=0, high=4096
    )
    height: int = option(0, 'Rows of its image, in pixels; 0: as the file states', low=0, high=4096)
    colours: str = option('rgb', 'Order of its colour channels', choices=('rgb', 'bgr'))
    scaling: str = option(
        'imagenet',
        'Values of its image. imagenet: relative to mean and standard deviation of the images of '
        'ImageNet; unit: 0 to 1; signed: -1 to 1; none: 0 to 255',
        choices=('imagenet', 'unit', 'signed', 'none'),
    )


@dataclass
class EncodingConfig:
    """How a frame becomes spikes."""

    encoder: str = option(
        'oriented',
        'Encoder by name. pixels: grey values, as published; oriented: '
        'energy of oriented edges; descriptor: the output of a neural network; other packages can '
        'add more',
    )
    width: int = option(28, 'Columns of the encoded image, in pixels', low=4, high=512)
    height: int = option(28, 'Rows of the encoded image, in pixels', low=4, high=512)
    patch: int = option(
        15,
        'Side of the square patch for contrast normalisation, in pixels, odd',
        low=3,
        high=255,
        odd=True,
    )
    resize: str = option(
        'area',
        'area: mean of all source pixels per pixel; bilinear: four source '
        'pixels per pixel (as upstream); events: area, or nth: every n-th '
        'pixel (as LENS)',
        choices=('area', 'bilinear', 'nth'),
    )
    adapt: bool = option(
        True,
        'Standardise each pixel by its mean and standard deviation along '
        'the route; on the robot these follow the live images',
    )
    tone: str = option(
        '',
        'Events: compression of event counts, so that a few busy pixels do not '
        'dominate; empty: sqrt',
        choices=('', 'linear', 'sqrt', 'root4', 'log'),
    )
    contrast: str = option(
        'patch',
        'patch: normalise contrast; events: none uses the counts unchanged (as LENS)',
        choices=('patch', 'none'),
    )
    oriented: OrientedConfig = field(default_factory=OrientedConfig)
    descriptor: DescriptorConfig = field(default_factory=DescriptorConfig)


@dataclass
class PlacesConfig:
    """How places are sampled from a traverse."""

    by: str = option('frames', 'Unit of the spacing', choices=('frames', 'seconds', 'metres'))
    spacing: float = option(
        1.0, 'Distance between places, in the unit of places.by', low=1e-3, high=1e6
    )
    count: int = option(0, 'Maximum number of places of a recording; 0: no limit', low=0)
    stops: str = option(
        'merge',
        'Frames at which the robot stood, or crawled for long, if not by metres. merge: those of a '
        'view are one place; keep: they are places like any others',
        choices=('merge', 'keep'),
    )
    bags: str = option(
        'first',
        'Which bags define places. first: the first one, and the others show its places at '
        'other times; all: each is a stretch of its own',
        choices=('first', 'all'),
    )
    radius: float = option(
        0.0,
        'A frame of an additional traverse belongs to the nearest place '
        'within this radius, in metres; 0: the mean distance between '
        'places',
        low=0.0,
    )
    tolerance: int = option(
        1,
        'A match is correct within this many places; confidence is the probability of that',
        low=0,
        high=1000,
    )

    @property
    def merges_stops(self) -> bool:
        """Whether frames at which the robot stood are one place; by metres they are in any case."""
        return self.by != 'metres' and self.stops == 'merge'

    @property
    def is_each_frame(self) -> bool:
        """Whether each frame of the traverse is a place."""
        return self.by == 'frames' and self.spacing == 1.0


@dataclass
class PosesConfig:
    """Where the poses of the places come from."""

    topic: str = option(
        '',
        'Odometry, PoseStamped, PoseWithCovarianceStamped or NavSatFix topic '
        'in the bags, or /tf; if named TransformStamped or PointStamped too; empty: the only one '
        '(but goals and initial poses), else /tf, if any; none: no poses',
    )
    fixed_frame: str = option(
        '', 'Poses of /tf: frame that they are in; empty: map, else odom, else the root of the tree'
    )
    robot_frame: str = option(
        '',
        'Poses of /tf: frame of the robot; empty: base_link or base_footprint, else the one above '
        'the camera that moves',
    )
    file: str = option(
        '',
        'File with the poses instead, a TUM trajectory or CSV with column names, or another bag; '
        'relative to the folder of the recording, whose name without suffix is {name}; empty: none',
    )
    offset: float = option(
        0.0, 'Seconds to add to the stamps of the poses in the file', low=-4e9, high=4e9
    )
    max_gap: float = option(
        1.0,
        'Do not interpolate between poses further apart than this, in seconds',
        low=0.0,
        high=3600.0,
    )


@dataclass
class BootstrapConfig:
    """Training method bootstrap: a spiking network for Loihi, trained by gradient with lava-dl."""

    steps: int = option(32, 'Time steps per frame', low=4, high=1000)
    hidden: int = option(1024, 'Hidden neurons of a module', low=2, high=100000)
    epochs: int = option(
        40, 'Epochs, each with as many samples as there are places', low=1, high=10000
    )
    spiking_epochs: int = option(
        5, 'Final epochs in which the hidden layer spikes', low=0, high=10000
    )
    batch: int = option(50, 'Frames per gradient step', low=1, high=10000)
    rate: float = option(0.001, 'Initial learning rate', low=0.0, high=1.0)
    noise: float = option(
        0.3, 'Noise added to each pixel, as a fraction of its range', low=0.0, high=2.0
    )


@dataclass
class TrainingConfig:
    """The learning rule and its constants (VPRTempo, ICRA 2024)."""

    method: str = option(
        'stdp',
        'stdp: VPRTempo; bootstrap: a spiking network for Loihi, trained '
        'by gradient, for backends cuba and lava',
        choices=('stdp', 'bootstrap'),
    )
    epochs: int = option(
        0,
        'Presentations of each sample; 0: 4 times the places, but at least '
        '2000 in total, which short routes need',
        low=0,
        high=10000,
    )
    seed: int = option(0, 'Random seed; the same seed gives the same map', low=0, high=2**31 - 1)
    augment: bool = option(
        True,
        'Train on shifted and zoomed copies of each reference frame too, '
        'since no robot drives exactly the same line twice',
    )
    places_per_module: int = option(3000, 'Maximum number of places in a module', low=2)
    feature_multiplier: float = option(2.0, 'Feature neurons per input', low=0.01, high=64.0)
    readout: str = option(
        'linear',
        'linear: one matrix per module; clamped: spikes limited to '
        '[0, 0.9] after each layer, as published',
        choices=('linear', 'clamped'),
    )
    outputs: str = option(
        'ridge',
        'Output layer. ridge: closed-form least squares, the fixed '
        'point of the delta rule; stdp: presentation by presentation, '
        'as published',
        choices=('ridge', 'stdp'),
    )
    threshold_rule: str = option(
        'paper',
        "paper: a threshold follows its neuron's spike; upstream: as in the vprtempo package",
        choices=('paper', 'upstream'),
    )
    stdp_rate: float = option(0.005, 'Learning rate of the weights, eta', low=0.0, high=1.0)
    threshold_rate: float = option(
        0.15, 'Learning rate of the thresholds, eta_ip', low=0.0, high=1.0
    )
    excitatory: float = option(
        0.1, 'Probability of an excitatory synapse in the feature layer', low=0.0, high=1.0
    )
    inhibitory: float = option(
        0.5, 'Probability of an inhibitory synapse in the feature layer', low=0.0, high=1.0
    )
    quantize: str = option(
        'none',
        'none: floats; qat: quantisation-aware training, int8 weights and activations in the map',
        choices=('none', 'qat'),
    )
    engine: str = option(
        '',
        'With qat: int8 kernels to train for; empty: x86 on x86-64, otherwise qnnpack',
        choices=('', 'fbgemm', 'x86', 'qnnpack'),
    )
    keep_fp32: bool = option(
        True, 'With qat: store the float weights too; false: a quarter of the size'
    )
    weights: str = option(
        '',
        'Weights of the default training in the map. int8: a quarter of the size, with an outline '
        'for the two-stage search; empty: int8 from 20,000 places on, float32 below',
        choices=('', 'float32', 'int8'),
    )
    keep_samples: bool = option(
        True,
        'Store what the network is computed from too, which edits of the map need: 35 to '
        '45 KB a place',
    )
    threads: int = option(
        0, 'Threads for training; 0: all cores. The result does not depend on it', low=0, high=1024
    )
    executor: str = option(
        '',
        'Where recordings are read: single: in this process, processes: in processes of this '
        'machine, dask: on a cluster; empty: processes where they pay. Of one recording alone, '
        'frames are encoded in processes. The map does not depend on it',
        choices=('', 'single', 'processes', 'dask'),
    )
    workers: int = option(
        0, 'Processes of executor processes; 0: one for each core', low=0, high=1024
    )
    scheduler: str = option('', 'Executor dask: address of the scheduler, as tcp://host:8786')
    bootstrap: BootstrapConfig = field(default_factory=BootstrapConfig)


@dataclass
class LavaConfig:
    """Backend lava: how the network runs on Loihi 2, or in simulation."""

    mode: str = option(
        'one_at_a_time',
        'one_at_a_time: run all steps of a frame at once; '
        'streaming: one frame per step, results two steps later',
        choices=('one_at_a_time', 'streaming'),
    )
    target: str = option(
        '',
        'Where it runs; empty: Loihi 2 if lava-loihi is installed, otherwise simulation',
        choices=('', 'simulation', 'loihi2'),
    )
    host: str = option(
        '',
        'Loihi 2: slurm, slurm:PARTITION, or the address of a board; empty: from the environment',
    )
    chip: str = option('N3B3', 'Loihi 2: chip generation', choices=('N3B2', 'N3B3', 'N3C1', 'N3D1'))


@dataclass
class SinabsConfig:
    """Backend sinabs: the network with binary spikes, whose rates encode amplitudes."""

    steps: int = option(100, 'Time steps per frame, T', low=1, high=10000)
    threshold: float = option(
        1.0, 'Spike threshold of feature neurons, in units of a response', low=0.01, high=100.0
    )
    output_threshold: float = option(
        0.0,
        'Spike threshold of output neurons; 0: they do not '
        'spike, the membrane potential is the similarity',
        low=0.0,
        high=100.0,
    )
    seed: int = option(
        0,
        'Seed of the spike trains; the same frame always gets the same train',
        low=0,
        high=2**31 - 1,
    )


@dataclass
class NodeCamerasConfig:
    """Several cameras whose evidence makes one belief."""

    names: list[str] = option(
        [],
        'Names of the cameras whose evidence makes one match; empty: those of the map, or one with '
        'the topic image',
    )
    topics: list[str] = option(
        [], 'Their topics, in the same order; empty: NAME/image, to be remapped'
    )
    views: list[str] = option(
        [],
        'The camera of the map that each is matched against, in the same order; empty: that of '
        'its name, or the only one',
    )
    turned: list[str] = option(
        [],
        'Names of those that look backwards, seen from the view that they are matched against: '
        'they recognise a route that is driven the other way, and the pose is turned then',
    )


@dataclass
class BackendConfig:
    """Which engine runs the network."""

    name: str = option('', 'Backend by name; empty: the best one installed')
    search: str = option(
        '',
        'Backend numpy. two_stage: compute only the responses that an estimate of all finds '
        'highest, in maps of 8-bit weights; exact: compute all; empty: two_stage where the map '
        'allows it',
        choices=('', 'exact', 'two_stage'),
    )
    threads: int = option(1, 'Threads of the backend', low=1, high=1024)
    engine: str = option(
        '',
        'Backend torch_int8: int8 kernels; empty: those of this machine',
        choices=('', 'fbgemm', 'x86', 'qnnpack'),
    )
    lava: LavaConfig = field(default_factory=LavaConfig)
    sinabs: SinabsConfig = field(default_factory=SinabsConfig)


@dataclass
class SequenceConfig:
    """How the scores of successive frames are combined."""

    filter: str = option(
        'bayes',
        'none: each frame alone; seqslam: a short window at constant '
        'speed; bayes: a belief over all places with a motion model',
        choices=('none', 'seqslam', 'bayes'),
        dynamic=True,
    )
    length: int = option(
        10,
        'seqslam: frames in the window, about one place apart; computing time '
        'grows with the square',
        low=2,
        high=50,
        dynamic=True,
    )
    slowest: float = option(
        -1.0,
        'Lowest speed along the route relative to the reference, negative in reverse',
        low=-10.0,
        high=10.0,
        dynamic=True,
    )
    fastest: float = option(
        10.0,
        'Highest speed along the route relative to the reference',
        low=-10.0,
        high=20.0,
        dynamic=True,
    )
    odometry: bool = option(
        True,
        'With odometry and a map with poses: take the displacement from '
        'odometry instead of time and speed',
        dynamic=True,
    )
    sharpness: float = option(
        0.0,
        'bayes: weight of a score as evidence, in nats per standard deviation; 0: estimated on the '
        'drive, from how far correct places stand out',
        low=0.0,
        high=10.0,
        dynamic=True,
    )
    leaving: float = option(
        0.01,
        'bayes: probability per place of travel to leave the map or to be moved to another place',
        low=1e-6,
        high=0.5,
        dynamic=True,
    )
    returning: float = option(
        0.05,
        'bayes: probability per place of travel to return to the map, at any place',
        low=1e-6,
        high=0.5,
        dynamic=True,
    )


@dataclass
class MatchConfig:
    """From similarities to a match."""

    top_k: int = option(5, 'Number of places in a match', low=1, high=1000, dynamic=True)
    min_confidence: float = option(
        0.5, 'Below this confidence the place is unknown', low=0.0, high=1.0, dynamic=True
    )
    normalise: bool = option(
        True,
        'Score each place by the mean and standard deviation of its responses to the reference',
        dynamic=True,
    )
    sequence: SequenceConfig = field(default_factory=SequenceConfig)


@dataclass
class PoseConfig:
    """The robot's pose: the uncertainty that a matched place leaves open, and its age."""

    lateral_std: float = option(
        0.5,
        'Standard deviation of the lateral offset from the recorded route, in metres',
        low=0.001,
        high=100.0,
    )
    heading_std: float = option(
        0.1,
        'Standard deviation of the heading relative to the recorded route, in radians',
        low=0.001,
        high=3.1416,
    )
    max_age: float = option(
        1.0,
        'How long ago the frame may have been matched by which ~/localize responds, in seconds',
        low=0.01,
        high=3600.0,
    )


@dataclass
class TfConfig:
    """Publishing map -> odom (REP-105) from matches, the poses of the map and odometry."""

    publish: bool = option(
        False,
        'Publish the transform from the map to the frame of odom, in place of AMCL or SLAM; '
        'subscribes to odom and initialpose',
    )
    map_frame: str = option(
        '',
        "Name of the map's frame; empty: that of the map's poses, or map if odom has the same name",
    )
    rate: float = option(20.0, 'Transforms per second', low=0.5, high=200.0)
    tolerance: float = option(
        0.5,
        'A transform is valid until this long after the last odometry, in seconds',
        low=0.0,
        high=10.0,
    )
    min_confidence: float = option(
        0.8, 'Matches with a lower confidence do not correct the transform', low=0.0, high=1.0
    )
    agreeing: int = option(
        5, 'Matches that must agree before the transform jumps to them', low=2, high=1000
    )
    distance: float = option(
        2.0,
        'Distance over which these must agree, in metres: from one position, wrong matches agree '
        'with each other too',
        low=0.1,
        high=1000.0,
    )
    max_distance: float = option(
        50.0,
        'Distance without a sure match after which the transform is no longer published, in metres',
        low=0.1,
        high=1e5,
    )
    blind_distance: float = option(
        0.0,
        'Distance over which the transform is still published while images show no place at all, '
        'as of a covered camera, in metres. A robot that is carried meanwhile is then published '
        'where it would have been',
        low=0.0,
        high=1e5,
    )
    odometry_position_std: float = option(
        0.05,
        'Standard deviation of the position of the odometry after one metre, in metres; it grows '
        'with the square root of the distance',
        low=0.0001,
        high=10.0,
    )
    odometry_heading_std: float = option(
        0.02, 'The same of the heading of the odometry, in radians', low=0.0001, high=3.0
    )


@dataclass
class LiveConfig:
    """Live teaching: `trainer_node` records live topics while the robot drives, then trains."""

    enabled: bool = option(
        False, 'Record live topics between ~/start and ~/finish instead of reading bags'
    )
    extend: bool = option(
        False,
        'Add each drive to the map that is there, as a stretch of its own, with the settings of '
        'that map; where there is none, make it',
        dynamic=True,
    )
    recording: str = option(
        '', "Folder for the recording, numbered if it exists; empty: the map's name with .recording"
    )
    load_into: str = option(
        '', 'Node that loads the map once it is written, for example vpr_node; empty: none'
    )
    reliability: str = option(
        'best_effort', 'Reliability of the subscriptions', choices=('best_effort', 'reliable')
    )
    max_rate: float = option(
        0.0,
        'Maximum images recorded per second; 0: all. Events are always recorded completely',
        low=0.0,
        high=1000.0,
    )
    sync: float = option(
        1.0, 'Interval between writes that survive a power failure, in seconds', low=0.1, high=60.0
    )
    buffer: float = option(
        256.0,
        'Memory for messages that wait for a slow disk, in MB; beyond it messages are dropped',
        low=1.0,
        high=65536.0,
    )
    min_free: float = option(
        200.0, 'Stop recording when no more than this is free on the disk, in MB', low=0.0, high=1e9
    )


@dataclass
class TrainerConfig:
    """Everything that makes a map."""

    bags: list[str] = option(
        [],
        'Bags (or folders of images) of the reference traverses; the first one defines the places, '
        'or each of them (places.bags)',
    )
    map: str = option('', 'Folder to write the map to', dynamic=True)
    overwrite: bool = option(False, 'Replace an existing map', dynamic=True)
    input: BagInputConfig = field(default_factory=BagInputConfig)
    encoding: EncodingConfig = field(default_factory=EncodingConfig)
    places: PlacesConfig = field(default_factory=PlacesConfig)
    poses: PosesConfig = field(default_factory=PosesConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    cameras: CamerasConfig = field(default_factory=CamerasConfig)
    live: LiveConfig = field(default_factory=LiveConfig)


@dataclass
class DiagnosticsConfig:
    """Thresholds of the diagnostics of `vpr_node`."""

    period: float = option(
        1.0, 'Time between diagnostics, in seconds', low=0.05, high=60.0, dynamic=True
    )
    silence: float = option(
        2.0,
        'The input is missing after this long without a message, in seconds',
        low=0.1,
        high=3600.0,
        dynamic=True,
    )
    min_rate: float = option(
        0.0,
        'Minimum input rate in messages per second; 0: not checked',
        low=0.0,
        high=1e5,
        dynamic=True,
    )
    max_bad: float = option(
        0.05,
        'Maximum fraction of unusable messages over the last seconds',
        low=0.0,
        high=1.0,
        dynamic=True,
    )
    max_dropped: float = option(
        0.05,
        'Maximum fraction of messages dropped for newer ones over the last seconds',
        low=0.0,
        high=1.0,
        dynamic=True,
    )
    max_lost: float = option(
        0.05,
        'Maximum fraction of messages lost before they reach the node, over the last seconds',
        low=0.0,
        high=1.0,
        dynamic=True,
    )
    frozen_after: float = option(
        5.0,
        'The camera may be frozen when its image has been the same for this long, in seconds; '
        '0: not checked. Not in simulated time, in which a robot that stands sees the same',
        low=0.0,
        high=3600.0,
        dynamic=True,
    )
    max_load: float = option(
        0.9,
        'Maximum load of the processing thread, as a fraction of time',
        low=0.01,
        high=1.0,
        dynamic=True,
    )
    lost_after: float = option(
        10.0,
        'The robot is lost when most frames have been unknown for this long, in seconds; 0: never',
        low=0.0,
        high=3600.0,
        dynamic=True,
    )
    raise_after: float = option(
        2.0,
        'A problem is reported once it has lasted this long, in seconds',
        low=0.0,
        high=600.0,
        dynamic=True,
    )
    clear_after: float = option(
        5.0,
        'A reported problem is cleared once it has been gone for this long, in seconds',
        low=0.0,
        high=600.0,
        dynamic=True,
    )


@dataclass
class LearningConfig:
    """Extending the map by what `vpr_node` sees, between ~/learn_start and ~/learn_stop."""

    enabled: bool = option(
        False,
        'Offer to extend the map while it is in use; places that were learnt before a crash are '
        'added to it when the node is activated',
        dynamic=True,
    )
    max_places: int = option(
        1000,
        'Maximum number of new places between ~/learn_start and ~/learn_stop, each of which takes '
        '12 KB of memory with the default encoder',
        low=3,
        high=100_000,
        dynamic=True,
    )


@dataclass
class NodeConfig:
    """Everything that `vpr_node` needs besides the map."""

    map: str = option(
        '',
        'Folder of the map; setting it while the node runs loads that map, or '
        'keeps the current one if it does not fit',
        dynamic=True,
    )
    reload: bool = option(
        True,
        'Load another revision of the map between two frames once it is in the folder, as after an '
        'edit; what cannot be used leaves the map in use',
        dynamic=True,
    )
    autostart: bool = option(
        True,
        'Configure and activate without a lifecycle manager, as soon as there is a map that fits',
    )
    input: LiveInputConfig = field(default_factory=LiveInputConfig)
    cameras: NodeCamerasConfig = field(default_factory=NodeCamerasConfig)
    backend: BackendConfig = field(default_factory=BackendConfig)
    match: MatchConfig = field(default_factory=MatchConfig)
    pose: PoseConfig = field(default_factory=PoseConfig)
    tf: TfConfig = field(default_factory=TfConfig)
    learning: LearningConfig = field(default_factory=LearningConfig)
    diagnostics: DiagnosticsConfig = field(default_factory=DiagnosticsConfig)

    @property
    def uses_odometry(self) -> bool:
        """Whether odometry is subscribed to."""
        return self.input.odometry or self.tf.publish


@dataclass
class EnergyConfig:
    """Energy per operation in pJ, for the tool `energy`; see docs/neuromorphic.md."""

    mac_fp32: float = option(
        4.6,
        'CPU, 45 nm: float32 multiplication 3.7 and addition 0.9 (Horowitz, ISSCC 2014)',
        low=0.0,
    )
    mac_int8: float = option(
        0.3,
        'CPU, 45 nm: 8-bit multiplication 0.2 and 32-bit addition 0.1 (Horowitz, ISSCC 2014)',
        low=0.0,
    )
    loihi_synop: float = option(
        23.6, 'Loihi: synaptic operation (Davies et al., IEEE Micro 2018)', low=0.0
    )
    loihi_neuron: float = option(
        81.0, 'Loihi: update of an active neuron (Davies et al., IEEE Micro 2018)', low=0.0
    )
    speck_synop: float = option(
        10.0, 'Speck: synaptic operation (SynSense, sinabs tutorial)', low=0.0
    )
