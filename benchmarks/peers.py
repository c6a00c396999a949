"""The same VAE in pythae, Pyro and Lightning, written as their users write it."""

import tempfile

import lightning
import pyro
import pyro.distributions as dist
import torch
from lightning.pytorch.callbacks import Callback
from pyro.infer import SVI, Trace_ELBO, TraceMeanField_ELBO
from pythae.data.datasets import BaseDataset
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.contestants import BATCH, RATE, Begin, Contestant, Net
from benchmarks.pythae_model import pythae_vae


def pythae_trainer(images: Tensor, epochs: int, begin: Begin) -> None:
    """pythae's VAE and BaseTrainer; its epochs without the copy of the best model after each."""
    net = Net()
    with tempfile.TemporaryDirectory() as folder:
        config = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=epochs,
            learning_rate=RATE,
            per_device_train_batch_size=BATCH,
            train_dataloader_num_workers=0,
            no_cuda=True,
        )
        dataset = BaseDataset(images.reshape(-1, 1, 28, 28), torch.zeros(len(images)))
        trainer = BaseTrainer(pythae_vae(net), dataset, training_config=config)
        trainer.prepare_training()
        for epoch in range(1, epochs + 1):
            begin(list(net.parameters()))
            trainer.train_step(epoch)
            trainer.callback_handler.on_epoch_end(training_config=config)


def pyro_svi(loss: Trace_ELBO, images: Tensor, epochs: int, begin: Begin) -> None:
    """Pyro's SVI and a DataLoader over a TensorDataset, its checks off as in its own example."""
    pyro.enable_validation(False)
    net, own = Net(), type(loss).__name__  # Pyro keeps the parameters of all under their names

    def model(x: Tensor) -> None:
        for layer in ("widen", "logits"):
            pyro.module(f"{own}.{layer}", getattr(net, layer))
        with pyro.plate("images", len(x)):
            zeros = x.new_zeros(len(x), 20)
            z = pyro.sample("z", dist.Normal(zeros, torch.ones_like(zeros)).to_event(1))
            pyro.sample("x", dist.Bernoulli(logits=net.decode(z)).to_event(1), obs=x)

    def guide(x: Tensor) -> None:
        for layer in ("hidden", "mean", "log_var"):
            pyro.module(f"{own}.{layer}", getattr(net, layer))
        with pyro.plate("images", len(x)):
            mean, log_var = net.encode(x)
            pyro.sample("z", dist.Normal(mean, torch.exp(0.5 * log_var)).to_event(1))

    svi = SVI(model, guide, pyro.optim.Adam({"lr": RATE}), loss=loss)
    for _ in range(epochs):
        begin(list(net.parameters()))
        total = 0.0
        for (x,) in DataLoader(TensorDataset(images), batch_size=BATCH, shuffle=True):
            total += svi.step(x)


class LightningVAE(lightning.LightningModule):
    """``Net`` as a LightningModule."""

    def __init__(self) -> None:
        super().__init__()
        self.net = Net()

    def training_step(self, batch: list[Tensor], index: int) -> Tensor:
        """Return the mean loss of a batch, and log it."""
        loss = self.net.loss(batch[0]) / len(batch[0])
        self.log("loss", loss)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam."""
        return torch.optim.Adam(self.parameters(), lr=RATE)


class Turns(Callback):
    """Wait for a turn at the start of each epoch."""

    def __init__(self, begin: Begin) -> None:
        self.begin = begin

    def on_train_epoch_start(self, trainer: lightning.Trainer, module: LightningVAE) -> None:
        """Called by Lightning."""
        self.begin(list(module.net.parameters()))


def lightning_trainer(images: Tensor, epochs: int, begin: Begin) -> None:
    """A LightningModule and a DataLoader over a TensorDataset; no bar, no log files."""
    trainer = lightning.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        callbacks=[Turns(begin)],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    loader = DataLoader(TensorDataset(images), batch_size=BATCH, shuffle=True)
    trainer.fit(LightningVAE(), loader)


def pyro_trace(images: Tensor, epochs: int, begin: Begin) -> None:
    """With ``Trace_ELBO``, the KL term by one draw."""
    pyro_svi(Trace_ELBO(), images, epochs, begin)


def pyro_mean_field(images: Tensor, epochs: int, begin: Begin) -> None:
    """With ``TraceMeanField_ELBO``, the KL term in closed form."""
    pyro_svi(TraceMeanField_ELBO(), images, epochs, begin)


PEERS: dict[str, Contestant] = {
    "pythae": pythae_trainer,
    "Pyro Trace_ELBO": pyro_trace,
    "Pyro TraceMeanField_ELBO": pyro_mean_field,
    "Lightning": lightning_trainer,
}
