"""The status of all components of a vpr_node."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..config import DiagnosticsConfig
from . import components
from .cameras import CameraHealth, camera_findings, camera_values
from .clocks import ClockFindings, clock_values
from .component_monitor import ComponentMonitor
from .context import DiagnosticContext
from .statistics import Metrics
from .status import Finding, Status, Values
from .transform import TransformFindings, transform_values

# Of every node; `odometry`, `transform` and one for each of several cameras are more where these
# are used.
COMPONENTS = ('input', 'recognition', 'backend', 'map', 'clock')
_OPTIONAL = ('odometry', 'transform')


class HealthMonitor:
    """
    Evaluates the metrics of a node against the limits of its configuration.

    A problem is reported once it has lasted for `diagnostics.raise_after` and until it has been
    gone for `clear_after`; silence, being lost and clock problems have times of their own.
    """

    def __init__(self, now: float) -> None:
        """Start without problems, at a time of a clock that never goes back, in seconds."""
        self._components = {name: ComponentMonitor(name) for name in (*COMPONENTS, *_OPTIONAL)}
        self._clock_findings = ClockFindings(now)
        self._transform_findings = TransformFindings()

    def statuses(
        self,
        now: float,
        metrics: Metrics,
        context: DiagnosticContext,
        limits: DiagnosticsConfig,
        cameras: Sequence[CameraHealth] = (),
    ) -> list[Status]:
        """
        Return the status of each component of an active node, `input` first.

        :param cameras: several cameras, each of which is a component.
        """

        def status(
            component: str, findings: Iterable[Finding], ok_message: str, values: Values
        ) -> Status:
            monitor = self._components.setdefault(component, ComponentMonitor(component))
            return monitor.status(
                now, findings, ok_message, values, limits.raise_after, limits.clear_after
            )

        found = [
            status(
                'input',
                components.input_findings(metrics, context, limits),
                'receiving',
                components.input_values(metrics, context),
            ),
            status(
                'recognition',
                components.recognition_findings(metrics, context, limits),
                'recognising places',
                components.recognition_values(metrics, context),
            ),
            status(
                'backend',
                components.backend_findings(metrics, context, limits),
                'keeping up',
                components.backend_values(metrics, context),
            ),
            self.map_status(now, context, limits),
            status(
                'clock',
                self._clock_findings(now, context.sim_time, metrics, limits, context.stamps),
                'advancing',
                clock_values(metrics, context.sim_time),
            ),
        ]
        found += [
            status(
                f'camera {camera.name}',
                camera_findings(camera, limits),
                'receiving',
                camera_values(camera),
            )
            for camera in cameras
        ]
        if context.odometry_topic:
            found.append(
                status(
                    'odometry',
                    components.odometry_findings(metrics, context, limits),
                    'receiving',
                    components.odometry_values(metrics),
                )
            )
        if (state := context.transform) is not None:
            found.append(
                status(
                    'transform',
                    self._transform_findings(state, context.odometry_topic),
                    'publishing',
                    transform_values(state),
                )
            )
        return found

    def map_status(
        self, now: float, context: DiagnosticContext, limits: DiagnosticsConfig
    ) -> Status:
        """Return the status of the map, which an inactive node has too."""
        return self._components['map'].status(
            now,
            components.map_findings(context),
            'loaded',
            components.map_values(context),
            limits.raise_after,
            limits.clear_after,
        )
