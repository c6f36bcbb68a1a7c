#!/usr/bin/env bash
# Every figure and number of docs/landscape.md, on the CPU of a small machine in about half an hour:
#     bash docs/landscape.sh RUNS DATA       a new folder; the folder with CIFAR-10's binary archive
set -euo pipefail
runs=$1 data=$2
home=$(cd "$(dirname "$0")" && pwd)
figures=$home/figures results=$home/results
mkdir -p "$runs" && cd "$runs"

# digits: small decay, so that the ends fit their wrong labels
digits=(--set width=32 --set decay=1e-4 --batch 16 --rate 0.1 --gradient-norm none)
entropic net train digits-mlp "${digits[@]}" --seeds 0,1 --out digits
entropic net path digits --method autoneb --out digits-path --plot "$figures/digits_path.png" >/dev/null
entropic net curvature digits-path --plot "$figures/digits_curvature.png" \
    --format csv >"$results/digits-curvature.csv"
entropic net noise digits-path --plot "$figures/digits_noise.png" \
    --format csv >"$results/digits-noise.csv"
entropic net branch digits-mlp "${digits[@]}" --at 0,10,20,30,40,50,60,80,100 --seeds 0,1,2,3,4 \
    --mean --out branching --plot "$figures/digits_branching.png" --format csv \
    >"$results/digits-branching.csv"

# CIFAR-10: a narrow ResNet-20 with batch normalisation, 1000 images
entropic net train cifar10-resnet20-small --data "$data" --seeds 0,1 --out cifar
entropic net path cifar --method autoneb --out cifar-path \
    --plot "$figures/cifar_path.png" >/dev/null
entropic net curvature cifar-path --quantities loss,metric,trace,lambda_max,scores \
    --plot "$figures/cifar_curvature.png" --format csv >"$results/cifar-curvature.csv"

# auctions
python "$home/../examples/rochetnet_path.py" "$figures/rochetnet_path.png"
