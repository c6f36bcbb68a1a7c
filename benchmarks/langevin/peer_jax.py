"""JAX: a scan over steps of the whole batch, and diffrax's Euler with its two Brownian paths."""

import numpy as np
from toy import KICK, STEP, TEMPERATURE, Code, force


def _jax(double):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", double)
    return jax, jnp, jnp.float64 if double else jnp.float32


def _scan(double):
    jax, jnp, dtype = _jax(double)
    from functools import partial

    @partial(jax.jit, static_argnums=(0, 1))
    def integrate(trajectories, steps, key):
        def advance(state, key):
            x, y = state
            noise = jax.random.normal(key, (2, trajectories), dtype)
            fx, fy = force(x, y)
            return (x + STEP * fx + KICK * noise[0], y + STEP * fy + KICK * noise[1]), None

        start = jnp.zeros(trajectories, dtype), jnp.zeros(trajectories, dtype)
        return jax.lax.scan(advance, start, jax.random.split(key, steps))[0]

    def run(trajectories, steps, seed):
        return tuple(map(np.asarray, integrate(trajectories, steps, jax.random.key(seed))))

    return run


def _diffrax(path):
    jax, jnp, dtype = _jax(double=False)
    from functools import partial

    import diffrax
    import lineax

    def drift(t, state, args):
        return jnp.stack(force(state[0], state[1]))

    def diffusion(t, state, args):
        return lineax.DiagonalLinearOperator(jnp.full(2, (2 * TEMPERATURE) ** 0.5, dtype))

    def one(steps, key):
        shape = jax.ShapeDtypeStruct((2,), dtype)
        end = steps * STEP
        if path == "unsafe":
            brownian = diffrax.UnsafeBrownianPath(shape=shape, key=key)
        else:
            brownian = diffrax.VirtualBrownianTree(0.0, end, tol=STEP / 2, shape=shape, key=key)
        terms = diffrax.MultiTerm(diffrax.ODETerm(drift), diffrax.ControlTerm(diffusion, brownian))
        solution = diffrax.diffeqsolve(
            terms,
            diffrax.Euler(),
            0.0,
            end,
            STEP,
            jnp.zeros(2, dtype),
            saveat=diffrax.SaveAt(t1=True),
            max_steps=steps + 2,
            adjoint=diffrax.DirectAdjoint() if path == "unsafe" else diffrax.ForwardMode(),
        )
        return solution.ys[-1]

    @partial(jax.jit, static_argnums=(0, 1))
    def integrate(trajectories, steps, key):
        return jax.vmap(partial(one, steps))(jax.random.split(key, trajectories))

    def run(trajectories, steps, seed):
        ends = np.asarray(integrate(trajectories, steps, jax.random.key(seed)))
        return ends[:, 0], ends[:, 1]

    return run


CODES = (
    Code("JAX, scan over the batch, f32", lambda: _scan(double=False), 8192),
    Code("JAX, scan over the batch, f64", lambda: _scan(double=True), 4096),
    Code("diffrax, Euler, UnsafeBrownianPath, f32", lambda: _diffrax("unsafe"), 16384),
    Code("diffrax, Euler, VirtualBrownianTree, f32", lambda: _diffrax("tree"), 256),
)
