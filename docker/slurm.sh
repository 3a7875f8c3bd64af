#!/bin/bash
# Workers on a Slurm cluster, one for each task of an array: sbatch docker/slurm.sh
#
# They take what a search has put into the queue (harness sweep --jobs 1 ...), and end when nothing is left. One that
# is preempted saves its trial and gives it back; one whose node dies is noticed by the others.
#SBATCH --job-name=harness
#SBATCH --array=1-8
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=4
#SBATCH --mem=16G
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --signal=TERM@120

set -euo pipefail
# The queue and MLflow, with their passwords; readable by you alone. See "a second machine" in README.md:
#   export OPTUNA_STORAGE=postgresql://harness@first.lab.example/studies PGPASSWORD=...
#   export MLFLOW_TRACKING_URI=http://first.lab.example:5000 MLFLOW_TRACKING_USERNAME=admin MLFLOW_TRACKING_PASSWORD=...
source "$HOME/.config/harness.env"

# Runs on a file system that all nodes share: a trial goes on at another node's checkpoint.
cd "$SLURM_SUBMIT_DIR"
exec srun .venv/bin/harness worker --study baseline --wait 600 \
    --runs runs --data data --device cuda --threads "$SLURM_CPUS_PER_TASK"
