import numpy as np
import pytest
import torch
from torch import nn

from entropic.nets import Problem, ensemble_answers, evaluate, initial_parameters
from entropic.nets.losses import correct, cross_entropy, half_square
from entropic.nets.problem import array
from entropic.theory import DomainError


def classifier(**more) -> Problem:
    generator = torch.Generator().manual_seed(1)
    data = [
        (
            torch.randn(n, 4, generator=generator).double(),
            torch.randint(3, (n,), generator=generator),
        )
        for n in (20, 700)
    ]
    layers = (nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 3))
    model = nn.Sequential(*layers).double()
    return Problem(model, cross_entropy, *data[0], metric=correct, test=data[1], **more)


def members(problem: Problem, count: int = 4) -> torch.Tensor:
    return torch.stack([2 * initial_parameters(problem, seed) for seed in range(count)])


def test_probabilities_are_averaged_of_members_with_statistics_of_their_own():
    own = classifier()
    points = members(own)
    answers = list(ensemble_answers(own, points))
    inputs, targets = own.test
    mean = np.zeros((700, 3))
    for k, theta in enumerate(points, start=1):
        outputs = np.exp(array(own.reestimated(theta)(inputs)))
        mean += outputs / outputs.sum(1, keepdims=True)
        loss = -np.log(mean[np.arange(700), targets.numpy()] / k).mean()
        together = answers[k - 1].together
        assert together.loss == pytest.approx(loss, rel=1e-12)
        assert together.metric == pytest.approx((mean.argmax(1) == targets.numpy()).mean())


def test_every_member_alone_is_what_evaluate_says_and_the_first_is_an_ensemble_of_its_own():
    own = classifier()
    points = members(own)
    for on in ("train", "test"):
        answers = list(ensemble_answers(own, points, on))
        for theta, answer in zip(points, answers, strict=True):
            expected = evaluate(own, theta, on)
            assert answer.alone.loss == pytest.approx(expected.loss, rel=1e-12)
            assert answer.alone.metric == expected.metric
        assert answers[0].together.loss == pytest.approx(answers[0].alone.loss, rel=1e-12)


def test_together_they_lose_less_than_on_average():
    answers = list(ensemble_answers(classifier(), members(classifier(), 6)))
    for k in range(2, 7):
        average = np.mean([answer.alone.loss for answer in answers[:k]])
        assert answers[k - 1].together.loss < average


def test_improbable_targets_do_not_overflow():
    own = classifier()
    answers = list(ensemble_answers(own, 1e3 * members(own)))
    assert np.isfinite(answers[-1].together.loss)


def test_outputs_that_are_no_logits_are_averaged_themselves():
    inputs, targets = torch.randn(9, 4).double(), torch.randn(9, 2).double()
    own = Problem(nn.Linear(4, 2).double(), half_square, inputs, targets)
    points = members(own, 3)
    last = list(ensemble_answers(own, points, "train"))[-1]
    mean = torch.stack([own.reestimated(theta)(inputs) for theta in points]).mean(0)
    expected = half_square(mean, targets).mean().item()
    assert last.together.loss == pytest.approx(expected, rel=1e-12)
    assert np.isnan(last.together.metric)
    linear = list(ensemble_answers(own, points.mean(0, keepdim=True), "train"))[0]
    assert linear.alone.loss == pytest.approx(expected, rel=1e-12)  # f is linear in θ


def test_an_ensemble_of_nothing_and_a_missing_test_set_are_refused():
    own = classifier()
    with pytest.raises(DomainError, match=r"points \(k >= 1, P\); they have the shape \(5,\)"):
        next(ensemble_answers(own, torch.zeros(5)))
    bare = Problem(own.model, cross_entropy, own.inputs, own.targets)
    with pytest.raises(DomainError, match="'custom' has no test set"):
        next(ensemble_answers(bare, members(own)))
