"""One space with every kind of parameter, for the tests of the search."""

from harness.config import Parameter, Point, Space

RATE = Parameter("training.learning_rate", "float", 1e-5, 1e-2, log=True)
BETA = Parameter("training.betas.0", "float", 0.0, 0.95, step=0.1)  # whose steps end at 0.9
EMA = Parameter("training.ema", "float", 0.0, 0.9)
UPDATES = Parameter("training.discriminator_steps", "int", 1, 5)
BATCH = Parameter("training.batch_size", "int", 16, 256, log=True)
PENALTY = Parameter("penalties", "choice", choices={"r1": [{"name": "r1"}], "none": [], "dragan": ["dragan"]})
WEIGHT = Parameter("penalties.0.weight", "float", 0.01, 10.0, log=True, when={"penalties": ("r1", "dragan")})

SPACE = Space((RATE, BETA, EMA, UPDATES, BATCH, PENALTY, WEIGHT))
PLAIN = Space((RATE, BETA, EMA, UPDATES, BATCH))


def problem_with(point: Point, space: Space) -> str:
    """What is wrong with a point, empty where it is one of the space's."""
    for parameter in space.parameters:
        if not space.active(parameter, point):
            if parameter.key in point:
                return f"{parameter.key} is not active"
            continue
        value = point[parameter.key]
        if parameter.kind == "choice":
            if value not in parameter.choices:
                return f"{value} is no choice of {parameter.key}"
            continue
        assert not isinstance(value, str)
        if not parameter.low <= value <= parameter.high or isinstance(value, float) != (
            parameter.kind == "float"
        ):
            return f"{parameter.key} is {value!r}"
        steps = (value - parameter.low) / (parameter.step or 1)
        if parameter.step and abs(steps - round(steps)) > 1e-9:
            return f"{parameter.key} is {value!r}, between two steps"
    return "" if set(point) <= {parameter.key for parameter in space.parameters} else "other keys"
