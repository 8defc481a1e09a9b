"""The service's own model of the `iot` API, as botocore ships it: example documents, rules, and what they mean.

A document here is one flat JSON object with all members of an operation's input or output, wherever HTTP puts them,
under their API names; timestamps are seconds since the epoch.
"""

import datetime
import re

import botocore.session
import botocore.validate

SERVICE = botocore.session.get_session().get_service_model("iot")

# Java's classes in the model's patterns, in the range that examples use. Whether the service's \p{Graph} holds letters
# beyond ASCII is not known; nothing is concluded from it here.
CLASSES = {
    r"\p{Graph}": r"\x21-\x7e\u00c0-\u024f",
    r"\p{Cntrl}": r"\x00-\x1f\x7f",
    r"\p{C}": r"\x00-\x1f\x7f",
    r"\p{L}": "A-Za-z\u00c0-\u024f",
    r"\p{N}": "0-9",
    r"\p{Z}": r"\x20",
    r"\p{Upper}": "A-Z",
    r"\p{Digit}": "0-9",
}

# Where the model has no pattern, or a loose one, the name of a member or shape says what belongs there.
BY_NAME = [
    (r"^(AlarmTargetArn|AlertTargetArn|SnsTopicArn|TargetArn|topicArn)$", "arn:aws:sns:us-east-1:123456789012:alerts"),
    (r"(?i)rolearn", "arn:aws:iam::123456789012:role/defender"),
    (r"(?i)roleAliasArn", "arn:aws:iot:us-east-1:123456789012:rolealias/alias"),
    (r"(?i)certificateArn", "arn:aws:iot:us-east-1:123456789012:cert/" + "a1" * 32),
    (r"(?i)thingGroupArn|SecurityProfileTargetArn", "arn:aws:iot:us-east-1:123456789012:thinggroup/meters"),
    (r"(?i)arn$", "arn:aws:iot:us-east-1:123456789012:thing/meter-1"),
    (r"(?i)cidr", "10.0.0.0/8"),
    (r"(?i)Statistic$|EvaluationStatistic", "p90"),
    (r"BehaviorMetric|^metric$", "aws:num-messages-sent"),
    (r"MetricName", "battery"),
    (r"(?i)policyDocument", '{"Version":"2012-10-17","Statement":[]}'),
    (r"(?i)comparison", "less-than-equals"),
    (r"(?i)reasonCode$", "ROTATION"),
]

CANDIDATES = [
    "name-1",
    "a1" * 32,
    "123456789012",
    "1",
    "LAST",
    "ROTATION",
    "arn:aws:iot:us-east-1:123456789012:thing/meter-1",
    "a",
    "arn:aws:iam::123456789012:role/defender",
]

WHEN = 1_700_000_000


def operation(name):
    return SERVICE.operation_model(name)


def shape_of(name, direction):
    model = operation(name)
    return model.input_shape if direction == "in" else model.output_shape


def pattern_of(shape):
    """The shape's pattern as Python reads it, matching whole values."""
    pattern = shape.metadata.get("pattern")
    if pattern is None:
        return None
    for java, python in CLASSES.items():
        inside = re.sub(r"\[((?:[^\]\\]|\\.)*)\]", lambda m: "[" + m[1].replace(java, python) + "]", pattern)
        pattern = inside.replace(java, f"[{python}]")
    return re.compile(pattern)


# --- examples -------------------------------------------------------------------------------------------------------


def text(shape, member):
    if shape.enum:
        return shape.enum[0]
    named = [value for pattern, value in BY_NAME if re.search(pattern, member) or re.search(pattern, shape.name)]
    for value in named + CANDIDATES:
        if not problems(shape, value):
            return value
    raise ValueError(f"no example for {shape.name}: {shape.metadata}")


def example(shape, member="", full=True, depth=0):
    """A value of the shape: with every member, or with the required ones only."""
    kind = shape.type_name
    if kind == "structure":
        names = [n for n in shape.members if full or n in shape.required_members]
        return {n: example(shape.members[n], n, full, depth + 1) for n in names}
    if kind == "list":
        low = max(1, shape.metadata.get("min", 1))
        return [example(shape.member, member, full, depth + 1) for _ in range(low)]
    if kind == "map":
        return {text(shape.key, member): example(shape.value, member, full, depth + 1)}
    if kind == "string":
        return text(shape, member)
    if kind == "boolean":
        return True
    if kind == "timestamp":
        return WHEN
    low, high = shape.metadata.get("min", 1), shape.metadata.get("max")
    if kind in ("double", "float"):
        return low + 0.5 if high is None or low + 0.5 <= high else float(high)
    return max(1, int(low))


# --- rules ----------------------------------------------------------------------------------------------------------


def problems(shape, value, path=""):
    """Every way in which a document breaks the model: names, types, required members, ranges, enums, patterns."""
    kind, found = shape.type_name, []

    def bad(what):
        found.append(f"{path or '/'}: {what}")

    if kind == "structure":
        if not isinstance(value, dict):
            return [f"{path or '/'}: {type(value).__name__} instead of an object"]
        found += [f"{path}/{n}: required" for n in shape.required_members if n not in value]
        for n, inner in value.items():
            if n in shape.members:
                found += problems(shape.members[n], inner, f"{path}/{n}")
            else:
                found.append(f"{path}/{n}: not in the model")
        return found
    if kind == "list":
        if not isinstance(value, list):
            return [f"{path or '/'}: {type(value).__name__} instead of a list"]
        for i, inner in enumerate(value):
            found += problems(shape.member, inner, f"{path}/{i}")
        size = len(value)
    elif kind == "map":
        if not isinstance(value, dict):
            return [f"{path or '/'}: {type(value).__name__} instead of a map"]
        for key, inner in value.items():
            found += problems(shape.key, key, f"{path}/{key}") + problems(shape.value, inner, f"{path}/{key}")
        size = len(value)
    elif kind == "string":
        if not isinstance(value, str):
            return [f"{path or '/'}: {type(value).__name__} instead of a string"]
        if shape.enum and value not in shape.enum:
            bad(f"`{value}` is none of {', '.join(shape.enum)}")
        pattern = pattern_of(shape)
        if pattern and not pattern.fullmatch(value):
            bad(f"`{value}` does not match {shape.metadata['pattern']}")
        size = len(value)
    elif kind == "boolean":
        if not isinstance(value, bool):
            bad(f"{type(value).__name__} instead of a boolean")
        return found
    elif kind == "timestamp":
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            bad(f"{type(value).__name__} instead of seconds since the epoch")
        return found
    else:
        whole = kind in ("integer", "long")
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            return [f"{path or '/'}: {type(value).__name__} instead of {'an integer' if whole else 'a number'}"]
        size = value
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low or high is not None and size > high:
        bad(f"{size} lies outside {low if low is not None else ''}..{high if high is not None else ''}")
    return found


def botocore_refuses(shape, value):
    """The client's own check, which runs before anything is sent. It knows required members, types and minima."""
    report = botocore.validate.ParamValidator().validate(value, shape)
    return report.generate_report() if report.has_errors() else None


def refused(shape, value):
    """Whether a request is refused, by the client before it is sent or by the service for its model (G-05)."""
    return bool(problems(shape, value) or botocore_refuses(shape, value))


# --- meaning --------------------------------------------------------------------------------------------------------


def as_python(shape, value):
    """What botocore's parser makes of an output document: timestamps become instants, the rest stays."""
    kind = shape.type_name
    if kind == "structure":
        return {n: as_python(shape.members[n], inner) for n, inner in value.items()}
    if kind == "list":
        return [as_python(shape.member, inner) for inner in value]
    if kind == "map":
        return {key: as_python(shape.value, inner) for key, inner in value.items()}
    if kind == "timestamp":
        return datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    return value


# --- damage ---------------------------------------------------------------------------------------------------------


class Mutant:
    """One thing wrong with a document: the value at a JSON pointer is another, or gone."""

    GONE = object()

    def __init__(self, what, steps, value=GONE):
        self.what, self.steps, self.value = what, steps, value

    @property
    def pointer(self):
        return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in self.steps)

    def apply(self, document):
        return self._apply(document, self.steps)

    def _apply(self, value, steps):
        if not steps:
            return self.value
        step, rest = steps[0], steps[1:]
        if not rest and self.value is Mutant.GONE:
            return {k: v for k, v in value.items() if k != step}
        if isinstance(value, list):
            return [self._apply(v, rest) if i == step else v for i, v in enumerate(value)]
        return {k: self._apply(v, rest) if k == step else v for k, v in value.items()}


def mutants(shape, value, steps=()):
    """Everything that can go wrong in a right document, one thing at a time, as far as the model tells."""
    kind, low, high = shape.type_name, shape.metadata.get("min"), shape.metadata.get("max")

    def mutant(what, value=Mutant.GONE, at=steps):
        return Mutant(what, at, value)

    if kind == "structure":
        for n in shape.required_members:
            if n in value and not shape.members[n].metadata.get("idempotencyToken"):
                yield mutant("missing", at=(*steps, n))
        for n, inner in value.items():
            yield from mutants(shape.members[n], inner, (*steps, n))
    elif kind == "list":
        for i, inner in enumerate(value):
            yield from mutants(shape.member, inner, (*steps, i))
        if low:
            yield mutant("too few", value[: low - 1])
        if high is not None:
            yield mutant("too many", value * (high // max(1, len(value)) + 1))
    elif kind == "map":
        for key, inner in value.items():
            yield from mutants(shape.value, inner, (*steps, key))
            if shape.key.enum:
                yield mutant("unknown key", {"NO_SUCH_KEY": inner})
    elif kind == "string":
        if shape.enum:
            yield mutant("not in the enum", "NO_SUCH_VALUE")
        if low:
            yield mutant("too short", value[: low - 1])
        if high is not None and high < 5000:
            yield mutant("too long", (value or "a") * (high // max(1, len(value)) + 1))
        for odd in () if shape.enum else ("", "a b", "ä/ö", "x\ny"):
            yield mutant(f"spelled {odd!r}", odd)
    elif kind in ("integer", "long", "double", "float"):
        yield mutant("another type", "1")
        if kind in ("integer", "long"):
            yield mutant("a fraction", 1.5)
        if low is not None:
            yield mutant("too small", low - 1)
        if high is not None:
            yield mutant("too large", high + 1)
        return
    yield mutant("another type", [value] if kind in ("structure", "map") else {"x": 1})
