from dataclasses import replace

import numpy as np
import pytest

from entropic.theory import large_deviation_entropy
from entropic.theory.perceptron import clone_approach
from entropic.theory.perceptron.clone_approach import approach, is_convex, solve
from entropic.theory.perceptron.clone_climb import from_few
from entropic.theory.perceptron.replicated_reference import Setting

NEAR = Setting(0.9, 0.7, 0.0, None, 4.0)  # four clones at 0.05: nothing to climb from


def test_two_branches_end_at_one_distance_and_the_larger_counts(monkeypatch):
    """From 1.5 times the distance one comes on solutions that have gathered, q = 0.99."""
    monkeypatch.setattr(clone_approach, "STARTS", (1.5, 2.0))
    ends = []

    def remembered(*arguments):
        ends.append(approach(*arguments))
        return ends[-1]

    monkeypatch.setattr(clone_approach, "approach", remembered)
    found = solve(NEAR, "binary", None)
    assert [end.local for end in ends] == pytest.approx([0.00056, 0.04816], abs=1e-5)
    assert ends[1].free_entropy > ends[0].free_entropy + 0.05
    assert found.local == ends[1].local


def test_a_branch_that_is_not_convex_is_not_taken(monkeypatch):
    farther = from_few(replace(NEAR, p=0.6, alpha=0.4), "binary")
    assert is_convex(farther, "binary")
    wrong = replace(farther, pattern=replace(farther.pattern, single=farther.pattern.single + 0.1))
    assert not is_convex(wrong, "binary")  # its φ is not the slope of its Φ
    monkeypatch.setattr(clone_approach, "approach", lambda *_: wrong)
    monkeypatch.setattr(clone_approach, "from_few", lambda at, _: None if at.p == 0.9 else farther)
    assert solve(NEAR, "binary", None) is None


@pytest.mark.slow
def test_near_to_a_reference_the_branch_is_that_of_the_neighbours():
    found = large_deviation_entropy([0.04, 0.05, 0.06], 0.7, y=4.0)
    assert found.converged.all()
    assert found.local_entropy[1] == pytest.approx(0.0481623, abs=1e-6)
    bend = np.diff(found.local_entropy, 2)
    assert abs(bend[0]) < 2e-3
