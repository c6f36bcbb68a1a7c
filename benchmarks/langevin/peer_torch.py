"""torch: eager tensors on a batch, and torchsde's Euler, told or not told the step beforehand."""

from toy import KICK, STEP, TEMPERATURE, Code, force


def _eager(name):
    import torch

    torch.set_num_threads(1)
    dtype = getattr(torch, name)

    @torch.inference_mode()
    def run(trajectories, steps, seed):
        rng = torch.Generator().manual_seed(seed)
        x, y = torch.zeros(trajectories, dtype=dtype), torch.zeros(trajectories, dtype=dtype)
        noise = torch.empty(2, trajectories, dtype=dtype)
        for _ in range(steps):
            noise.normal_(0.0, KICK, generator=rng)
            fx, fy = force(x, y)
            x += STEP * fx
            x += noise[0]
            y += STEP * fy
            y += noise[1]
        return x.numpy(), y.numpy()

    return run


def _torchsde(told):
    import torch
    import torchsde

    torch.set_num_threads(1)

    class Toy(torch.nn.Module):
        noise_type, sde_type = "diagonal", "ito"

        def f(self, t, state):
            return torch.stack(force(state[:, 0], state[:, 1]), dim=1)

        def g(self, t, state):
            return torch.full_like(state, (2 * TEMPERATURE) ** 0.5)

    @torch.no_grad()
    def run(trajectories, steps, seed):
        times = torch.tensor([0.0, steps * STEP])
        start = torch.zeros(trajectories, 2)
        hint = {"dt": STEP} if told else {}
        brownian = torchsde.BrownianInterval(
            0.0, float(times[1]), size=start.shape, entropy=seed, **hint
        )
        ends = torchsde.sdeint(Toy(), start, times, bm=brownian, method="euler", dt=STEP)[-1]
        return ends[:, 0].numpy(), ends[:, 1].numpy()

    return run


CODES = (
    Code("torch, eager, f32", lambda: _eager("float32"), 16384),
    Code("torch, eager, f64", lambda: _eager("float64"), 8192),
    Code("torchsde, Euler, f32", lambda: _torchsde(told=False), 8192),
    Code("torchsde, Euler, interval told dt, f32", lambda: _torchsde(told=True), 8192),
)
