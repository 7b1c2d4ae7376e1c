"""The nouns: each is there by its name, and is made together with its own kind alone."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

from reconciler import model
from reconciler.model import Action, Exposure, Plan, Waiver


def test_every_noun_is_found_by_its_name_and_no_other() -> None:
    for kind, names in model._KINDS.items():
        for name in names:
            assert getattr(model, name).__module__ == f"reconciler.model.{kind}"
    with pytest.raises(AttributeError, match="no attribute 'Plans'"):
        _ = model.Plans  # type: ignore[attr-defined]
    with pytest.raises(ImportError, match="Plans"):
        from reconciler.model import Plans  # type: ignore[attr-defined]  # noqa: F401


def test_no_noun_is_forgotten() -> None:
    for kind, names in model._KINDS.items():
        module = sys.modules[f"reconciler.model.{kind}"]
        made = {
            name for name, one in vars(module).items() if getattr(one, "__module__", "") == module.__name__
        }
        assert made == set(names)


def test_nouns_keep_their_class_on_the_way_to_another_process() -> None:
    assert pickle.loads(pickle.dumps([Action.CREATE, Exposure.WIDENS, Plan, Waiver])) == [  # noqa: S301 - our own
        Action.CREATE, Exposure.WIDENS, Plan, Waiver,
    ]  # fmt: skip


def test_a_finding_does_not_make_what_only_a_run_needs() -> None:
    asking = "import sys; from reconciler.model import Finding; print(sorted(n for n in sys.modules if 'model.' in n))"
    ended = subprocess.run([sys.executable, "-c", asking], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "['reconciler.model.json', 'reconciler.model.wanted']"
