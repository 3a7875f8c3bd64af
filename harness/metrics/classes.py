"""Classes as metrics see them: predicted from logits, and named in notes."""

from collections.abc import Sequence

from torch import Tensor

from harness.errors import MetricError
from harness.metrics import checks


def predicted_classes(metric: str, name: str, logits: Tensor | None) -> Tensor:
    """The class (n), int64, of the largest of the logits (n, k), n >= 2; MetricError where there are none."""
    if logits is None:
        raise MetricError(
            f"{metric}: the extractor gives no logits; remove {metric} from evaluation.metrics or use"
            " features: classifier"
        )
    return checks.matrix(metric, name, logits, at_least=2).argmax(1)


def named(classes: Sequence[int]) -> str:
    """`class 3`, `classes 3, 5`, and no more than ten of them."""
    shown = ", ".join(str(number) for number in classes[:10]) + (", ..." if len(classes) > 10 else "")
    return f"{'class' if len(classes) == 1 else 'classes'} {shown}"
