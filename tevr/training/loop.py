"""Settings and a folder → a trained network, step by step, however often it is interrupted."""

from __future__ import annotations

import logging
import math
import pickle
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice

import torch
from accelerate import Accelerator
from safetensors import SafetensorError
from torch import Tensor

from tevr.errors import ModelError, UsageError
from tevr.training.ctc_network import HasStates
from tevr.training.devices import is_narrow, is_sharded
from tevr.training.examples import Batch, Examples
from tevr.training.feeding import feed
from tevr.training.losses import ctc_sum
from tevr.training.measuring import Measurement, measure
from tevr.training.optimiser import Ema, freeze, groups, share_at
from tevr.training.preparation import Prepared
from tevr.training.progress import News, Progress
from tevr.training.run_folder import BEST, LAST, RunFolder, written
from tevr.training.states import keep_states

#: What torch and safetensors raise where a file is missing or torn.
_UNREADABLE = (
    *(OSError, RuntimeError, ValueError, LookupError, EOFError),
    *(SafetensorError, pickle.UnpicklingError),
)

_log = logging.getLogger("tevr.training")


@dataclass
class _Window:
    """What this process did since the last line of the metrics."""

    heard: float = 0.0
    begun: float = field(default_factory=time.monotonic)


class Trainer:
    """One training in one process; others may do the same beside it.

    Args:
        prepared: network, clips and labels.
        folder: of the run.
        accelerator: knows the other processes and the device.
    """

    def __init__(self, prepared: Prepared, folder: RunFolder, accelerator: Accelerator) -> None:
        self._settings = settings = prepared.settings
        self._prepared, self._folder, self._accelerator = prepared, folder, accelerator
        network = prepared.network
        names = {name: network.short_name(name) for name, _ in network.named_parameters()}
        freeze(network, names, settings.optimiser)
        depths = {name: network.depth(name) for name in names}
        optimiser = torch.optim.AdamW(
            groups(network, names, depths, settings.optimiser), betas=settings.optimiser.betas
        )
        self._narrow = is_narrow(settings, accelerator)
        self._network, self._optimiser = accelerator.prepare(network, optimiser)
        self._learning = [each for each in self._network.parameters() if each.requires_grad]
        self._ema = Ema(self._learning, settings.optimiser.ema)
        processes = accelerator.num_processes
        self._examples = Examples(
            settings, prepared.clips.train, prepared.tokens, prepared.auxiliary, processes,
            network.frames, network.longest,
        )  # fmt: skip
        batches = settings.batches
        self.progress = Progress(
            clips=prepared.clips.fingerprint(),
            batch=batches.seconds * batches.accumulate * processes,
        )
        accelerator.register_for_checkpointing(self._ema, self.progress)
        self._window = _Window()
        self._measured: Measurement | None = None
        self._sharded = is_sharded(accelerator, settings)

    def resume(self) -> None:
        """Go on where the newest checkpoint stands, if there is one.

        Raises:
            ModelError: it cannot be read.
            UsageError: it is of other clips or batches.
        """
        latest = self._folder.latest()
        if latest is None:
            return
        try:
            self._accelerator.load_state(str(latest))
        except UsageError:
            raise
        except _UNREADABLE as error:
            cause = f"The checkpoint {latest} cannot be read"
            raise ModelError(cause, "Remove it to go on from an older one.") from error
        if self._accelerator.is_main_process:
            self._folder.cut_metrics(self.progress.steps)
        _log.info("Training goes on after step %d.", self.progress.steps)

    def run(self, show: Callable[[News], None], stop: Callable[[], bool]) -> bool:
        """Take all steps that are left.

        Args:
            show: told after each step, in the main process.
            stop: asked after each step; true ends the training with a checkpoint.

        Returns:
            whether it came to its end.

        Raises:
            ModelError: too many steps in a row had no finite loss.
            OutputError: the run's folder cannot be written.
        """
        run, progress = self._settings.run, self.progress
        for batches in () if self._is_done() else self._steps():
            stopped = self._learn(batches, stop)
            finished = self._is_done()
            if progress.steps % run.log_every == 0 or finished:
                self._write_line(show)
            if progress.steps % run.dev_every == 0 or finished:
                self._measure()
                finished = self._is_done()
            if progress.steps % run.save_every == 0 or finished or stopped:
                self._save()
            if stopped and not finished:
                return False
            if finished:
                break
        return True

    def _steps(self) -> Iterator[list[Batch]]:
        """The batches of this process, step by step, without end."""
        accelerator, progress = self._accelerator, self.progress
        places = self._examples.places(progress.epoch, progress.place, accelerator.process_index)
        batches = feed(self._examples, places, self._settings.run.workers)
        while True:
            yield list(islice(batches, self._settings.batches.accumulate))

    def _done(self) -> float:
        """Share of the training."""
        run, progress = self._settings.run, self.progress
        if run.steps is not None:
            return progress.steps / run.steps
        return progress.heard / 3600 / float(run.hours or 1)

    def _is_done(self) -> bool:
        patience = self._settings.run.patience
        return self._done() >= 1 or 0 < patience <= self.progress.worse

    def _learn(self, batches: list[Batch], stop: Callable[[], bool]) -> bool:
        """Take one step; return whether any process is asked to stop."""
        accelerator, progress, begun = self._accelerator, self.progress, time.monotonic()
        settings = self._settings.optimiser
        # Anything drawn follows from the step, so that a resumed run draws the same.
        torch.manual_seed(
            (self._settings.seed * 1_000_003 + progress.steps) * 1_009 + accelerator.process_index
        )
        self._network.train()
        loss = sum(self._backward(batch) for batch in batches)
        norm = accelerator.clip_grad_norm_(self._learning, settings.clip or math.inf)
        heard = sum(batch.heard * batch.weight for batch in batches)
        sums = torch.tensor([float(loss), heard, float(stop())], dtype=torch.float64)
        loss_sum, heard, asked = self._total(sums).tolist()
        if math.isfinite(loss_sum) and (norm is None or math.isfinite(float(norm))):
            share = share_at(progress.steps, self._done(), settings)
            for group in self._optimiser.param_groups:
                group["lr"] = group["peak"] * share
            self._optimiser.step()
            self._ema.update()
            progress.bad_in_row = 0
            progress.window_loss += loss_sum
            progress.window_labels += batches[0].divisor
        else:
            self._count_bad()
        self._optimiser.zero_grad()
        progress.steps += 1
        self._advance()
        progress.heard += heard
        self._window.heard += heard
        progress.worked += time.monotonic() - begun
        return bool(asked)

    def _backward(self, batch: Batch) -> float:
        """Add the gradients of a batch; return its summed loss in nats."""
        accelerator = self._accelerator
        waveforms = self._waveforms(batch)
        with accelerator.no_sync(self._network) if not batch.last else nullcontext():
            with self._autocast():
                log_probs, frames, further = self._network(
                    waveforms, batch.samples.to(accelerator.device), batch.seeds
                )
            own = ctc_sum(log_probs.float(), frames, batch.labels, self._prepared.tokens.blank)
            loss = own + self._further(further, frames, batch)
            # Processes' gradients are averaged; what is wanted is their sum over all labels.
            scale = batch.weight * accelerator.num_processes / batch.divisor
            accelerator.backward(loss * scale)
        return float(own.detach()) * batch.weight

    def _waveforms(self, batch: Batch) -> Tensor:
        """What the network is given: sound, or the states of it, which are kept if they are new."""
        waveforms = batch.waveforms.to(self._accelerator.device)
        if not batch.keep:
            return waveforms
        network = self._prepared.network
        assert isinstance(network, HasStates)  # noqa: S101 - the settings have seen to it
        samples = batch.samples.to(self._accelerator.device)
        with self._autocast():
            states = network.states(waveforms, samples, batch.seeds)
        for path, row, count in zip(batch.keep, states.cpu(), batch.samples.tolist(), strict=True):
            keep_states(path, row[: network.frames(count)].numpy())
        return states

    def _further(self, further: Iterable[Tensor], frames: Tensor, batch: Batch) -> Tensor:
        total = frames.new_zeros((), dtype=torch.float32)
        for way, log_probs in zip(self._prepared.network.further, further, strict=True):
            other = way.auxiliary and self._prepared.auxiliary is not None
            tokens = self._prepared.auxiliary if other else self._prepared.tokens
            labels = batch.auxiliary if other else batch.labels
            assert tokens is not None  # noqa: S101 - told to the type checker
            total = total + way.weight * ctc_sum(log_probs.float(), frames, labels, tokens.blank)
        return total

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self._accelerator.device.type, torch.bfloat16, enabled=self._narrow)

    def _total(self, sums: Tensor) -> Tensor:
        """Add up over all processes."""
        if self._accelerator.num_processes == 1:
            return sums
        reduced: Tensor = self._accelerator.reduce(sums.to(self._accelerator.device), "sum")
        return reduced.cpu()

    def _advance(self) -> None:
        progress = self.progress
        progress.place += 1
        if progress.place == len(self._examples.steps(progress.epoch)):
            progress.epoch, progress.place = progress.epoch + 1, 0

    def _count_bad(self) -> None:
        progress, most = self.progress, self._settings.run.bad_batches
        progress.bad += 1
        progress.bad_in_row += 1
        if progress.bad_in_row == 1 and self._accelerator.is_main_process:
            _log.warning("Step %d has no finite loss and is left out.", progress.steps + 1)
        if progress.bad_in_row >= most:
            latest = self._folder.latest()
            kept = f"{latest} is as it was; start again" if latest else "Start again"
            raise ModelError(
                f"{most} steps in a row had no finite loss", f"{kept} with lower rates."
            )

    def _write_line(self, show: Callable[[News], None]) -> None:
        window, progress = self._window, self.progress
        loss = progress.window_loss / progress.window_labels if progress.window_labels else None
        self._window, progress.window_loss, progress.window_labels = _Window(), 0.0, 0
        if not self._accelerator.is_main_process:
            return
        speed = window.heard / max(1e-9, time.monotonic() - window.begun)
        rates = [group["lr"] for group in self._optimiser.param_groups]
        line = {"step": progress.steps, "epoch": progress.epoch, "loss": loss, "rate": max(rates)}
        heard = {"heard": round(progress.heard, 1), "speed": round(speed, 1), "bad": progress.bad}
        self._folder.append(line | heard)
        known = math.nan if loss is None else loss
        show(News(self._done(), progress.steps, known, speed, self._measured))

    def _measure(self) -> None:
        """Measure on the dev clips and keep the weights if they are the best."""
        accelerator, progress, clips = self._accelerator, self.progress, self._prepared.clips.dev
        if not clips:
            return
        begun = time.monotonic()
        if not self._sharded:
            clips = clips[accelerator.process_index :: accelerator.num_processes]
        self._network.eval()
        with self._ema.in_place():
            with self._autocast():
                self._measured = found = measure(
                    # Where every process has all weights, they need not hear in step.
                    self._network if self._sharded else self._prepared.network,
                    self._prepared.network.frames,
                    clips,
                    self._prepared.tokens,
                    self._settings.batches,
                    accelerator.device,
                    (lambda sums: sums) if self._sharded else self._total,
                )
            better = found.wer < progress.best
            if better:
                self._save_weights(BEST)
        progress.best = min(found.wer, progress.best)
        progress.worse = 0 if better else progress.worse + 1
        if accelerator.is_main_process:
            numbers = {"dev_loss": found.loss, "dev_wer": found.wer, "dev_cer": found.cer}
            self._folder.append({"step": progress.steps} | numbers)
        self._window.begun += time.monotonic() - begun

    def _save_weights(self, name: str) -> None:
        state = self._accelerator.get_state_dict(self._network)
        if self._accelerator.is_main_process:
            network = self._prepared.network
            self._folder.write_by(name, lambda path: network.save(path, state))

    def _save(self) -> None:
        """Write a checkpoint and the weights as they are."""
        accelerator, begun = self._accelerator, time.monotonic()
        part = self._folder.begin_checkpoint(self.progress.steps)
        with written(self._folder.path):
            accelerator.save_state(str(part))
        accelerator.wait_for_everyone()
        if accelerator.is_main_process:
            self._folder.finish_checkpoint(part, self._settings.run.keep)
        with self._ema.in_place():
            self._save_weights(LAST)
        self._window.begun += time.monotonic() - begun
