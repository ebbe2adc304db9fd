"""A detector description: its files, followed along their includes, and the lengths (cm) in them."""

import ast
import operator
import os
import xml.etree.ElementTree as xml

from files import Wrong

UNITS = {"cm": 1.0, "mm": 0.1, "m": 100.0, "um": 1e-4, "rad": 1.0, "mrad": 1e-3, "deg": 0.017453292519943295}
OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}

# What is written down of a description: name, element, attribute. An element that is not there is left out.
OF_INTEREST = {
    "mirror_radius": (".//detector/mirror", "radius"),
    "mirror_centerx": (".//detector/mirror", "centerx"),
    "sensor_radius": (".//detector/sensors/sphere", "radius"),
    "sensor_centerx": (".//detector/sensors/sphere", "centerx"),
    "sensor_centerz": (".//detector/sensors/sphere", "centerz"),
}
CONSTANTS = (
    ["DRICH_snout_length"]
    + [f"B0TrackerLayer{k}_zstart" for k in range(1, 5)]
    + [f"EcalBarrel_enable_staves_{k}" for k in range(2, 7)]
)


def read(top):
    """Numbers by name in the description whose first file is `top`; lengths in cm."""
    constants, found = {}, {}
    for root in files(top):
        for constant in root.iter("constant"):
            constants[constant.get("name")] = constant.get("value")
        for name, (path, attribute) in OF_INTEREST.items():
            element = root.find(path)
            if element is not None:
                if element.get(attribute) is None:
                    raise Wrong(f"{path} has no attribute {attribute}")
                found[name] = element.get(attribute)
    found.update({name: constants[name] for name in CONSTANTS if name in constants})
    if not found:
        raise Wrong(f"{top}: nothing in it that the stand-ins know")
    return {name: number(text, constants) for name, text in found.items()}


def files(path):
    """Roots of a file and of all that it includes, in their order."""
    full = expanded(path)
    try:
        root = xml.parse(full).getroot()
    except (OSError, xml.ParseError) as error:
        raise Wrong(f"{full}: {error}") from None
    yield root
    for include in root.iter("include"):
        ref = expanded(include.get("ref"))
        yield from files(os.path.join(os.path.dirname(full), ref))


def expanded(path):
    """With the value of DETECTOR_PATH in its place."""
    if "${DETECTOR_PATH}" in path and "DETECTOR_PATH" not in os.environ:
        raise Wrong(f"{path}: DETECTOR_PATH is not set")
    return path.replace("${DETECTOR_PATH}", os.environ.get("DETECTOR_PATH", ""))


def number(text, constants, within=()):
    """The value of an expression with units and constants."""

    def value(node):
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            return float(node.value)
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            return OPERATORS[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.Name) and node.id in UNITS:
            return UNITS[node.id]
        if isinstance(node, ast.Name) and node.id in constants and node.id not in within:
            return number(constants[node.id], constants, (*within, node.id))
        raise Wrong(f"{text!r}: neither number, unit nor constant: {ast.unparse(node)}")

    try:
        return value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise Wrong(f"{text!r}: {error}") from None
