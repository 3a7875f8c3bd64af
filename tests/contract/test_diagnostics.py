"""What every diagnostic in the table promises, whichever it is: it looks, and touches nothing."""

import copy
import json
from pathlib import Path

import pytest
import torch
from torch import nn

from harness.config import Training
from harness.data.toy import gaussian_1d
from harness.diagnostics import DIAGNOSTICS, Diagnostic, Moment, landscape
from harness.losses import LOSSES
from harness.networks import NETWORKS, Latent
from harness.nonfinite import writable
from harness.options import describe, keyword_arguments
from harness.seeding import reseed

QUICK = {"figure1": {"discriminator_steps": 3, "generator_steps": 2, "batch_size": 16}}
"""Options under which a diagnostic that trains something does not take long."""

every_diagnostic = pytest.mark.parametrize("name", list(DIAGNOSTICS))


@pytest.fixture(autouse=True)
def fewer_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landscape, "SAMPLES", 2000)


@pytest.fixture(params=["non_saturating", "wasserstein"])
def moment(request: pytest.FixtureRequest) -> Moment:
    """Networks with batch statistics, in the middle of a training step: gradients are there, one layer of D
    is frozen."""
    dataset = gaussian_1d(Path(), num_train=100)
    with torch.random.fork_rng():
        reseed(0, "init")
        pair = NETWORKS["mlp"](
            dataset.shape,
            latent=Latent(size=1),
            output="linear",
            generator_widths=(8, 8),
            discriminator_widths=(8, 8),
            generator_normalization="batch",
            discriminator_normalization="batch",
        )
    next(pair.discriminator.parameters()).requires_grad_(False)
    for parameter in (*pair.generator.parameters(), *pair.discriminator.parameters()):
        parameter.grad = torch.ones_like(parameter)
    return Moment(
        step=7,
        generator=pair.generator.train(),
        discriminator=pair.discriminator.eval(),
        latent=pair.latent,
        loss=LOSSES[request.param](),
        penalties=(),
        training=Training(steps=10),
        dataset=dataset,
        seed=3,
        device=torch.device("cpu"),
    )


def built(name: str, moment: Moment) -> Diagnostic:
    entry = DIAGNOSTICS[name]
    diagnostic = entry(**keyword_arguments(entry, QUICK.get(name, {})))
    try:
        diagnostic.check(moment.dataset, moment.loss)
    except Exception as error:
        pytest.skip(str(error))
    return diagnostic


def everything(network: nn.Module) -> dict[str, object]:
    """All that a network holds, as plain data."""
    state: dict[str, object] = {key: tensor.tolist() for key, tensor in network.state_dict().items()}
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None
        state[f"{key}.grad"] = (parameter.grad.tolist(), parameter.requires_grad)
    return state | {f"{key}.mode": module.training for key, module in network.named_modules()}


@every_diagnostic
def test_describes_itself_and_its_values(name: str) -> None:
    assert describe(DIAGNOSTICS[name]).endswith(".")
    assert len(describe(DIAGNOSTICS[name])) <= 110
    titles = DIAGNOSTICS[name]().titles
    assert titles
    assert all(titles.values())


def test_no_two_diagnostics_share_a_key() -> None:
    keys = [key for name in DIAGNOSTICS for key in DIAGNOSTICS[name]().titles]
    assert len(set(keys)) == len(keys)


@every_diagnostic
def test_gives_named_numbers_and_a_record_that_json_holds(name: str, moment: Moment) -> None:
    diagnostic = built(name, moment)
    found = diagnostic.observe(moment)
    assert found.values
    assert set(found.values) <= set(diagnostic.titles)
    assert all(type(value) is float for value in found.values.values())
    text = json.dumps(writable(found.record), allow_nan=False)
    assert json.loads(text) == writable(found.record)


@every_diagnostic
def test_leaves_networks_gradients_modes_and_global_randomness_alone(name: str, moment: Moment) -> None:
    diagnostic = built(name, moment)
    before = [copy.deepcopy(everything(network)) for network in (moment.generator, moment.discriminator)]
    randomness = torch.get_rng_state()
    diagnostic.observe(moment)
    assert torch.equal(torch.get_rng_state(), randomness)
    assert [everything(network) for network in (moment.generator, moment.discriminator)] == before


@every_diagnostic
def test_is_a_function_of_the_moment(name: str, moment: Moment) -> None:
    diagnostic = built(name, moment)
    first = diagnostic.observe(moment)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(1234)
        assert diagnostic.observe(moment) == first
