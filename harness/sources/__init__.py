"""Sources of images: whatever a person names becomes something that can be read in chunks.

source       what a source is
opening      from a name, a path or an object to a source
folder       image files: scan looks at them, ahead decodes them in threads
array_files  .npy, .npz, .safetensors: layout says what their axes are, stored and numpy_files stream them
memory       tensors, and the splits of data sets
callables    functions of the user's own
trained      runs and checkpoints, with generator, which draws
"""

from harness.sources.callables import callable_source
from harness.sources.folder import folder_source
from harness.sources.generator import Sampler
from harness.sources.memory import dataset_source, tensor_source
from harness.sources.opening import Images, Opening, open_source, run_behind
from harness.sources.source import Chunk, Source

__all__ = [
    "Chunk",
    "Images",
    "Opening",
    "Sampler",
    "Source",
    "callable_source",
    "dataset_source",
    "draw",
    "folder_source",
    "open_source",
    "run_behind",
    "tensor_source",
]
