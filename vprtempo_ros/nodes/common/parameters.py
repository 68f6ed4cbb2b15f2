"""The configuration as ROS parameters: declared with descriptions and ranges, and checked."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import ParameterException
from rclpy.node import Node
from rclpy.parameter import Parameter

from ...errors import ConfigError
from ...options import C, Option, Value, check_value, from_flat, options, to_flat
from ...renamed import explain

# Bounds of ranges that are open on one side.
_INT_MAX = 2**31 - 1
_FLOAT_MAX = 1e308


def declare(node: Node, cls: type) -> None:
    """
    Declare all options of a configuration class as parameters of the node.

    :raises ConfigError: if a value from the command line or a file is not allowed.
    """
    for item in options(cls):
        try:
            node.declare_parameter(item.name, item.default, _descriptor(item))
        except (ParameterException, TypeError) as error:
            # rclpy's message shows neither type nor range in a useful form, and hides the value:
            # declare it without restrictions to read it, and let our check explain the error.
            unrestricted = ParameterDescriptor(dynamic_typing=True)
            option_value(item, node.declare_parameter(item.name, item.default, unrestricted).value)
            raise ConfigError(f'{item.name}: {" ".join(str(error).split())}') from None
    # rclpy silently ignores values of undeclared parameters, such as misspelt names.
    for name in getattr(node, '_parameter_overrides', {}):
        if renamed := explain(name):
            raise ConfigError(renamed)
        if not node.has_parameter(name):
            node.get_logger().warning(f'{name}: no such parameter; ignored')


def read(node: Node, cls: type[C]) -> C:
    """
    Return the present values of the parameters as a configuration.

    :raises ConfigError: if a value is not allowed.
    """
    return from_flat(
        cls,
        {
            item.name: option_value(item, node.get_parameter(item.name).value)
            for item in options(cls)
        },
    )


def option_value(item: Option, value: object) -> Value:
    """
    Return the value of a parameter as the configuration has it.

    :raises ConfigError: if it is not allowed, with a hint if YAML has turned text into a number.
    """
    if item.type is list:
        # A string is a list of one, an empty string an empty list; ROS has its own array types.
        if isinstance(value, str):
            value = [value] if value else []
        elif isinstance(value, (tuple, array)) or value is None:
            value = list(value or [])
    try:
        return check_value(item, value)
    except ConfigError as error:
        if item.type in (str, list) and isinstance(value, (bool, int, float)):
            raise ConfigError(
                f'{error}: YAML does not read this as text; quote it twice, as '
                f'"\'{value}\'", or write a folder as ./{value}'
            ) from None
        raise


def validate(
    config: C, parameters: Sequence[Parameter], fixed: Callable[[Option], str]
) -> tuple[SetParametersResult, dict[str, Value]]:
    """
    Check new values of parameters; return the result and the values by option, none if refused.

    :param config: the present values, which may be set again at any time.
    :param fixed: returns why an option must not change now; empty: it may.
    """
    known = {item.name: item for item in options(type(config))}
    present = to_flat(config)
    values: dict[str, Value] = {}
    for parameter in parameters:
        item = known.get(parameter.name)
        if item is None:
            continue
        try:
            value = option_value(item, parameter.value)
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=str(error)), {}
        if value != present[item.name] and (reason := fixed(item)):
            return SetParametersResult(successful=False, reason=f'{item.name}: {reason}'), {}
        values[item.name] = value
    return SetParametersResult(successful=True), values


def changed(config: C, values: Mapping[str, object]) -> C:
    """
    Return a copy of a configuration with new values by dotted names.

    :raises ConfigError: for an unknown name or a value that is not allowed.
    """
    return from_flat(type(config), {**to_flat(config), **values})


def _descriptor(item: Option) -> ParameterDescriptor:
    low, high = item.rule.low, item.rule.high
    descriptor = ParameterDescriptor(
        description=item.rule.doc,
        additional_constraints=(
            'one of: ' + ', '.join(item.rule.choices) if item.rule.choices else ''
        ),
    )
    bounded = low is not None or high is not None
    if item.type is int and bounded:
        descriptor.integer_range = [
            IntegerRange(
                from_value=int(low if low is not None else -_INT_MAX),
                to_value=int(high if high is not None else _INT_MAX),
                step=2 if item.rule.odd else 1,
            )
        ]
    if item.type is float:
        # Accepts `spacing: 2` for 2.0; `option_value` checks the type.
        descriptor.dynamic_typing = True
        if bounded:
            descriptor.floating_point_range = [
                FloatingPointRange(
                    from_value=float(low if low is not None else -_FLOAT_MAX),
                    to_value=float(high if high is not None else _FLOAT_MAX),
                )
            ]
    if item.type is list:
        descriptor.dynamic_typing = True
    return descriptor
