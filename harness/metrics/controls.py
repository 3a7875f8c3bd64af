"""What a Parzen-window score should be read beside: centres that no generator made.

Real train images are the one control, and the floor that every evaluation prints. Centroids of k-means are
the other: averages of a few images each, which nobody would call samples, and which beat real images (Theis
et al. 2016, table 1). They take minutes, so they are for a benchmark.
"""

import torch
from torch import Tensor


def kmeans_centres(points: Tensor, count: int, *, seed: int = 0, rounds: int = 10) -> Tensor:
    """Centroids (count, d), float64, of points (n, d), n >= count, after `rounds` of Lloyd's algorithm.

    It starts at `count` of the points, drawn by the seed.
    """
    from sklearn.cluster import KMeans

    found = KMeans(count, init="random", n_init=1, max_iter=rounds, tol=0, random_state=seed)
    # Distances in single precision are plenty to say which centroid is nearest, and twice as fast.
    return torch.from_numpy(found.fit(points.float().numpy()).cluster_centers_).double()
