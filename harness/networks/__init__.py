"""Generator and discriminator pairs, and the table that names them."""

from collections.abc import Callable

from harness.networks.affine import affine
from harness.networks.conditional import Conditioning
from harness.networks.dcgan import dcgan
from harness.networks.maxout import maxout
from harness.networks.mlp import mlp
from harness.networks.pacgan import pacgan
from harness.networks.pair import Latent, Pair, Shape
from harness.networks.r3gan import r3gan
from harness.networks.resnet import resnet
from harness.registry import Registry

__all__ = ["NETWORKS", "Conditioning", "Latent", "Pair", "Shape"]

NETWORKS: Registry[Callable[..., Pair]] = Registry(
    "network",
    "harness.networks",
    mlp=mlp,
    maxout=maxout,
    dcgan=dcgan,
    resnet=resnet,
    r3gan=r3gan,
    pacgan=pacgan,
    affine=affine,
)
