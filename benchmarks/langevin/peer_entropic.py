"""The engine, as anybody calls it: a valley of two formulas, one look at the end, all trajectories.

Where the installed package has no such engine yet the lines are left out.
"""

from toy import STEP, TEMPERATURE, Code

PRECISIONS = {
    "single": "single: f32",
    "mixed": "mixed: f64 state, f32 noise",
    "double": "double: f64",
}


def langevin(precision, step=STEP, integrator="euler", stiffness="1 + y**2"):  # type: ignore[no-untyped-def]
    """The toy for the engine, or one like it."""
    from entropic.sims import Langevin
    from entropic.theory import Thermal, Valley
    from entropic.theory.expression import shape

    valley = Valley(shape("y**2/4"), shape(stiffness))
    noise = Thermal(TEMPERATURE)
    return Langevin(valley, noise, step, precision=precision, integrator=integrator)


def _make(precision):  # type: ignore[no-untyped-def]
    from entropic.sims import observe

    toy = langevin(precision)

    def run(trajectories, steps, seed):  # type: ignore[no-untyped-def]
        seen = observe(
            toy,
            trajectories=trajectories,
            steps=steps,
            seed=seed,
            equilibrate=False,
            every=steps,
            trails=trajectories,
            trail_points=1,
            threads=1,
        )
        return seen.trails[:, 0, 0], seen.trails[:, 0, 1]

    return run


CODES = tuple(
    Code(f"entropic, {text}", lambda p=precision: _make(p), 32768)
    for precision, text in PRECISIONS.items()
)
