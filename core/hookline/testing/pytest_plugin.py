"""Fixtures for pytest, there wherever Hookline is installed (entry-point group `pytest11`); nothing is to be named.

`centre` is a whole small call centre with the plugins that `hookline_plugins` names, on a database of the test's own;
`browser` opens its pages, `hook_calls` tells what plugins were asked, `loopback_only` lets nothing out of the machine.
docs/how-to/test-a-plugin.md tells the whole story.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hookline.ports.telephony import LegEvent
    from hookline.testing.browsing import Browsers
    from hookline.testing.centre import Centre
    from hookline.testing.clock import VirtualClock
    from hookline.testing.hook_calls import HookCalls
    from hookline.testing.simulated import SimulatedBackend

# pytest imports this module in every run on this machine, of whatever project: the imports inside the fixtures keep
# those that do not use Hookline from paying for it.


@pytest.fixture(scope="session")
def hookline_plugins() -> tuple[str, ...] | None:
    """Names of the plugins that `centre` enables; None: every installed one but SIP. Override it in a conftest.py."""
    return None


@pytest.fixture
def hookline_plugin_settings() -> dict[str, dict[str, Any]]:
    """The plugins' settings, by plugin, as the tables [plugins.<name>] of hookline.toml say them. Override it."""
    return {}


@pytest.fixture
def centre(
    tmp_path: Path,
    hookline_plugins: tuple[str, ...] | None,
    hookline_plugin_settings: dict[str, dict[str, Any]],
    cheap_passwords: None,
) -> Iterator[Centre]:
    """A call centre on an empty database of its own, a simulated telephone network and a clock turned by hand."""
    # See above: not at the top.
    from hookline.testing.centre import Centre

    folder = tmp_path / "centre"
    folder.mkdir()
    made = Centre(folder, plugins=hookline_plugins, plugin_settings=hookline_plugin_settings, record=True)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_centre(
    tmp_path_factory: pytest.TempPathFactory, hookline_plugins: tuple[str, ...] | None
) -> Iterator[Centre]:
    """As `centre`, but one for all tests of a module, with the settings' defaults: for suites such as the kits'."""
    # See above: not at the top.
    from hookline.testing.centre import Centre

    # Nor this.
    from hookline.testing.cheap_passwords import cheaply_hashed

    with cheaply_hashed():
        made = Centre(tmp_path_factory.mktemp("centre"), plugins=hookline_plugins, record=True)
        yield made
        made.close()


@pytest.fixture
def hook_calls(centre: Centre) -> HookCalls:
    """What the plugins of `centre` were asked, and what they answered."""
    return centre.hook_calls


@pytest.fixture
def browser(centre: Centre) -> Browsers:
    """Opens browsers on the pages of `centre`: `browser(Role.SUPERVISOR)`, `browser("anna")`, `browser(None)`."""
    # See above: not at the top.
    from hookline.testing.browsing import Browsers

    return Browsers(centre)


@pytest.fixture
def cheap_passwords() -> Iterator[None]:
    """Passwords are hashed with next to no work: doing it properly takes a quarter of a second each."""
    # See above: not at the top.
    from hookline.testing.cheap_passwords import cheaply_hashed

    with cheaply_hashed():
        yield


@pytest.fixture
def loopback_only() -> Iterator[list[str]]:
    """Stop whatever would leave this machine, and fail the test that tried; one that means to try clears the list.

    For every test of a project: `usefixtures = ["loopback_only"]` below [tool.pytest.ini_options].
    """
    # See above: not at the top.
    from hookline.testing import network_guard

    network_guard.install()
    yield network_guard.seen
    wrong = "; ".join(network_guard.seen)
    network_guard.seen.clear()
    if wrong:
        pytest.fail(f"beyond loopback: {wrong}")


@pytest.fixture
def virtual_clock() -> VirtualClock:
    """A clock that stands at `hookline.testing.clock.START` until the test advances it."""
    # See above: not at the top.
    from hookline.testing.clock import VirtualClock

    return VirtualClock()


@pytest.fixture
def leg_events() -> list[LegEvent]:
    """Every event of `simulated_backend`, in order."""
    return []


@pytest.fixture
def simulated_backend(virtual_clock: VirtualClock, leg_events: list[LegEvent]) -> Iterator[SimulatedBackend]:
    """A running simulated backend on `virtual_clock`; `leg_events` collects what it tells."""
    # See above: not at the top.
    from hookline.testing.simulated import SimulatedBackend

    backend = SimulatedBackend(virtual_clock)
    backend.start(leg_events.append)
    yield backend
    backend.stop()
