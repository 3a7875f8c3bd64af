#!/bin/sh
# harness, on a GPU that no other container of this machine has.
#
# Docker gives all replicas of a service the same GPUs. Each takes the first one that is free: a lock on a file
# in the folder of runs, which they share; it is free again when its holder ends, in whatever way.
set -eu

gpus=$(nvidia-smi --query-gpu=uuid --format=csv,noheader) || {
    echo "error: nvidia-smi does not work in here (is NVIDIA's container toolkit set up?): $gpus" >&2
    exit 2
}
for gpu in $gpus; do
    exec 9> "${HARNESS_RUNS:-runs}/.$gpu.lock"
    if flock --nonblock 9; then
        export CUDA_VISIBLE_DEVICES="$gpu"
        exec harness "$@"
    fi
done
echo "error: every GPU of this machine has its worker: scale to as many as there are" >&2
exit 2
