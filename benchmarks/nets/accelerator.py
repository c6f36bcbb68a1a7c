"""What a card does with WRN-16-4: training in images/s, a share of its peak, a profile's seconds.

    python benchmarks/nets/accelerator.py [--device cuda] [--peak 989] [--images 12800]

Images are noise: only time counts here.  The arithmetic of one step is counted by torch's own flop
counter (a product and a sum are two), the seconds are those of whole epochs by the wall, a short
training taken off, so that start-up and compilation do not count.  --peak: the card's dense bf16
peak in TFLOP/s, from its data sheet.  The profile is loss, trace and λ_max at 5 points of the line
between two random networks, 512 images.
"""

import argparse
from dataclasses import replace
from time import perf_counter

import torch
from torch.utils.flop_counter import FlopCounterMode

from entropic.nets import (
    CurvatureSettings,
    Polyline,
    Problem,
    Recipe,
    initial_parameters,
    path_curvature,
    train,
)
from entropic.nets.arithmetic import Arithmetic
from entropic.nets.losses import cross_entropy
from entropic.nets.residual import resnet, wide_resnet


def problem(name: str, images: int, device: str) -> Problem:
    """The network on noise."""
    build = {"wrn16-4": wide_resnet, "resnet20": resnet}[name]
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(images, 3, 32, 32, generator=generator)
    targets = torch.randint(10, (images,), generator=generator)
    return Problem(
        build(seed=0), cross_entropy, inputs, targets, 5e-4, fresh=lambda seed: build(seed=seed)
    ).to(device)


def operations(asked: Problem, batch: int) -> float:
    """Floating-point operations of one gradient."""
    theta = initial_parameters(asked, 0).requires_grad_()
    with FlopCounterMode(display=False) as counter:
        loss = asked.objective(theta, asked.inputs[:batch], asked.targets[:batch])
        torch.autograd.grad(loss, theta)
    return float(counter.get_total_flops())


def seconds(asked: Problem, batch: int, epochs: int, how: Arithmetic) -> float:
    """Of a whole training, by the wall."""
    begun = perf_counter()
    train(asked, Recipe(batch=batch, epochs=epochs), [0], together=False, arithmetic=how)
    if asked.device.type == "cuda":
        torch.cuda.synchronize()
    return perf_counter() - begun


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--network", default="wrn16-4", choices=("wrn16-4", "resnet20"))
    parser.add_argument("--peak", type=float, default=0.0)
    parser.add_argument("--images", type=int, default=12800)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--profile-images", type=int, default=512)
    asked = parser.parse_args()
    noise = problem(asked.network, asked.images, asked.device)
    steps = -(-asked.images // asked.batch)
    work = operations(noise, asked.batch) * steps / 1e12
    print(f"{asked.network} on {asked.device}, torch {torch.__version__}, batch {asked.batch}")
    for how in (Arithmetic(), Arithmetic(channels_last=True), Arithmetic("bf16", True)):
        once = seconds(noise, asked.batch, 1, how)
        epoch = (seconds(noise, asked.batch, 1 + asked.epochs, how) - once) / asked.epochs
        share = f", {work / epoch / asked.peak:.1%} of the peak" if asked.peak else ""
        told = f"{how.precision}{', channels last' if how.channels_last else ''}"
        print(f"{told}: {asked.images / epoch:.0f} images/s, {work / epoch:.2f} TFLOP/s{share}")
    few = asked.profile_images
    small = replace(noise, inputs=noise.inputs[:few], targets=noise.targets[:few])
    line = Polyline(torch.stack([initial_parameters(small, seed) for seed in (0, 1)]))
    places = [line.length * i / 4 for i in range(5)]
    begun = perf_counter()
    path_curvature(small, line, places, CurvatureSettings(("loss", "trace", "lambda_max")))
    print(f"profile of 5 points, {few} images: {perf_counter() - begun:.1f} s")


if __name__ == "__main__":
    main()
