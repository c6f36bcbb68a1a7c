import numpy as np

from entropic.theory.perceptron.saddle import saddle_point
from entropic.theory.perceptron.saddle_result import NUMBERS, Points, joined


def parts():
    one = np.arange(2.0) + 10 * np.arange(len(NUMBERS))[:, None]
    lost = one.copy()
    lost[:, 1] = np.nan
    return [
        (np.array([2, 0]), [Points(one), Points(lost, "perfect", {1: "gone"})]),
        (np.array([1]), [Points(one[:, :1])]),
    ]


def test_parts_are_joined_in_their_places_branch_by_branch():
    typical, perfect = joined(3, parts(), ("typical", "aligned", "perfect"))
    assert typical["q"].tolist() == [1, 0, 0]
    assert perfect["q_hat"][2] == 10
    assert np.isnan(perfect["q"][:2]).all()
    assert perfect.reasons == {0: "gone", 1: "the perfect branch does not exist at this load"}


def test_only_weights_of_a_count_can_run_out():
    for model, kappa, wanted in (("spherical", 0.0, False), ("binary", 0.0, True)):
        assert saddle_point(1.2, kappa, model).without_solutions() == wanted
    assert saddle_point(3.0, 1.0, "symmetric").without_solutions()


def test_a_result_names_its_setting_and_its_cost():
    found = saddle_point(0.5, setting="teacher", energy="hinge", beta=[2.0, np.inf])
    assert (found.setting, found.cost, found.model) == ("teacher", "hinge", "spherical")
    assert found.beta.tolist() == [2.0, np.inf]
