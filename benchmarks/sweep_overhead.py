"""What a search costs beyond training and evaluation, and what a second worker brings.

    python benchmarks/sweep_overhead.py [--trials 24] [--steps 600]

Runs `harness sweep` twice on SQLite, in temporary folders, with one worker and with two, on the digits. The
sampler is random and nothing is pruned, so that all trials are alike. Overhead of a trial: the time between
the start of the first one and the end of the last, less the seconds of training and evaluation that the runs
themselves measured, over the number of trials. It holds everything: Optuna, forking, reading the data,
building networks, checkpoints, logs, MLflow.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import optuna

EXPERIMENT = """\
name: overhead
dataset: digits
network: {{name: mlp, latent: {{size: 32}}, generator_widths: [256, 256], discriminator_widths: [256, 256]}}
loss: non_saturating
penalties: [{{name: r1, weight: 0.5}}]
training: {{steps: {steps}, batch_size: 64}}
evaluation: {{metrics: [fid]}}
seeds: [0]
search_space:
  training.learning_rate: {{log_uniform: [1e-4, 1e-2]}}
  training.betas.0: {{uniform: [0.0, 0.9]}}
  penalties.0.weight: {{log_uniform: [0.01, 10]}}
  network.latent.size: {{log_int_uniform: [8, 128]}}
search: {{sampler: random, pruner: none, trials: {trials}, final_seeds: 1}}
"""


def search(trials: int, steps: int, jobs: int) -> tuple[float, float]:
    """Seconds from the first start to the last end, and the seconds of training and evaluation within."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "overhead.yaml").write_text(EXPERIMENT.format(trials=trials, steps=steps))
        command = [sys.executable, "-m", "harness", "sweep", "overhead.yaml", "--jobs", str(jobs)]
        # One thread a trial in both searches: what is compared are workers, not threads.
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        study = optuna.load_study(study_name="overhead", storage=f"sqlite:///{folder / 'optuna.db'}")
        begun = min(trial.datetime_start for trial in study.trials if trial.datetime_start)
        ended = max(trial.datetime_complete for trial in study.trials if trial.datetime_complete)
        results = folder.glob("runs/overhead/.sweeps/overhead/trial*/seed*/results.json")
        measured = [json.loads(file.read_text())["seconds"] for file in results]
        assert len(measured) == len(study.trials) == trials
        return (ended - begun).total_seconds(), sum(measured)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--steps", type=int, default=600)
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    wall = {}
    for jobs in (1, 2):
        wall[jobs], measured = search(arguments.trials, arguments.steps, jobs)
        overhead = (wall[jobs] * jobs - measured) / arguments.trials
        print(
            f"{jobs} worker{'s' if jobs > 1 else ''}: {arguments.trials} trials in {wall[jobs]:.1f} s; "
            f"training and evaluation {measured / arguments.trials:.2f} s a trial, "
            f"overhead {1000 * overhead:.0f} ms a trial"
        )
    print(f"two workers do {wall[1] / wall[2]:.2f} times the trials of one in the same time")


if __name__ == "__main__":
    main()
