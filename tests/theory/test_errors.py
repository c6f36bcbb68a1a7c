import pytest

from entropic.theory import DomainError, EntropicError, NotConverged, TooShort


@pytest.mark.parametrize("error", [NotConverged, TooShort])
def test_what_ended_early_hands_over_what_it_found(error):
    raised = error("it stopped", found=[1, 2])
    assert raised.found == [1, 2]
    assert str(raised) == "it stopped"
    assert error("it stopped").found is None


def test_every_error_of_the_house_can_be_caught_as_one_and_as_pythons_own():
    assert issubclass(DomainError, (EntropicError, ValueError))
    assert issubclass(DomainError, ValueError)
    for error in (NotConverged, TooShort):
        assert issubclass(error, EntropicError)
        assert issubclass(error, RuntimeError)
