"""Scripts as files: check, test and walk in the terminal, and the bundled templates themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import hookline_scripts
from hookline_scripts.bundled import BUNDLED
from hookline_scripts.cli import scripts
from hookline_scripts.format import parse_script
from hookline_scripts.graph.checking import check
from hookline_scripts.graph.stories import read_stories, script_file, tell

TEMPLATES = Path(hookline_scripts.__file__).parent / "script_templates"


def run(*arguments: str, typed: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(scripts, list(arguments), input=typed)
    return done.exit_code, done.output


@pytest.mark.parametrize("file", sorted(TEMPLATES.glob("*.yaml")), ids=lambda file: file.stem)
def test_a_template_is_sound_in_both_languages_and_its_stories_come_true(file: Path) -> None:
    source = parse_script(file.read_text("utf-8"))
    assert source.languages == ("pl", "en")
    assert check(source) == []
    stories = TEMPLATES / "stories" / file.name
    script, told = read_stories(stories.read_text("utf-8"))
    assert script_file(stories, script) == file
    outcomes = [tell(source, story) for story in told]
    assert [outcome.complaints for outcome in outcomes if not outcome.passed] == []
    walked = {node for outcome in outcomes for node in outcome.path}
    assert walked >= {node.id for node in source.nodes.values() if not node.silent}, "no story comes there"


def test_every_template_is_offered_under_its_title() -> None:
    assert {file.stem: parse_script(file.read_text("utf-8")).title for file in TEMPLATES.glob("*.yaml")} == BUNDLED


def test_check_fails_on_an_error_and_not_on_a_warning(tmp_path: Path) -> None:
    bad, warned = tmp_path / "bad.yaml", tmp_path / "warned.yaml"
    bad.write_text("title: T\nnodes:\n  a: {say: x}\n")
    warned.write_text("title: T\nnodes:\n  a: {kind: end}\n  b: {kind: end}\n")
    code, said = run("check", str(bad))
    assert code == 1
    assert "bad.yaml:3: error:" in said
    code, said = run("check", str(warned))
    assert (code, "warning" in said) == (0, True)
    broken = tmp_path / "broken.yaml"
    broken.write_text("title: [")
    assert run("check", str(broken))[0] == 1


def test_a_story_that_does_not_come_true_fails(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("title: T\nnodes:\n  a: {say: x, next: b}\n  b: {kind: end}\n")
    (tmp_path / "t.yaml").write_text(
        "script: s.yaml\nstories:\n  - {name: Fine, end: b}\n  - {name: Wrong, path: [a, c], end: c, answers: {q: x}}\n"
    )
    code, said = run("test", str(tmp_path / "t.yaml"))
    assert code == 1
    assert "1 passed, 1 failed." in said
    assert "the way was b, not c" in said
    assert "Never asked: q." in said


def test_a_script_is_walked_in_the_terminal() -> None:
    typed = "perhaps\nyes\n\n\nwhy_you_call\n\n\n11\n10\n\n\nFast\n\n"
    code, said = run("walk", str(TEMPLATES / "nps.yaml"), typed=typed)
    assert code == 0, said
    assert "yes or no" in said
    assert "The highest value is 10." in said
    assert "The end: thanks" in said
