"""OpenMM: a particle a trajectory in a custom external force, by BrownianIntegrator.

OpenMM's mobility is 1/(mass · friction): with both 1 in its units (nm, ps, dalton) the equation is
the toy's, in kJ/mol.  The third direction is left at rest: no force acts on it.
"""

import numpy as np
from toy import STEP, TEMPERATURE, Code

BOLTZMANN = 0.00831446261815324  # kJ/mol/K, as OpenMM has it


def _make(platform):
    import openmm

    def run(trajectories, steps, seed):
        system = openmm.System()
        potential = openmm.CustomExternalForce("0.5*(1+y^2)*x^2+0.25*y^2")
        for particle in range(trajectories):
            system.addParticle(1.0)
            potential.addParticle(particle, [])
        system.addForce(potential)
        integrator = openmm.BrownianIntegrator(TEMPERATURE / BOLTZMANN, 1.0, STEP)
        integrator.setRandomNumberSeed(seed)
        options = {"Threads": "1"} if platform == "CPU" else {}
        context = openmm.Context(
            system, integrator, openmm.Platform.getPlatformByName(platform), options
        )
        context.setPositions(np.zeros((trajectories, 3)))
        integrator.step(steps)
        ends = context.getState(positions=True).getPositions(asNumpy=True)._value
        return ends[:, 0].copy(), ends[:, 1].copy()

    return run


CODES = (
    Code("OpenMM, Brownian, CPU platform", lambda: _make("CPU"), 2048),
    Code("OpenMM, Brownian, Reference platform", lambda: _make("Reference"), 2048),
)
