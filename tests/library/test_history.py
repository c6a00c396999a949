"""What a run reports about itself."""

import pytest

from vae_lib.history import History


def test_terms_and_bound_belong_together():
    history = History()
    history.record([-100.0, 20.0], [-90.0, 21.0], 1e-3, 1.5)
    history.record([-95.0, 22.0], [-88.0, 23.0], 1e-3, 3.0)
    assert history.train_log_likelihood == [-80.0, -73.0]
    assert history.validation_elbo == [-111.0, -111.0]
    assert history.seconds == [1.5, 3.0]
    assert str(history) == "loss 95.0 (log-lik. -73.0, KL 22.0), validation ELBO -111.0 nats"


def test_without_validation_images():
    history = History()
    history.record([-100.0, 20.0], [], 1e-3, 1.5)
    assert history.validation_elbo == []
    assert str(history) == "loss 100.0 (log-lik. -80.0, KL 20.0) nats"


def test_two_histories_share_nothing():
    History().record([-100.0, 20.0], [], 1e-3, 1.5)
    assert History() == History() and History().seconds == []


def test_lists_of_unequal_length_are_noticed():
    with pytest.raises(ValueError, match="shorter"):
        _ = History(train_bound=[-1.0], train_kl=[]).train_log_likelihood
