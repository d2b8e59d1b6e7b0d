"""What pyproject.toml cannot say: the painter's files, which a WebUI wants beside the package, go
into a wheel inside it."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


class WithPainter(build_py):
    def run(self):
        super().run()
        web = Path(self.build_lib, "diffdiff", "web")
        if not self.editable_mode:
            shutil.copytree(ROOT / "javascript", web / "javascript", dirs_exist_ok=True)
            shutil.copy(ROOT / "style.css", web)


setup(cmdclass={"build_py": WithPainter})
