"""What a number depends on: protocols with a name, and the fingerprint of everything behind a value."""

from harness.protocol.fingerprint import VERSION, Protocol, RealImages, differences, protocol_of, refuse_mixed
from harness.protocol.named import PROTOCOLS

__all__ = ["PROTOCOLS", "VERSION", "Protocol", "RealImages", "differences", "protocol_of", "refuse_mixed"]
