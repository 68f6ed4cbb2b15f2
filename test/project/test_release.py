"""What a release needs: one version, and a changelog that the tools of ROS read."""

from __future__ import annotations

import io
import re
from types import ModuleType
from xml.etree import ElementTree

import pytest
from support import ROOT
from support.scripts import script

import vprtempo_ros


@pytest.fixture(scope='module')
def changelog_rst() -> ModuleType:
    """Return the script, which is no module of the package."""
    return script('changelog_rst')


def test_one_version() -> None:
    """package.xml, setup.py, the package, the citation and the changelog name the same version."""
    versions = {
        'package.xml': ElementTree.parse(ROOT / 'package.xml').getroot().findtext('version'),
        'the package': vprtempo_ros.__version__,
    }
    for name, pattern in (
        ('setup.py', r"version='([^']+)'"),
        ('CITATION.cff', r'(?m)^version: "?([^"\n]+)'),
        ('CHANGELOG.md', r'(?m)^## (\S+)'),
    ):
        match = re.search(pattern, (ROOT / name).read_text(encoding='utf-8'))
        assert match, name
        versions[name] = match[1]
    assert len(set(versions.values())) == 1, versions


def test_catkin_reads_the_changelog(changelog_rst: ModuleType) -> None:
    """On the day of a release each entry of CHANGELOG.md is there, without a complaint."""
    catkin = pytest.importorskip('catkin_pkg.changelog')
    core = pytest.importorskip('docutils.core')
    markdown = (ROOT / 'CHANGELOG.md').read_text(encoding='utf-8')
    # catkin_pkg leaves out what is forthcoming.
    markdown = markdown.replace('(unreleased)', '(2026-12-31)')
    text = changelog_rst.rst_of(markdown)
    complaints = io.StringIO()
    core.publish_doctree(text, settings_overrides={'warning_stream': complaints})
    assert complaints.getvalue() == ''
    changelog = catkin.populate_changelog_from_rst(catkin.Changelog('vprtempo_ros'), text)
    versions = [version for version, _, _ in changelog.foreach_version()]
    assert len(versions) == len(re.findall(r'(?m)^## ', markdown))
    entries = sum(text.count(f'\n{indent}* ') for indent in ('', '  '))
    assert entries >= len(re.findall(r'(?m)^- ', markdown)) > 40
    assert '``~/localize`` of ``vpr_node``' in text


def test_released_and_forthcoming(changelog_rst: ModuleType) -> None:
    """Versions have a date or are forthcoming; code, links and nested lists keep their meaning."""
    text = changelog_rst.rst_of(
        '# Changelog\n\n## 0.2.0 (unreleased)\n\nAdded:\n\n- `a_` and [`b`](c.md),\n  d * e.\n'
        '\n## 0.1.0 (2026-12-01)\n\n- First.\n'
    )
    assert text.split('\n', 3)[3] == (
        '\nForthcoming\n-----------\n\n* Added:\n\n  * ``a_`` and `b <c.md>`__, d \\* e.\n'
        '\n0.1.0 (2026-12-01)\n------------------\n* First.\n'
    )
    with pytest.raises(ValueError, match=r'expected "## 1.2.3 .* found "## next"'):
        changelog_rst.rst_of('# Changelog\n\n## next\n\n- a\n')
