"""What a training run reached, epoch by epoch."""

from dataclasses import dataclass, field


@dataclass
class History:
    """Means per epoch, in nats per image: one entry an epoch in each list.

    Attributes:
        train_bound: What is maximised, over the epoch's batches: the ELBO, or with k > 1 the
            importance-weighted bound.
        train_kl: KL(q(z|x) ‖ p(z)) over the epoch's batches.
        validation_log_likelihood: E_q[log p(x|z)] on the validation images, after the epoch;
            empty without such images.
        validation_kl: KL(q(z|x) ‖ p(z)) on the validation images, after the epoch.
        learning_rate: The rate of the epoch's steps.
        seconds: Wall time since the start.
    """

    train_bound: list[float] = field(default_factory=list)
    train_kl: list[float] = field(default_factory=list)
    validation_log_likelihood: list[float] = field(default_factory=list)
    validation_kl: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def train_log_likelihood(self) -> list[float]:
        """Bound plus KL, per epoch: E_q[log p(x|z)] if the bound is the ELBO."""
        return [bound + kl for bound, kl in zip(self.train_bound, self.train_kl, strict=True)]

    @property
    def validation_elbo(self) -> list[float]:
        """Log-likelihood less KL, per epoch."""
        terms = zip(self.validation_log_likelihood, self.validation_kl, strict=True)
        return [log_likelihood - kl for log_likelihood, kl in terms]

    def record(
        self, train: list[float], validation: list[float], rate: float, seconds: float
    ) -> None:
        """Add an epoch: (bound, KL), (log-likelihood, KL) or nothing, the rate and the time."""
        self.train_bound.append(train[0])
        self.train_kl.append(train[1])
        if validation:
            self.validation_log_likelihood.append(validation[0])
            self.validation_kl.append(validation[1])
        self.learning_rate.append(rate)
        self.seconds.append(seconds)

    def __str__(self) -> str:
        """Sum up the last epoch in a line."""
        log_likelihood, kl = self.train_log_likelihood[-1], self.train_kl[-1]
        line = f"loss {-self.train_bound[-1]:.1f} (log-lik. {log_likelihood:.1f}, KL {kl:.1f})"
        if self.validation_kl:
            line += f", validation ELBO {self.validation_elbo[-1]:.1f}"
        return line + " nats"
